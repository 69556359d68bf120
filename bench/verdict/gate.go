package verdict

import (
	"math"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// Gate is the A/A check: a build timed against itself must come out equal, or no verdict is given.
type Gate struct {
	Passed bool
	Build  string   // that was timed against itself; "" when there is none
	Ratio  Interval // twin to original, over all scenarios: the plain 95 % interval
	Faults []GateFault
}

// GateFault is one reason why the check failed.
type GateFault struct {
	Kind     GateFaultKind
	Scenario string   // "": over all scenarios
	Ratio    Interval // Biased and Imprecise: twin to original
}

// GateFaultKind is what is wrong with an A/A ratio.
type GateFaultKind int

const (
	GateNotMeasured GateFaultKind = iota + 1 // no build was timed against itself
	GateOneProcess                           // there is no interval
	GateBiased                               // the interval does not contain 1
	GateImprecise                            // the interval is not within 1 ± GateLimit
)

// gate compares the twin with the build that it is a second copy of. Its intervals are simultaneous: the probability
// that one or more of them misses the true ratio is at most gateAlpha (Bonferroni), because a gate that fails without
// need costs a whole run.
func gate(r *evidence.Report, all []samples) Gate {
	g := Gate{Ratio: stats.None()}
	fault := func(kind GateFaultKind, scenario string, ratio Interval) {
		g.Faults = append(g.Faults, GateFault{kind, scenario, ratio})
	}
	for _, b := range r.Builds {
		if !excluded(r, b.Name, "").Any() {
			g.Build = b.Name
			break
		}
	}
	var scenarios []string
	var measured []map[int]float64 // by scenario, then process
	for _, s := range all {
		if s.has(g.Build) {
			scenarios = append(scenarios, s.scenario)
			measured = append(measured, s.byProcess(evidence.Twin, g.Build, logRatio))
		}
	}
	level := 1 - gateAlpha/float64(len(measured)+1)
	overall := pooled(measured)
	if len(overall) == 0 {
		fault(GateNotMeasured, "", stats.None())
		return g
	}
	g.Ratio = stats.TrimmedInterval(overall, Confidence).Exp()
	if !g.Ratio.Known() {
		fault(GateOneProcess, "", g.Ratio)
	} else {
		if strict := stats.TrimmedInterval(overall, level).Exp(); !strict.Contains(1) {
			fault(GateBiased, "", strict)
		}
		if !g.Ratio.Within(1-GateLimit, 1+GateLimit) {
			fault(GateImprecise, "", g.Ratio)
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
	g.Passed = len(g.Faults) == 0
	return g
}
