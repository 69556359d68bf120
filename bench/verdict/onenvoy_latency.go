package verdict

import (
	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// EnvoyLatency is how long clients waited, in ns. Half and Most are the medians over Envoys that were started anew of
// the time within which half, and 99 %, of the requests were answered, with their 95 % intervals; an interval has no
// bounds when there are fewer than six Envoys. A machine that stands still for a moment makes all requests of that
// moment late, of one Envoy alone: only Longest, the longest of all, shows that.
type EnvoyLatency struct {
	Scenario, Contestant string
	Rate                 int
	Half, Most           Interval
	Longest              float64
}

func envoyLatencies(r *evidence.OnEnvoy) (all []EnvoyLatency) {
	type key struct{ scenario, contestant string }
	var order []key
	found := map[key]*EnvoyLatency{}
	half, most := map[key][]float64{}, map[key][]float64{}
	for _, l := range r.Latencies {
		k := key{l.Scenario, l.Contestant}
		if refusal(r.Refused, l.Contestant, l.Scenario).Any() {
			continue
		}
		if found[k] == nil {
			order = append(order, k)
			found[k] = &EnvoyLatency{Scenario: l.Scenario, Contestant: l.Contestant, Rate: l.Rate}
		}
		found[k].Longest = max(found[k].Longest, float64(l.Max))
		half[k] = append(half[k], stats.BucketQuantile(l.Counts, 0.5))
		most[k] = append(most[k], stats.BucketQuantile(l.Counts, 0.99))
	}
	for _, name := range envoyNames(r) {
		for _, k := range order {
			if k.contestant == name {
				l := found[k]
				l.Half, l.Most = stats.OrderInterval(half[k], 0.5, 0.95), stats.OrderInterval(most[k], 0.5, 0.95)
				all = append(all, *l)
			}
		}
	}
	return all
}
