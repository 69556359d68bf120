package verdict

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// Run is a report and what was found in it alone.
type Run struct {
	Report   *evidence.Report
	Findings *Findings
}

// Machines is what the runs of one machine or of several say together. The newest run decides which builds
// and scenarios there are.
type Machines struct {
	Machines []Machine
	Overall  []Across // each build against the reference: the geometric mean over all scenarios
	Pairs    []Across // each pair of builds in each scenario
	// RunNoise is the standard deviation of a log-ratio from run to run, where a machine has several runs; 0: none has.
	RunNoise float64
}

// Machine is one kind of machine and its runs.
type Machine struct {
	Name    string
	Runs    []*evidence.Report
	Refused int // of these runs the A/A check failed: their times do not count
}

// Across is a comparison of two builds over several machines: the ratio of A's time to B's.
type Across struct {
	A, B, Scenario string         // Scenario "": all of them
	On             []MachineRatio // of the same modules as in the newest run
	Others         []MachineRatio // of other modules under the same names: they do not count
	Low, High      float64        // the least and the greatest of On
	// Next is where the next machine's ratio lies with 95 % confidence, if machines are drawn from a normal population of
	// log-ratios. It needs three machines; with fewer, N is 0.
	Next Interval
	Word Word // where all machines agree; else Undecided, or Depends; "" for all scenarios
}

// MachineRatio is a ratio on one machine: the geometric mean of its runs.
type MachineRatio struct {
	Machine string
	Ratio   float64
	Word    Word
	Runs    int
}

// Depends is the Word of a pair for which two machines give different verdicts.
const Depends Word = "depends on the processor"

// fewestMachines is how many a prediction of the next one needs.
const fewestMachines = 3

// MachineName is what tells one machine from another.
func MachineName(m evidence.Machine) string {
	name := m.CPU
	if name == "" {
		name = "a processor without a name"
	}
	plural := "s"
	if m.CPUs == 1 {
		plural = ""
	}
	return fmt.Sprintf("%s, %s, %d CPU%s", name, m.Arch, m.CPUs, plural)
}

// JudgeAll makes the findings of several runs: those of the newest, and what all of them say
// together. There is at least one.
func JudgeAll(reports []*evidence.Report) (newest *evidence.Report, f *Findings) {
	runs := make([]Run, len(reports))
	last := 0
	for i, r := range reports {
		runs[i] = Run{r, judge(r)}
		if r.Run.Started.After(reports[last].Run.Started) {
			last = i
		}
	}
	f = runs[last].Findings
	f.Together(runs, last)
	f.Headline = headline(reports[last], f)
	return reports[last], f
}

// Together sets what several runs say. The findings are those of runs[newest].
func (f *Findings) Together(runs []Run, newest int) {
	r := runs[newest].Report
	f.Reference = reference(r, f)
	m := &Machines{}
	for _, run := range runs {
		at := m.machine(MachineName(run.Report.Machine))
		at.Runs = append(at.Runs, run.Report)
		if !run.Findings.Gate.Passed {
			at.Refused++
		}
	}
	var noise []float64 // squared deviations of runs from their machine's mean
	freedom := 0
	for _, s := range f.Scenarios {
		for _, p := range s.Pairs {
			across, squares, n := m.across(runs, r, p.A, p.B, s.ID)
			noise, freedom = append(noise, squares), freedom+n
			m.Pairs = append(m.Pairs, across)
		}
	}
	if freedom > 0 {
		sum := 0.
		for _, v := range noise {
			sum += v
		}
		m.RunNoise = math.Sqrt(sum / float64(freedom))
	}
	for _, b := range r.Builds {
		if across, _, _ := m.across(runs, r, b.Name, f.Reference, ""); b.Name != f.Reference &&
			len(across.On)+len(across.Others) > 0 {
			m.Overall = append(m.Overall, across)
		}
	}
	f.Machines = m
	f.BuildRows = buildRows(runs, newest, f)
}

// reference is the first build that has a time to compare others with.
func reference(r *evidence.Report, f *Findings) string {
	leaking := f.leaking()
	for _, b := range r.Builds {
		if !leaking[b.Name] && !math.IsNaN(f.overallTime(b.Name)) {
			return b.Name
		}
	}
	if len(r.Builds) == 0 {
		return ""
	}
	return r.Builds[0].Name
}

func (m *Machines) machine(name string) *Machine {
	for i := range m.Machines {
		if m.Machines[i].Name == name {
			return &m.Machines[i]
		}
	}
	m.Machines = append(m.Machines, Machine{Name: name})
	return &m.Machines[len(m.Machines)-1]
}

// Counting are the machines on which the modules of the newest run were compared.
func (m *Machines) Counting() []Machine {
	var all []Machine
	for _, machine := range m.Machines {
		if slices.ContainsFunc(m.Pairs, func(p Across) bool {
			return slices.ContainsFunc(p.On, func(on MachineRatio) bool { return on.Machine == machine.Name })
		}) {
			all = append(all, machine)
		}
	}
	return all
}

// across compares two builds in a scenario, or in all, over all runs. squares is the sum of the squared deviations of
// runs from the mean of their machine, freedom how many of them are free.
func (m *Machines) across(runs []Run, newest *evidence.Report, a, b, scenario string) (found Across, squares float64,
	freedom int) {
	found = Across{A: a, B: b, Scenario: scenario, Low: math.NaN(), High: math.NaN(), Next: stats.None()}
	var logs []float64
	for _, machine := range m.Machines {
		var same, others, all []float64
		var words, otherWords []Word
		for _, run := range runs {
			log, word, ok := run.ratio(newest, a, b, scenario)
			switch {
			case MachineName(run.Report.Machine) != machine.Name || !ok:
			case sameFile(newest, run.Report, a) && sameFile(newest, run.Report, b):
				same, words = append(same, log), append(words, word)
			default:
				others, otherWords = append(others, log), append(otherWords, word)
			}
		}
		if all = same; len(all) > 1 {
			mean := stat.Mean(all, nil)
			for _, v := range all {
				squares += (v - mean) * (v - mean)
			}
			freedom += len(all) - 1
		}
		if len(same) > 0 {
			logs = append(logs, stat.Mean(same, nil))
			found.On = append(found.On, MachineRatio{machine.Name, math.Exp(stat.Mean(same, nil)), agreed(words), len(same)})
		}
		if len(others) > 0 {
			found.Others = append(found.Others, MachineRatio{machine.Name, math.Exp(stat.Mean(others, nil)), agreed(otherWords),
				len(others)})
		}
	}
	if len(logs) > 0 {
		found.Low, found.High = math.Exp(slices.Min(logs)), math.Exp(slices.Max(logs))
	}
	if len(logs) >= fewestMachines {
		found.Next = stats.Next(logs, Confidence).Exp()
	}
	if scenario != "" {
		var words []Word
		for _, on := range found.On {
			words = append(words, on.Word)
		}
		found.Word = agreed(words)
	}
	return found, squares, freedom
}

// ratio is the log-ratio of two builds in a run, and its word. In all scenarios it is the mean of those of the newest
// report; a run that lacks one of them has none, as two different mixes cannot be compared.
func (run Run) ratio(newest *evidence.Report, a, b, scenario string) (log float64, word Word, ok bool) {
	if scenario == "" {
		if len(newest.Scenarios) == 0 {
			return 0, "", false
		}
		for _, s := range newest.Scenarios {
			one, _, ok := run.ratio(newest, a, b, s.ID)
			if !ok {
				return 0, "", false
			}
			log += one / float64(len(newest.Scenarios))
		}
		return log, "", true
	}
	s := run.Findings.Scenario(scenario)
	if s == nil {
		return 0, "", false
	}
	p, ok := s.Pair(a, b)
	if !ok || p.Word == Unsteady || !(p.Ratio.Mid > 0) {
		return 0, "", false
	}
	if p.Word == Refused && run.Report != newest {
		return 0, "", false
	}
	return math.Log(p.Ratio.Mid), p.Word, true
}

// sameFile reports whether a build is the same file in two reports.
func sameFile(r, other *evidence.Report, build string) bool {
	return sha256Of(r, build) == sha256Of(other, build)
}

func sha256Of(r *evidence.Report, build string) string {
	for _, b := range r.Builds {
		if b.Name == build {
			return b.SHA256
		}
	}
	return ""
}

// agreed is the word that several give: their own where it is one; Depends where two that
// decide differ; else Undecided.
func agreed(words []Word) Word {
	if len(words) == 0 {
		return ""
	}
	var decided []Word
	for _, w := range words {
		if w == Refused {
			return Refused
		}
		if w != Undecided && !slices.Contains(decided, w) {
			decided = append(decided, w)
		}
	}
	switch {
	case len(decided) > 1:
		return Depends
	case len(decided) == 1 && !slices.Contains(words, Undecided):
		return decided[0]
	}
	return Undecided
}

// Pair finds the comparison of two builds in a scenario, seen from a.
func (m *Machines) Pair(scenario, a, b string) (Across, bool) {
	for _, p := range m.Pairs {
		if p.Scenario == scenario && p.A == a && p.B == b {
			return p, true
		}
		if p.Scenario == scenario && p.A == b && p.B == a {
			return p.Inverse(), true
		}
	}
	return Across{}, false
}

// Inverse is the same comparison seen from B.
func (a Across) Inverse() Across {
	a.A, a.B, a.Low, a.High, a.Next, a.Word = a.B, a.A, 1/a.High, 1/a.Low, a.Next.Inverse(), a.Word.inverse()
	a.On, a.Others = slices.Clone(a.On), slices.Clone(a.Others)
	for _, list := range [][]MachineRatio{a.On, a.Others} {
		for i := range list {
			list[i].Ratio, list[i].Word = 1/list[i].Ratio, list[i].Word.inverse()
		}
	}
	return a
}

func (w Word) inverse() Word {
	switch w {
	case Faster:
		return Slower
	case Slower:
		return Faster
	}
	return w
}
