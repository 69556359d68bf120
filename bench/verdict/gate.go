package verdict

import (
	"math"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// Gate is the A/A check: a build timed against itself must come out equal, or no verdict is given.
type Gate struct {
	Passed bool
	Twins  []TwinRatio // of each build that was timed against itself
	Faults []GateFault
}

// TwinRatio is a copy of a build over the build itself.
type TwinRatio struct {
	Build string
	Ratio Interval // over all scenarios: the plain 95 % interval
}

// GateFault is one reason why the check failed.
type GateFault struct {
	Kind     GateFaultKind
	Build    string   // "": none was timed against itself
	Scenario string   // "": over all scenarios
	Ratio    Interval // Biased and Imprecise: twin to original
}

// GateFaultKind is what is wrong with an A/A ratio.
type GateFaultKind int

const (
	GateNotMeasured  GateFaultKind = iota + 1 // no build was timed against itself
	GateOneProcess                            // there is no interval
	GateBiased                                // the interval does not contain 1
	GateImprecise                             // the interval is not within GateLimit of 1
	GateNothingTimed                          // every build answers wrongly: they are at fault, not the machine
)

// gate compares each twin with the build that it is a second copy of. Its intervals are simultaneous: the
// probability that one or more of them misses the true ratio is at most gateAlpha (Bonferroni), because a gate that
// fails without need costs a whole run.
func gate(r *evidence.Report, all []samples) Gate {
	twins := r.Twins()
	var g Gate
	for _, twin := range twins {
		g.compare(twin, r.Original(twin), all, 1-gateAlpha/float64(len(twins)*(len(all)+1)))
	}
	if len(g.Twins) == 0 {
		g.Faults = append(g.Faults, GateFault{Kind: GateNotMeasured, Ratio: stats.None()})
	}
	if nothingTimed(r) {
		g.Faults = []GateFault{{Kind: GateNothingTimed, Ratio: stats.None()}}
	}
	g.Passed = len(g.Faults) == 0
	return g
}

// compare adds one twin. level is that of the strict intervals.
func (g *Gate) compare(twin, build string, all []samples, level float64) {
	fault := func(kind GateFaultKind, scenario string, ratio Interval) {
		g.Faults = append(g.Faults, GateFault{kind, build, scenario, ratio})
	}
	var scenarios []string
	var measured []map[int]float64 // by scenario, then process
	for i := range all {
		if s := &all[i]; s.has(build) {
			scenarios = append(scenarios, s.scenario)
			measured = append(measured, s.logRatio(twin, build))
		}
	}
	overall := pooled(measured)
	if len(overall) == 0 {
		return
	}
	ratio := stats.TrimmedInterval(overall, Confidence).Exp()
	g.Twins = append(g.Twins, TwinRatio{build, ratio})
	if !ratio.Known() {
		fault(GateOneProcess, "", ratio)
	} else {
		if strict := stats.TrimmedInterval(overall, level).Exp(); !strict.Contains(1) {
			fault(GateBiased, "", strict)
		}
		if !withinFactor(ratio, GateLimit) {
			fault(GateImprecise, "", ratio)
		}
	}
	for i, scenario := range scenarios {
		switch ratio := stats.TrimmedInterval(inOrder(measured[i]), level).Exp(); {
		case math.IsNaN(ratio.Mid):
			fault(GateNotMeasured, scenario, ratio)
		case ratio.Known() && !ratio.Contains(1):
			fault(GateBiased, scenario, ratio)
		}
	}
}
