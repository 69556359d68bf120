package verdict

import (
	"fmt"

	"github.com/header-auth/header-auth/bench/evidence"
)

// What became of a quantity.
const (
	Better   = "better"
	Worse    = "worse"
	NoChange = "no change"
	Unsure   = "undecided"
)

// Compare holds a report against an earlier one, interval against interval. Times are compared between runs of one
// machine and one engine only; ratios to the floor, sizes and linear memory between any two. file names the earlier one.
func Compare(then, now *evidence.Report, file string, o Options) *Against {
	o = o.withDefaults()
	a := &Against{File: file, Same: true}
	note := func(format string, args ...any) { a.Notes = append(a.Notes, fmt.Sprintf(format, args...)) }
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
			note("Another %s, %q then and %q now: absolute times and resident memory are not compared.", d.what, d.then, d.now)
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
			note("Another %s, %q then and %q now: a change may come from that.", d.what, d.then, d.now)
		}
	}
	before, after := Judge(then, o), Judge(now, o)
	speed := true
	for _, g := range []struct {
		name string
		gate Gate
	}{{"earlier", before.Gate}, {"new", after.Gate}} {
		if !g.gate.Passed {
			speed = false
			note("The %s report's A/A check failed: neither times nor ratios of requests are compared.", g.name)
		}
	}
	for _, b := range now.Builds {
		if !hasBuild(then, b.Name) {
			note("%s is not in the earlier report.", b.Name)
			continue
		}
		for _, w := range watched {
			if (w.absolute && !a.Same) || (w.speed && !speed) {
				continue
			}
			for _, scenario := range w.places(now) {
				if reason(then, b.Name, scenario) != "" || reason(now, b.Name, scenario) != "" {
					continue
				}
				x, without := w.find(then, before, b.Name, scenario)
				y, missing := w.find(now, after, b.Name, scenario)
				if without == "" && missing == "" {
					a.Changes = append(a.Changes, Change{Build: b.Name, Scenario: scenario, What: w.name, Unit: w.unit,
						Then: x, Now: y, Word: change(x, y, o.Band)})
				}
			}
		}
	}
	for _, b := range then.Builds {
		if !hasBuild(now, b.Name) {
			note("%s is in the earlier report only.", b.Name)
		}
	}
	return a
}

// watch is a quantity and what it needs to be comparable.
type watch struct {
	quantity
	absolute bool // the same machine and engine
	speed    bool // both gates
}

var watched = func() []watch {
	var all []watch
	for _, q := range quantities {
		all = append(all, watch{q, q.unit == "ns", q.name == "ratio_to_floor"})
	}
	return append(all,
		watch{quantity{name: "time", unit: "ns", scenarios: true, find: findTime}, true, true},
		watch{quantity{name: "resident", unit: "B", find: findResident}, true, false})
}()

func findTime(_ *evidence.Report, f *Findings, build, scenario string) (Interval, string) {
	for _, s := range f.Speed {
		for _, row := range s.Rows {
			if s.Scenario == scenario && row.Entrant == build {
				return row.Time, row.Reason
			}
		}
	}
	return Interval{}, notMeasured
}

func findResident(_ *evidence.Report, f *Findings, build, _ string) (Interval, string) {
	if m := f.resident(build); m != nil {
		return m.PerVM, ""
	}
	return Interval{}, notMeasured
}

// change words two intervals of something of which less is better. They differ when they do not meet and the estimates
// lie further apart than the band; there is no change when not even their far ends do.
func change(then, now Interval, band float64) string {
	if !then.Known() || !now.Known() {
		return Unsure
	}
	beyond := func(small, large float64) bool { return large > small*(1+band) }
	switch {
	case then == now, then.Mid == 0 && now.Mid == 0: // counted alike; or no growth seen, then and now
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
