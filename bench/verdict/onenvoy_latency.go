package verdict

import (
	"math"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// EnvoyLatency is how long clients waited.
type EnvoyLatency struct {
	Scenario, Contestant string
	Rate                 int
	Count                int64
	P50, P99, P999, Max  float64 // ns; P999 is NaN with fewer than a hundred requests above it
}

func envoyLatencies(r *evidence.OnEnvoy) (all []EnvoyLatency) {
	type key struct{ scenario, contestant string }
	var order []key
	histograms := map[key][][][2]int64{}
	most, rate := map[key]int64{}, map[key]int{}
	for _, l := range r.Latencies {
		k := key{l.Scenario, l.Contestant}
		if refusal(r.Refused, l.Contestant, l.Scenario).Any() {
			continue
		}
		if histograms[k] == nil {
			order = append(order, k)
		}
		histograms[k], most[k], rate[k] = append(histograms[k], l.Counts), max(most[k], l.Max), l.Rate
	}
	for _, name := range envoyNames(r) {
		for _, k := range order {
			if k.contestant != name {
				continue
			}
			merged := stats.Merge(histograms[k]...)
			l := EnvoyLatency{k.scenario, k.contestant, rate[k], stats.Count(merged), stats.BucketQuantile(merged, 0.5),
				stats.BucketQuantile(merged, 0.99), math.NaN(), float64(most[k])}
			if l.Count >= 100_000 {
				l.P999 = stats.BucketQuantile(merged, 0.999)
			}
			all = append(all, l)
		}
	}
	return all
}
