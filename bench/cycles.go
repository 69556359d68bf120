package bench

import (
	"slices"

	"github.com/header-auth/header-auth/bench/evidence"
)

// periods are, by scenario and contestant, how many requests lie from one collection to the next; a contestant
// without a collector has none.
type periods map[string]map[string]float64

// prepare tells the tasks of batches what the latency pass, which is done by then, has found: how many requests a batch
// has so that all rounds hold whole collection cycles, and which build with a collector is timed against itself.
func (q *queue) prepare() {
	if q.config.Periods == nil {
		return
	}
	partial := evidence.Report{Builds: q.report.Builds, Scenarios: q.report.Scenarios,
		Refused: slices.Concat(q.report.Refused, q.refused)}
	for _, f := range q.found() {
		collect(&partial, f)
	}
	found := periods(q.config.Periods(&partial))
	for i := range q.tasks {
		if t := &q.tasks[i]; t.Kind == doBatches {
			t.Requests = found.requests(t.Plan)
			if build := found.collecting(t.Modules); build != "" {
				t.Twins = append(t.Twins[:1:1], build)
			}
		}
	}
}

// requests are those of a batch, for contestants with a collector.
func (p periods) requests(plan evidence.Plan) map[string]map[string]int {
	all := map[string]map[string]int{}
	for scenario, contestants := range p {
		all[scenario] = map[string]int{}
		for contestant, period := range contestants {
			all[scenario][contestant] = evidence.CycleRequests(plan.Rounds, plan.Requests, period)
		}
	}
	return all
}

// collecting is the build, other than the first, with a collector in most scenarios; the last of several in the order
// of builds. A build that leaks has none in most: its collections have no period.
func (p periods) collecting(modules []moduleFile) string {
	best, most := "", 0
	for _, m := range modules[1:] {
		n := 0
		for _, contestants := range p {
			if contestants[m.Build] > 0 {
				n++
			}
		}
		if n > 0 && n >= most {
			best, most = m.Build, n
		}
	}
	return best
}
