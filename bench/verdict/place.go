package verdict

import (
	"slices"

	"github.com/header-auth/header-auth/bench/evidence"
)

// Place is where a build's time on this machine lies among those of published machines: over the reference's,
// the mean of all scenarios.
type Place struct {
	Build     string
	Here      float64
	Published Span
	Same      bool // the modules are those that were published
}

// Places compares a run with published ones. There are none where the reference or the scenarios are others.
func Places(r *evidence.Report, f *Findings, published []*evidence.Report) []Place {
	if len(published) == 0 || !f.Gate.Passed {
		return nil
	}
	theirs, found := JudgeAll(published)
	if found.Reference != f.Reference || !slices.EqualFunc(r.Scenarios, theirs.Scenarios,
		func(a, b evidence.Scenario) bool {
			return a.ID == b.ID
		}) {
		return nil
	}
	var all []Place
	for _, mine := range f.Machines.Overall {
		for _, other := range found.Machines.Overall {
			if mine.A == other.A && len(mine.On) > 0 && len(other.On) > 0 {
				all = append(all, Place{mine.A, mine.On[0].Ratio, Span{other.Low, other.High, len(other.On)},
					sameFile(r, theirs, mine.A) && sameFile(r, theirs, mine.B)})
			}
		}
	}
	return all
}
