package verdict

import "github.com/header-auth/header-auth/bench/evidence"

// Periods are, by scenario and contestant, how many requests lie from one collection to the next, as the tails of a
// report show it. A contestant without a period has none.
func Periods(r *evidence.Report) map[string]map[string]float64 {
	all := map[string]map[string]float64{}
	for _, t := range tails(r) {
		if t.Collector == nil {
			continue
		}
		if all[t.Scenario] == nil {
			all[t.Scenario] = map[string]float64{}
		}
		all[t.Scenario][t.Contestant] = t.Collector.Period
	}
	for scenario, contestants := range all {
		for _, b := range r.Builds {
			if period := contestants[b.Name]; period > 0 {
				all[scenario][evidence.TwinOf(b.Name)] = period
				if r.Original(evidence.Twin) == b.Name {
					all[scenario][evidence.Twin] = period
				}
			}
		}
	}
	return all
}
