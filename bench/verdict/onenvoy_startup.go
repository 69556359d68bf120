package verdict

import (
	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// EnvoyStart is how long a listener takes to its first answer, and the memory that it takes.
type EnvoyStart struct {
	Build string
	Time  Interval
	Bytes Interval
}

func envoyStarts(r *evidence.OnEnvoy) (all []EnvoyStart) {
	for _, name := range envoyNames(r) {
		var nanos, bytes []float64
		for _, s := range r.Startups {
			if s.Build == name {
				nanos, bytes = append(nanos, float64(s.Nanos)), append(bytes, float64(s.Bytes))
			}
		}
		if len(nanos) > 0 {
			all = append(all, EnvoyStart{name, stats.MeanInterval(nanos, Confidence), stats.MeanInterval(bytes, Confidence)})
		}
	}
	return all
}
