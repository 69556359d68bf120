package verdict

import (
	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// EnvoyMemory is how an Envoy's memory went over many requests to one build.
type EnvoyMemory struct {
	Contestant, Scenario string
	Requests             int
	Ready, Warm, End     float64 // bytes: with the plugin, after a tenth of the requests, at the end
	PerRequest           Interval
	Verdict              Growth
	Pauses               [2]float64 // ns: the longest wait for answers in the first fifth and in the last
	Times                [2]float64 // ns of the worker for a request, likewise
	Longest              float64    // of all
	Ended                string
}

// leakShown is how many bytes a request an Envoy's memory must gain, beyond one without a filter, to be a leak.
const leakShown = 8

func envoyMemories(r *evidence.OnEnvoy) (all []EnvoyMemory) {
	base := 0. // what an Envoy without a filter gains, bytes a request
	for _, s := range r.Soaks {
		if s.Contestant == evidence.NoFilter {
			base = max(0, envoyMemory(s, 0).PerRequest.Mid)
		}
	}
	for _, s := range r.Soaks {
		all = append(all, envoyMemory(s, base))
	}
	return all
}

// envoyMemory judges the second half of a soak: by then heaps have found their size. base is taken off.
func envoyMemory(s evidence.EnvoySoak, base float64) EnvoyMemory {
	m := EnvoyMemory{Contestant: s.Contestant, Scenario: s.Scenario, Requests: s.Requests, Ended: s.Ended,
		PerRequest: stats.None(), Verdict: Unclear}
	n := len(s.Points)
	if n == 0 {
		return m
	}
	m.Ready, m.Warm, m.End = float64(s.Points[0].Bytes), float64(s.Points[n/10].Bytes), float64(s.Points[n-1].Bytes)
	fifth := max(1, (n-1)/5)
	ends := func(points []evidence.SoakPoint, i int) {
		var nanos []float64
		for _, p := range points {
			m.Pauses[i], nanos = max(m.Pauses[i], float64(p.Longest)), append(nanos, p.Nanos)
		}
		m.Times[i] = stats.Median(nanos)
	}
	if n > 5 {
		ends(s.Points[1:1+fifth], 0)
		ends(s.Points[n-fifth:], 1)
	}
	for _, p := range s.Points {
		m.Longest = max(m.Longest, float64(p.Longest))
	}
	if n < 10 {
		return m
	}
	var x, y []float64
	for _, p := range s.Points[n/2:] {
		x, y = append(x, float64(p.Requests)), append(y, float64(p.Bytes))
	}
	m.PerRequest = stats.TheilSen(x, y, Confidence)
	// over the whole half: a heap that grows in steps has flat stretches
	gained := (y[len(y)-1] - y[0]) / (x[len(x)-1] - x[0])
	switch {
	case m.PerRequest.Low > base+leakShown && gained > base+leakShown:
		m.Verdict = Leak
	case max(m.PerRequest.High, gained) <= base+leakShown:
		m.Verdict = Flat
	}
	return m
}
