package verdict

import (
	"fmt"
	"math"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// gate holds the twin against the build that it is a second copy of. All its intervals together miss the truth with a
// probability of at most GateAlpha (Bonferroni), as a gate that fails without need costs a whole run.
func gate(r *evidence.Report, all []samples, o Options) Gate {
	g := Gate{Limit: o.GateLimit, Ratio: stats.None()}
	for _, b := range r.Builds {
		if reason(r, b.Name, "") == "" {
			g.Build = b.Name
			break
		}
	}
	var measured []map[int]float64
	for _, s := range all {
		if s.has(g.Build) {
			logs := s.byProcess(evidence.Twin, g.Build, logRatio)
			g.Scenarios = append(g.Scenarios, GateScenario{Scenario: s.scenario})
			measured = append(measured, logs)
		}
	}
	level := 1 - o.GateAlpha/float64(len(measured)+1)
	overall := pooled(measured)
	if len(overall) == 0 {
		g.Reasons = []string{"The A/A check was not measured: no build was timed against itself."}
		return g
	}
	g.Ratio = stats.TrimmedInterval(overall, o.Confidence).Exp()
	if !g.Ratio.Known() {
		g.Reasons = []string{"The A/A check has one process only, and no interval: at least two are needed."}
	} else {
		if strict := stats.TrimmedInterval(overall, level).Exp(); !strict.Contains(1) {
			g.Reasons = append(g.Reasons, fmt.Sprintf("Over all scenarios %s timed against itself comes out at %s of its own time, where it has to be 1: "+
				"the order of runs, or a neighbour on this machine, decides, and not the module.", g.Build, spoken(strict)))
		}
		if low, high := 1-o.GateLimit, 1+o.GateLimit; !g.Ratio.Within(low, high) {
			g.Reasons = append(g.Reasons, fmt.Sprintf("Over all scenarios %s timed against itself is known to be at %s of its own time only, expected within %.3g to %.3g: "+
				"take more processes, or a quieter machine.", g.Build, spoken(g.Ratio), low, high))
		}
	}
	for i := range g.Scenarios {
		s := &g.Scenarios[i]
		s.Ratio = stats.TrimmedInterval(inOrder(measured[i]), level).Exp()
		s.Passed = s.Ratio.Contains(1)
		switch {
		case math.IsNaN(s.Ratio.Mid):
			g.Reasons = append(g.Reasons, fmt.Sprintf("%s: %s was not timed against itself.", s.Scenario, g.Build))
		case s.Ratio.Known() && !s.Passed:
			g.Reasons = append(g.Reasons, fmt.Sprintf("%s: %s timed against itself comes out at %s of its own time, where it has to be 1.",
				s.Scenario, g.Build, spoken(s.Ratio)))
		}
	}
	g.Passed = len(g.Reasons) == 0
	return g
}

// spoken is a ratio with its interval.
func spoken(i Interval) string { return fmt.Sprintf("%.3f (%.3f to %.3f)", i.Mid, i.Low, i.High) }
