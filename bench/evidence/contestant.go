package evidence

import (
	"math"
	"slices"
	"strings"
)

// TwinOf names the second copy of a build that is not the first.
func TwinOf(build string) string { return twinOf + build + ")" }

const twinOf = "(twin of "

// Original is the build that a contestant is a copy of; itself when it is none.
func (r *Report) Original(contestant string) string {
	if contestant == Twin {
		for _, b := range r.Builds {
			if !r.refusedEverywhere(b.Name) {
				return b.Name
			}
		}
	}
	if build, ok := strings.CutPrefix(contestant, twinOf); ok {
		return strings.TrimSuffix(build, ")")
	}
	return contestant
}

// refusedEverywhere reports whether a build has a number in no scenario.
func (r *Report) refusedEverywhere(build string) bool {
	scenarios := map[string]bool{}
	for _, f := range r.Refused {
		if f.Build == build {
			if f.Scenario == "" {
				return true
			}
			scenarios[f.Scenario] = true
		}
	}
	return len(scenarios) > 0 && len(scenarios) == len(r.Scenarios)
}

// Twins are the copies that were timed, in the order of the batches.
func (r *Report) Twins() []string {
	var twins []string
	for _, b := range r.Batches {
		if (b.Contestant == Twin || strings.HasPrefix(b.Contestant, twinOf)) && !slices.Contains(twins, b.Contestant) {
			twins = append(twins, b.Contestant)
		}
	}
	return twins
}

// CycleRequests is how many requests a batch of a build with a collector has, so that all rounds of an instance
// together hold a whole number of collection cycles: about as many requests as others have, one cycle at least, and at
// most sixteen times as many requests. Period is the number of requests from one collection to the next.
func CycleRequests(rounds, requests int, period float64) int {
	usual := float64(rounds * requests)
	cycles := max(1, math.Round(usual/period))
	return int(math.Round(min(cycles*period, 16*usual) / float64(rounds)))
}
