package verdict

import (
	"slices"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// Crossing is what one thing costs on both: the guest that does it, less the empty guest.
type Crossing struct {
	Guest  string
	Envoy  Interval // of the empty guest: over Envoy without a filter
	Wazero Interval // of the empty guest: all of its time
}

// crossings compares each guest with the empty one, on Envoy and on wazero.
func crossings(r *evidence.OnEnvoy) (all []Crossing) {
	var names []string
	onHost := map[string]map[int][]float64{}
	for _, c := range r.Crossings {
		if onHost[c.Guest] == nil {
			onHost[c.Guest] = map[int][]float64{}
		}
		onHost[c.Guest][c.Instance] = c.Nanos
	}
	for _, w := range r.Work {
		if w.Scenario == evidence.CrossingScenario && !slices.Contains(names, w.Contestant) {
			names = append(names, w.Contestant)
		}
	}
	if len(names) == 0 {
		return nil
	}
	empty := names[0]
	for _, name := range names {
		c := Crossing{Guest: name}
		if name == empty {
			var none map[int][]float64
			if len(r.Scenarios) > 0 {
				none = workOf(r, r.Scenarios[0].ID, evidence.NoFilter)
			}
			c.Envoy = stats.TrimmedInterval(differences(workOf(r, evidence.CrossingScenario, name), none), Confidence)
			c.Wazero = stats.TrimmedInterval(means(onHost[name]), Confidence)
		} else {
			c.Envoy = stats.TrimmedInterval(differences(workOf(r, evidence.CrossingScenario, name),
				workOf(r, evidence.CrossingScenario, empty)), Confidence)
			c.Wazero = stats.TrimmedInterval(differences(onHost[name], onHost[empty]), Confidence)
		}
		all = append(all, c)
	}
	return all
}
