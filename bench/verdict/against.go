package verdict

import (
	"fmt"
	"math"

	"github.com/header-auth/header-auth/bench/evidence"
)

// Against compares with an earlier report.
type Against struct {
	File    string
	Same    bool // machine, engine and plan: only then a change has a word
	Timed   bool // both A/A checks passed: times are compared
	Notes   []Note
	Changes []Change
}

// Note is something that differs between the two runs besides the quantities, and so limits the comparison.
type Note struct {
	Kind            NoteKind
	What            string // OtherMachine, OtherPlan, OtherSurroundings: processor, wazero, rounds, kernel …
	Then, Now       string
	Build, Scenario string
}

// NoteKind is what follows from a note.
type NoteKind int

const (
	OtherMachine      NoteKind = iota + 1 // there are two numbers, and no word
	OtherPlan                             // the same
	OtherSurroundings                     // a change may come from it
	GateFailedThen                        // neither times nor ratios of requests are compared
	GateFailedNow                         // the same
	OnlyNow                               // a build, or a scenario, is not in the earlier report
	OnlyThen                              // a build, or a scenario, is not in the new one
	RefusedNow                            // a build has no number any more, in a scenario or at all
	SameModules                           // every build that both reports have is the same file
	SameModule                            // a build is the same file
)

// Change is one quantity then and now.
type Change struct {
	Build, Scenario, What string
	Unit                  Unit
	Then, Now             Interval
	Ratio                 Interval // now over then, with the noise from run to run; not known where nothing was there then
	Word                  ChangeWord
	Same                  bool // the module is the same file
}

// ChangeWord is what became of a quantity.
type ChangeWord string

const (
	Better      ChangeWord = "better"
	Worse       ChangeWord = "worse"
	NoChange    ChangeWord = "no change"
	Unsure      ChangeWord = "undecided"
	NotCompared ChangeWord = "" // another machine or plan
)

// Compare compares a report with an earlier one, which file names. A change has a word between two runs of one
// machine, engine and plan only.
func Compare(then, now *evidence.Report, file string) *Against {
	a := &Against{File: file}
	a.surroundings(then, now)
	before, after := Judge(then), Judge(now)
	if !before.Gate.Passed {
		a.note(Note{Kind: GateFailedThen})
	}
	if !after.Gate.Passed {
		a.note(Note{Kind: GateFailedNow})
	}
	a.gone(then, now)
	a.Timed = before.Gate.Passed && after.Gate.Passed
	for _, b := range now.Builds {
		if !hasBuild(then, b.Name) {
			continue
		}
		same := sameModule(then, b)
		for _, c := range compared {
			if c.gated && !a.Timed {
				continue
			}
			for _, scenario := range c.places(now) {
				if excluded(then, b.Name, scenario).Any() || excluded(now, b.Name, scenario).Any() {
					continue
				}
				if c.scenarios && (before.leaks(b.Name, scenario) || after.leaks(b.Name, scenario)) {
					continue // it has no stationary time
				}
				x, without := c.find(then, before, b.Name, scenario)
				y, missing := c.find(now, after, b.Name, scenario)
				if without.Any() || missing.Any() {
					continue
				}
				change := Change{Build: b.Name, Scenario: scenario, What: c.name, Unit: c.unit, Then: x, Now: y,
					Ratio: over(x, y, c.again), Same: same}
				if a.Same {
					change.Word = change.word()
				}
				a.Changes = append(a.Changes, change)
			}
		}
	}
	return a
}

func (a *Against) note(n Note) { a.Notes = append(a.Notes, n) }

// surroundings notes how the two runs differ, and decides whether they can be compared.
func (a *Against) surroundings(then, now *evidence.Report) {
	a.Same = true
	type side struct{ what, then, now string }
	number := func(n int) string { return fmt.Sprint(n) }
	p, q := then.Run.Plan, now.Run.Plan
	for _, group := range []struct {
		kind  NoteKind
		sides []side
	}{
		{OtherMachine, []side{
			{"processor", then.Machine.CPU, now.Machine.CPU}, {"number of processors", number(then.Machine.CPUs),
				number(now.Machine.CPUs)},
			{"architecture", then.Machine.Arch, now.Machine.Arch}, {"system", then.Machine.OS, now.Machine.OS},
			{"wazero", then.Host.Wazero, now.Host.Wazero}, {"engine", then.Host.Engine, now.Host.Engine},
		}},
		{OtherPlan, []side{
			{"plan", p.Name, q.Name}, {"number of requests in a batch", number(p.Requests), number(q.Requests)},
			{"number of requests timed one by one", number(p.TailRequests), number(q.TailRequests)},
			{"number of requests to a VM", number(p.SoakRequests), number(q.SoakRequests)},
		}},
		{OtherSurroundings, []side{
			{"kernel", then.Machine.Kernel, now.Machine.Kernel}, {"microcode", then.Machine.Microcode, now.Machine.Microcode},
			{"Go of the host", then.Machine.Go, now.Machine.Go}, {"behaviour of the host", then.Host.Profile, now.Host.Profile},
			{"table of cases", then.Table.Digest, now.Table.Digest},
		}},
	} {
		for _, s := range group.sides {
			if s.then != s.now {
				a.Same = a.Same && group.kind == OtherSurroundings
				a.note(Note{Kind: group.kind, What: s.what, Then: s.then, Now: s.now})
			}
		}
	}
}

// gone notes what only one of the reports has, and which modules are the same.
func (a *Against) gone(then, now *evidence.Report) {
	same, both := 0, 0
	for _, b := range now.Builds {
		if !hasBuild(then, b.Name) {
			a.note(Note{Kind: OnlyNow, Build: b.Name})
			continue
		}
		both++
		if sameModule(then, b) {
			same++
		}
	}
	for _, b := range then.Builds {
		if !hasBuild(now, b.Name) {
			a.note(Note{Kind: OnlyThen, Build: b.Name})
		}
	}
	for _, s := range now.Scenarios {
		if !hasScenario(then, s.ID) {
			a.note(Note{Kind: OnlyNow, Scenario: s.ID})
		}
	}
	for _, s := range then.Scenarios {
		if !hasScenario(now, s.ID) {
			a.note(Note{Kind: OnlyThen, Scenario: s.ID})
		}
	}
	for _, refused := range now.Refused {
		if hasBuild(then, refused.Build) && !excluded(then, refused.Build, refused.Scenario).Any() {
			a.note(Note{Kind: RefusedNow, Build: refused.Build, Scenario: refused.Scenario, Now: refused.Reason})
		}
	}
	switch {
	case both > 0 && same == both:
		a.note(Note{Kind: SameModules})
	case same > 0:
		for _, b := range now.Builds {
			if sameModule(then, b) {
				a.note(Note{Kind: SameModule, Build: b.Name})
			}
		}
	}
}

// sameModule says whether a report has the same file for a build.
func sameModule(r *evidence.Report, build evidence.Build) bool {
	for _, b := range r.Builds {
		if b.Name == build.Name {
			return b.SHA256 != "" && b.SHA256 == build.SHA256
		}
	}
	return false
}

func hasScenario(r *evidence.Report, id string) bool {
	for _, s := range r.Scenarios {
		if s.ID == id {
			return true
		}
	}
	return false
}

// comparison is a quantity and what two runs must have in common to be compared by it.
type comparison struct {
	quantity
	gated bool    // both gates passed
	again float64 // standard deviation of its logarithm from run to run, beyond what the interval of one run tells
}

// The noise from run to run of what is no ratio of times; two runs of the same modules on one machine showed it.
const (
	// of a time, whose processor's own speed does not cancel out, and of a ratio to the floor, which is short
	timeNoise     = 0.02
	tailNoise     = 0.05 // of a percentile, a pause or a start-up
	residentNoise = 0.02
)

var compared = func() []comparison {
	var all []comparison
	for _, q := range quantities {
		c := comparison{quantity: q}
		switch {
		case q.name == "ratio_to_floor":
			c.gated, c.again = true, timeNoise
		case q.unit == InNanos:
			c.again = tailNoise
		}
		all = append(all, c)
	}
	return append(all,
		comparison{quantity{name: "time", unit: InNanos, scenarios: true, find: findTime}, true, timeNoise},
		comparison{quantity{name: "resident", unit: InBytes, find: findResident}, false, residentNoise})
}()

func findTime(_ *evidence.Report, f *Findings, build, scenario string) (Interval, Missing) {
	if t, ok := f.timing(scenario, build); ok {
		return t.Time, t.Missing
	}
	return notMeasured()
}

func findResident(_ *evidence.Report, f *Findings, build, _ string) (Interval, Missing) {
	if m := f.resident(build); m != nil {
		return m.PerVM, Missing{}
	}
	return notMeasured()
}

// over is the ratio of what is now to what was then, on the logarithmic scale: the widths of both intervals, and the
// noise from run to run of both, add up as independent errors do.
func over(then, now Interval, again float64) Interval {
	ratio := Interval{Low: math.NaN(), Mid: now.Mid / then.Mid, High: math.NaN(), N: min(then.N, now.N)}
	if !then.Known() || !now.Known() || !(then.Low > 0) || !(now.Low > 0) {
		return ratio
	}
	const normal = 1.96
	noise := normal * math.Sqrt2 * again
	down := math.Hypot(math.Hypot(math.Log(now.Mid/now.Low), math.Log(then.High/then.Mid)), noise)
	up := math.Hypot(math.Hypot(math.Log(now.High/now.Mid), math.Log(then.Mid/then.Low)), noise)
	ratio.Low, ratio.High = ratio.Mid*math.Exp(-down), ratio.Mid*math.Exp(up)
	return ratio
}

// word judges a change of something of which less is better. Better and worse need an interval that does not contain 1,
// and a change beyond the band. There is no change when the whole interval lies within the band, or when the module is
// the same and the interval contains 1.
func (c Change) word() ChangeWord {
	r := c.Ratio
	switch {
	case c.Then == c.Now, c.Then.Mid == 0 && c.Now.Mid == 0: // the same count; or no growth seen, then and now
		return NoChange
	case c.Then.Mid == 0 && c.Then.Known() && c.Now.Low > c.Then.High:
		// it leaks, and more than could have been overlooked
		return Worse
	case c.Now.Mid == 0 && c.Now.Known() && c.Then.Low > c.Now.High:
		return Better
	case !r.Known():
		return Unsure
	case r.Low > 1 && r.Mid > 1+Band:
		return Worse
	case r.High < 1 && r.Mid < 1/(1+Band):
		return Better
	case withinFactor(r, Band), c.Same && r.Contains(1):
		return NoChange
	}
	return Unsure
}
