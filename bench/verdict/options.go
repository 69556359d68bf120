package verdict

import "math"

// Options are the limits of verdicts. The zero value of each stands for its default.
type Options struct {
	Confidence float64   // of plain intervals: 0.95
	Alpha      float64   // of all pairs together: 0.05
	Band       float64   // two builds within 1 ± Band are equivalent: 0.03
	GateLimit  float64   // the A/A ratio has to be known to lie within 1 ± GateLimit: 0.03
	GateAlpha  float64   // of all intervals of the gate together: 0.01
	Workers    int       // of each proxy: 4
	Rates      []float64 // requests a second of a fleet: 1e3, 1e5, 1e6
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		value    *float64
		standard float64
	}{{&o.Confidence, 0.95}, {&o.Alpha, 0.05}, {&o.Band, 0.03}, {&o.GateLimit, 0.03}, {&o.GateAlpha, 0.01}} {
		if *d.value == 0 {
			*d.value = d.standard
		}
	}
	if o.Workers == 0 {
		o.Workers = 4
	}
	if o.Rates == nil {
		o.Rates = []float64{1e3, 1e5, 1e6}
	}
	return o
}

// outside says how far a log-ratio lies beyond the band on its side, negative within it.
func (o Options) outside(logRatio float64) float64 {
	if logRatio < 0 {
		return math.Log(1-o.Band) - logRatio
	}
	return logRatio - math.Log(1+o.Band)
}
