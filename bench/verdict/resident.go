package verdict

import (
	"math"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// residents fits a line to each process's memory and takes the interval over processes.
func residents(r *evidence.Report, o Options) []Resident {
	var found []Resident
	for _, b := range r.Builds {
		var slopes, fixed []float64
		for _, s := range r.Resident {
			if s.Build != b.Name || len(s.VMs) != len(s.Bytes) || reason(r, b.Name, "") != "" {
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
			found = append(found, Resident{b.Name, stats.TrimmedInterval(slopes, o.Confidence), stats.TrimmedInterval(fixed, o.Confidence)})
		}
	}
	return found
}

// scales projects the report's first scenario, the usual request, to a fleet.
func scales(f *Findings, o Options) []Scale {
	var found []Scale
	if len(f.Speed) == 0 {
		return nil
	}
	for _, row := range f.Speed[0].Rows {
		memory := f.resident(row.Entrant)
		if memory == nil || row.Reason != "" {
			continue
		}
		for _, rate := range o.Rates {
			s := Scale{Build: row.Entrant, Scenario: f.Speed[0].Scenario, Rate: rate, Workers: o.Workers}
			s.Cores = row.Time.Scale(rate / 1e9)
			s.Proxies = max(1, int(math.Ceil(s.Cores.Mid/float64(o.Workers))))
			s.GiB = memory.PerVM.Scale(float64(s.Proxies*(o.Workers+1)) / (1 << 30))
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
