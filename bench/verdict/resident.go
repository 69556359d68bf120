package verdict

import (
	"math"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// residents fits a line to each process's memory and takes the interval over processes.
func residents(r *evidence.Report) []Resident {
	var found []Resident
	for _, b := range r.Builds {
		var slopes, fixed []float64
		for _, s := range r.Resident {
			if s.Build != b.Name || len(s.VMs) != len(s.Bytes) || excluded(r, b.Name, "").Any() {
				continue
			}
			x, y := make([]float64, len(s.VMs)), make([]float64, len(s.VMs))
			for i := range x {
				x[i], y[i] = float64(s.VMs[i]), float64(s.Bytes[i])
			}
			if at, slope := stats.Line(x, y); !math.IsNaN(slope) {
				slopes, fixed = append(slopes, slope), append(fixed, at)
			}
		}
		if len(slopes) > 0 {
			found = append(found, Resident{b.Name, stats.TrimmedInterval(slopes, Confidence),
				stats.TrimmedInterval(fixed, Confidence)})
		}
	}
	return found
}

const workers = 4 // of each proxy

// rates of a fleet, in requests a second.
var rates = []float64{1e3, 1e5, 1e6}

// scales projects the report's first scenario, the usual request, to a fleet.
func scales(f *Findings, workers int) []Scale {
	var found []Scale
	if len(f.Scenarios) == 0 {
		return nil
	}
	for _, t := range f.Scenarios[0].Timings {
		memory := f.resident(t.Contestant)
		if memory == nil || t.Missing.Any() || t.Growth > 0 { // what leaks has no stationary time
			continue
		}
		for _, rate := range rates {
			s := Scale{Build: t.Contestant, Scenario: f.Scenarios[0].ID, Rate: rate, Workers: workers}
			s.Cores = t.Time.Scale(rate / 1e9)
			s.Proxies = max(1, int(math.Ceil(s.Cores.Mid/float64(workers))))
			s.GiB = memory.PerVM.Scale(float64(s.Proxies*(workers+1)) / (1 << 30))
			found = append(found, s)
		}
	}
	return found
}

func (f *Findings) resident(build string) *Resident {
	for i := range f.Resident {
		if f.Resident[i].Build == build {
			return &f.Resident[i]
		}
	}
	return nil
}
