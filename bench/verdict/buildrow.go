package verdict

import (
	"math"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// BuildRow is one build in the table with which a report begins.
type BuildRow struct {
	Build     evidence.Build
	Out       LeftOut // why it cannot be chosen; the zero Fault: it can
	Missing   Missing // why it has no number at all
	Time      Span    // over the reference's, the mean of all scenarios: from machine to machine
	Scenarios Span    // the same in single scenarios, on any machine
	Nanos     Interval
	// ns by which the slowest of many requests was slower than the floor's, in the scenario where that is most
	Pause   Span
	Leak    *Memory // nil: its memory was not watched in Envoy's order of allocators
	Memory  Span    // bytes of a process for a warm VM
	Startup Span    // ns, nothing compiled before
	Size    int     // bytes of the module; 0: not measured
	GivenUp []evidence.Part
	Upkeep  bool // its parts are known
	Loads   []evidence.Loads
}

// Span is the least and the greatest of several values; N is how many they are.
type Span struct {
	Low, High float64
	N         int
}

func (s *Span) add(v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return
	}
	if s.N == 0 {
		s.Low, s.High = v, v
	}
	s.Low, s.High, s.N = min(s.Low, v), max(s.High, v), s.N+1
}

// Mid is the geometric mean of both ends.
func (s Span) Mid() float64 { return math.Sqrt(s.Low * s.High) }

// buildRows are one row for each build of the newest run. Times and memory are of all runs with the same module.
func buildRows(runs []Run, newest int, f *Findings) []BuildRow {
	r := runs[newest].Report
	var all []BuildRow
	for _, b := range r.Builds {
		s := BuildRow{Build: b, Missing: wholly(r, b.Name), Nanos: stats.None()}
		fault, role := faultOf(r, f, b.Name)
		s.Out = LeftOut{b.Name, fault, role}
		s.times(f)
		for _, run := range runs {
			if sameFile(r, run.Report, b.Name) && !excluded(run.Report, b.Name, "").Any() {
				s.resources(run)
			}
		}
		for i, m := range f.Memory {
			if m.Build == b.Name && m.Allocator == envoyOrder {
				s.Leak = &f.Memory[i]
			}
		}
		for _, size := range r.Sizes {
			if size.Build == b.Name {
				s.Size, s.Loads = size.Raw, size.Profiles
			}
		}
		for _, c := range r.Costs {
			if c.Build != b.Name {
				continue
			}
			s.Upkeep = len(c.Parts) > 0
			for _, p := range c.Parts {
				if archived(p) {
					s.GivenUp = append(s.GivenUp, p)
				}
			}
		}
		all = append(all, s)
	}
	return all
}

// times sets those of a build that does not leak.
func (s *BuildRow) times(f *Findings) {
	if s.Missing.Any() || f.leaking()[s.Build.Name] {
		return
	}
	if len(f.Scenarios) > 0 {
		if t, ok := f.Scenarios[0].Timing(s.Build.Name); ok && !t.Missing.Any() {
			s.Nanos = t.Time
		}
	}
	if s.Build.Name == f.Reference {
		s.Time, s.Scenarios = Span{1, 1, 1}, Span{1, 1, 1}
		return
	}
	for _, a := range f.Machines.Overall {
		if a.A == s.Build.Name {
			for _, on := range a.On {
				s.Time.add(on.Ratio)
			}
		}
	}
	for _, scenario := range f.Scenarios {
		if a, ok := f.Machines.Pair(scenario.ID, s.Build.Name, f.Reference); ok {
			for _, on := range a.On {
				s.Scenarios.add(on.Ratio)
			}
		}
	}
}

// resources adds what one run measured.
func (s *BuildRow) resources(run Run) {
	name := s.Build.Name
	for _, m := range run.Findings.Resident {
		if m.Build == name {
			s.Memory.add(m.PerVM.Mid)
		}
	}
	for _, start := range run.Findings.Startups {
		if start.Build == name && !start.Cached {
			s.Startup.add(start.Total.Mid)
		}
	}
	worst := math.NaN()
	for _, scenario := range run.Report.Scenarios {
		pause := slowest(run.Report, scenario.ID, name)
		if floor := slowest(run.Report, scenario.ID, evidence.Floor); !math.IsNaN(floor) {
			pause = max(0, pause-floor)
		}
		if !math.IsNaN(pause) && !(pause <= worst) {
			worst = pause
		}
	}
	s.Pause.add(worst)
}

// slowest is the slowest request of a contestant in a scenario, the median of its processes: what interrupts one of
// them does not move it, and a collector's longest pause comes in all.
func slowest(r *evidence.Report, scenario, contestant string) float64 {
	var each []float64
	for _, t := range r.Tails {
		if t.Scenario == scenario && t.Contestant == contestant && !excluded(r, contestant, scenario).Any() {
			each = append(each, float64(t.Max))
		}
	}
	return stats.Median(each)
}
