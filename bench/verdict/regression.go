package verdict

import (
	"cmp"
	"math"
	"slices"
)

// GotWorse is what became worse of a build, since an earlier report.
type GotWorse struct {
	Build string
	File  string // the earlier report
	Worst Change
	Count int // how many of its quantities became worse
}

// Gone are scenarios and builds that an earlier report has and this one has not.
type Gone struct {
	File              string
	Builds, Scenarios []string
	Refused           []string // builds that give a wrong answer now
}

// Topic is that a comparison with an earlier report found something.
func (GotWorse) Topic() Topic { return AboutChange }

// Topic is the same.
func (Gone) Topic() Topic { return AboutChange }

// Headline is what the first screen must tell of a comparison: what got worse, and what is gone.
func (a *Against) Headline() []Claim {
	gone := Gone{File: a.File}
	for _, n := range a.Notes {
		switch {
		case n.Kind == OnlyThen && n.Build != "":
			gone.Builds = append(gone.Builds, n.Build)
		case n.Kind == OnlyThen:
			gone.Scenarios = append(gone.Scenarios, n.Scenario)
		case n.Kind == RefusedNow && !slices.Contains(gone.Refused, n.Build):
			gone.Refused = append(gone.Refused, n.Build)
		}
	}
	worse := map[string]*GotWorse{}
	var builds []string
	for _, c := range a.Changes {
		if c.Word != Worse {
			continue
		}
		got := worse[c.Build]
		if got == nil {
			got = &GotWorse{Build: c.Build, File: a.File, Worst: c}
			worse[c.Build] = got
			builds = append(builds, c.Build)
		}
		got.Count++
		if c.weight() > got.Worst.weight() {
			got.Worst = c
		}
	}
	slices.SortStableFunc(builds, func(x, y string) int {
		return cmp.Compare(worse[y].Worst.weight(), worse[x].Worst.weight())
	})
	var claims []Claim
	for _, b := range builds {
		claims = append(claims, *worse[b])
	}
	if len(gone.Builds)+len(gone.Scenarios)+len(gone.Refused) > 0 {
		claims = append(claims, gone)
	}
	return claims
}

// weight is by what the worst of several changes is chosen: what a regression is made of first, then the largest.
func (c Change) weight() float64 {
	ratio := c.Ratio.Mid
	if math.IsNaN(ratio) || ratio > 1e6 {
		ratio = 1e6
	}
	if slices.Contains(regressing, c.What) {
		return 1e6 + ratio
	}
	return ratio
}

// regressing are the quantities whose change for the worse fails a pipeline: those that come out
// the same from run to run.
var regressing = []string{"time", "size", "resident", "bytes_per_request"}

// Regressions are the changes for the worse by more than a share such as 0.05, beyond the whole interval, of the
// quantities that come out the same from run to run: time, size, resident memory, and what leaks.
func (a *Against) Regressions(share float64) []Change {
	var found []Change
	for _, c := range a.Changes {
		// from nothing there is no ratio
		if c.Word == Worse && slices.Contains(regressing, c.What) && !(c.Ratio.Low <= 1+share) {
			found = append(found, c)
		}
	}
	return found
}
