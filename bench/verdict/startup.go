package verdict

import (
	"github.com/header-auth/header-auth/bench/evidence"
)

// startups are the typical times of each phase; each sample is a process of its own.
func startups(r *evidence.Report) []Startup {
	var found []Startup
	for _, b := range r.Builds {
		for _, cached := range []bool{false, true} {
			names := []string{"compile", "instantiate", "configure", "first request"}
			phases := make([][]float64, len(names))
			var totals []float64
			for _, s := range r.Startups {
				if s.Build != b.Name || s.Cached != cached || excluded(r, b.Name, "").Any() {
					continue
				}
				total := 0.0
				for i, ns := range []int64{s.Compile, s.Instantiate, s.Configure, s.First} {
					phases[i] = append(phases[i], float64(ns))
					total += float64(ns)
				}
				totals = append(totals, total)
			}
			if len(totals) == 0 {
				continue
			}
			s := Startup{Build: b.Name, Cached: cached, Total: typical(totals, Confidence)}
			for i, name := range names {
				s.Phases = append(s.Phases, Phase{name, typical(phases[i], Confidence)})
			}
			found = append(found, s)
		}
	}
	return found
}
