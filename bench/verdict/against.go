package verdict

import (
	"fmt"

	"github.com/header-auth/header-auth/bench/evidence"
)

// Against compares with an earlier report.
type Against struct {
	File    string
	Same    bool // machine and engine: absolute times are compared only then
	Notes   []Note
	Changes []Change
}

// Note is something that differs between the two runs besides the quantities, and so limits the comparison.
type Note struct {
	Kind      NoteKind
	What      string // OtherMachine, OtherSurroundings: processor, wazero, kernel …
	Then, Now string
	Build     string // OnlyNow, OnlyThen
}

// NoteKind is what follows from a note.
type NoteKind int

const (
	OtherMachine      NoteKind = iota + 1 // absolute times and resident memory are not compared
	OtherSurroundings                     // a change may come from it
	GateFailedThen                        // neither times nor ratios of requests are compared
	GateFailedNow                         // the same
	OnlyNow                               // a build is not in the earlier report
	OnlyThen                              // a build is not in the new one
)

// Change is one quantity then and now.
type Change struct {
	Build, Scenario, What string
	Unit                  Unit
	Then, Now             Interval
	Word                  ChangeWord
}

// ChangeWord is what became of a quantity.
type ChangeWord string

const (
	Better   ChangeWord = "better"
	Worse    ChangeWord = "worse"
	NoChange ChangeWord = "no change"
	Unsure   ChangeWord = "undecided"
)

// Compare compares a report with an earlier one, interval with interval. Times and resident memory are compared
// between runs of one machine and one engine only; ratios to the floor, sizes and linear memory between any two. file
// names the earlier one.
func Compare(then, now *evidence.Report, file string) *Against {
	a := &Against{File: file, Same: true}
	for _, d := range []struct{ what, then, now string }{
		{"processor", then.Machine.CPU, now.Machine.CPU},
		{"number of processors", fmt.Sprint(then.Machine.CPUs), fmt.Sprint(now.Machine.CPUs)},
		{"architecture", then.Machine.Arch, now.Machine.Arch},
		{"system", then.Machine.OS, now.Machine.OS},
		{"wazero", then.Host.Wazero, now.Host.Wazero},
		{"engine", then.Host.Engine, now.Host.Engine},
	} {
		if d.then != d.now {
			a.Same = false
			a.note(Note{Kind: OtherMachine, What: d.what, Then: d.then, Now: d.now})
		}
	}
	for _, d := range []struct{ what, then, now string }{
		{"kernel", then.Machine.Kernel, now.Machine.Kernel},
		{"microcode", then.Machine.Microcode, now.Machine.Microcode},
		{"Go of the host", then.Machine.Go, now.Machine.Go},
		{"behaviour of the host", then.Host.Profile, now.Host.Profile},
		{"table of cases", then.Table.Digest, now.Table.Digest},
	} {
		if d.then != d.now {
			a.note(Note{Kind: OtherSurroundings, What: d.what, Then: d.then, Now: d.now})
		}
	}
	before, after := Judge(then), Judge(now)
	if !before.Gate.Passed {
		a.note(Note{Kind: GateFailedThen})
	}
	if !after.Gate.Passed {
		a.note(Note{Kind: GateFailedNow})
	}
	gates := before.Gate.Passed && after.Gate.Passed
	for _, b := range now.Builds {
		if !hasBuild(then, b.Name) {
			a.note(Note{Kind: OnlyNow, Build: b.Name})
			continue
		}
		for _, c := range compared {
			if (c.absolute && !a.Same) || (c.gated && !gates) {
				continue
			}
			for _, scenario := range c.places(now) {
				if excluded(then, b.Name, scenario).Any() || excluded(now, b.Name, scenario).Any() {
					continue
				}
				x, without := c.find(then, before, b.Name, scenario)
				y, missing := c.find(now, after, b.Name, scenario)
				if !without.Any() && !missing.Any() {
					a.Changes = append(a.Changes, Change{Build: b.Name, Scenario: scenario, What: c.name, Unit: c.unit,
						Then: x, Now: y, Word: change(x, y)})
				}
			}
		}
	}
	for _, b := range then.Builds {
		if !hasBuild(now, b.Name) {
			a.note(Note{Kind: OnlyThen, Build: b.Name})
		}
	}
	return a
}

func (a *Against) note(n Note) { a.Notes = append(a.Notes, n) }

// comparison is a quantity and what two runs must have in common to be compared by it.
type comparison struct {
	quantity
	absolute bool // the same machine and engine
	gated    bool // both gates passed
}

var compared = func() []comparison {
	var all []comparison
	for _, q := range quantities {
		all = append(all, comparison{q, q.unit == InNanos, q.name == "ratio_to_floor"})
	}
	return append(all,
		comparison{quantity{name: "time", unit: InNanos, scenarios: true, find: findTime}, true, true},
		comparison{quantity{name: "resident", unit: InBytes, find: findResident}, true, false})
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

// change compares two intervals of something of which less is better. They differ when they do not overlap and the
// estimates lie further apart than the band. There is no change when not even their far ends do.
func change(then, now Interval) ChangeWord {
	if !then.Known() || !now.Known() {
		return Unsure
	}
	beyond := func(small, large float64) bool { return large > small*(1+Band) }
	switch {
	case then == now, then.Mid == 0 && now.Mid == 0: // the same count; or no growth seen, then and now
		return NoChange
	case now.Low > then.High && beyond(then.Mid, now.Mid):
		return Worse
	case now.High < then.Low && beyond(now.Mid, then.Mid):
		return Better
	case !beyond(then.Low, now.High) && !beyond(now.Low, then.High):
		return NoChange
	}
	return Unsure
}
