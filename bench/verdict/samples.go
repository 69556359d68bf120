package verdict

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// samples are the batches of one scenario. Builds without a number are not in it.
type samples struct {
	scenario  string
	processes []int // of each instance, in order: a row of every contestant's batches
	timed     map[string]*timed
}

// timed is one contestant in one scenario.
type timed struct {
	raw       stats.Batches // a row for each instance, empty where it has none; without what all contestants had in common
	odd       stats.Reference
	means     []float64  // ns a request, by instance; NaN where it has none
	medians   []float64  // likewise: the usual batch
	replaced  float64    // share of the batches that count as disturbed, 0 to 1
	leftOut   float64    // share of the measured time that went with them, 0 to 1
	cycles    float64    // relative error of the means because they hold no whole number of collection cycles
	collected *Collector // nil: no collector is known
}

// samplesOf sorts the batches by scenario, in the report's order. tails tell of collectors.
func samplesOf(r *evidence.Report, tails []Tail) []samples {
	type key struct{ process, instance int }
	var all []samples
	for _, scenario := range r.Scenarios {
		rows := map[key]map[string]evidence.Batches{}
		for _, b := range r.Batches {
			if b.Scenario != scenario.ID || excluded(r, b.Contestant, b.Scenario).Any() {
				continue
			}
			k := key{b.Process, b.Instance}
			if rows[k] == nil {
				rows[k] = map[string]evidence.Batches{}
			}
			rows[k][b.Contestant] = b
		}
		keys := slices.SortedFunc(maps.Keys(rows), func(a, b key) int {
			return cmp.Or(cmp.Compare(a.process, b.process), cmp.Compare(a.instance, b.instance))
		})
		s := samples{scenario: scenario.ID, timed: map[string]*timed{}}
		for i, k := range keys {
			s.processes = append(s.processes, k.process)
			for contestant, b := range rows[k] {
				if s.timed[contestant] == nil {
					s.timed[contestant] = &timed{raw: make(stats.Batches, len(keys))}
				}
				s.timed[contestant].raw[i] = b.Nanos
			}
		}
		s.clear()
		for _, t := range s.timed {
			t.odd = t.raw.Odd()
			t.medians = make([]float64, len(t.raw))
			for i, row := range t.raw {
				t.medians[i] = stats.Median(row)
			}
		}
		own := s.own()
		for contestant, t := range s.timed {
			t.collected = collectorOf(r, tails, scenario.ID, contestant)
			t.settle(own, float64(batchRequests(r, scenario.ID, contestant)))
		}
		all = append(all, s)
	}
	return all
}

// collectorOf is what the latency pass found of a contestant's collector; a twin has its original's.
func collectorOf(r *evidence.Report, tails []Tail, scenario, contestant string) *Collector {
	build := r.Original(contestant)
	for _, t := range tails {
		if t.Scenario == scenario && t.Contestant == build {
			return t.Collector
		}
	}
	return nil
}

// batchRequests is how many requests each batch of a contestant had.
func batchRequests(r *evidence.Report, scenario, contestant string) int {
	for _, b := range r.Batches {
		if b.Scenario == scenario && b.Contestant == contestant && b.Requests > 0 {
			return b.Requests
		}
	}
	return r.Run.Plan.Requests
}

// clear takes out of all batches what the contestants of a round had in common: the machine was slow for all of them.
func (s *samples) clear() {
	names := slices.Sorted(maps.Keys(s.timed))
	all := make([]stats.Batches, len(names))
	for i, name := range names {
		all[i] = s.timed[name].raw
	}
	for i, b := range stats.WithoutCommon(all) {
		s.timed[names[i]].raw = b
	}
}

// own reports whether odd batches are work of some contestant itself. Then none are replaced, of any contestant: what
// disturbs all of them cancels out in a ratio, and what is taken from one alone does not.
func (s *samples) own() bool {
	return slices.ContainsFunc(slices.Sorted(maps.Keys(s.timed)), func(contestant string) bool {
		reference, ok := s.reference(contestant)
		return ok && s.timed[contestant].odd.Exceeds(reference)
	})
}

// reference is how many of a contestant's batches disturbances explain: the median of the others' shares, because one
// of them may have a collector whose pauses look like disturbances; of batches that take longer than the others', more,
// because a long batch is hit more often. ok is false for a contestant that ran alone.
func (s *samples) reference(contestant string) (reference stats.Reference, ok bool) {
	var shares, times []float64
	for _, other := range slices.Sorted(maps.Keys(s.timed)) {
		t := s.timed[other]
		if odd := t.odd; other != contestant && odd.Batches > 0 && t.usual() > 0 {
			shares, times = append(shares, float64(odd.Disturbed)/float64(odd.Batches)), append(times, t.usual())
			reference.Batches = max(reference.Batches, odd.Batches)
		}
	}
	own := s.timed[contestant].usual()
	if len(shares) == 0 || !(own > 0) {
		return reference, false
	}
	share := min(1, stats.Median(shares)*max(1, own/stats.Median(times)))
	reference.Disturbed = int(math.Round(share * float64(reference.Batches)))
	return reference, true
}

// settle makes the instances' means. own says that odd batches are the contestants' own work; the batches of an
// instance have requests requests each.
func (t *timed) settle(own bool, requests float64) {
	clean, disturbed := t.raw.Undisturbed()
	if own {
		clean = t.raw
	}
	t.means = clean.Means()
	var batches, odd, time, replaced float64
	rounds := 0
	for i, row := range t.raw {
		rounds = max(rounds, len(row))
		for r, v := range row {
			batches, time = batches+1, time+v
			if disturbed[i][r] && !own {
				odd, replaced = odd+1, replaced+v-clean[i][r]
			}
		}
	}
	t.replaced, t.leftOut = odd/max(1, batches), replaced/max(1, time)
	if c := t.collected; c != nil {
		// A collector that works beside the plugin costs more than its pauses show: quiet rounds tell how much.
		t.cycles = stats.CycleError(float64(rounds)*requests, c.Period, max(c.Share, t.raw.QuietShare()))
	} else {
		t.cycles = t.raw.RoundError()
	}
}

// has reports whether a contestant was timed.
func (s *samples) has(contestant string) bool { return s.timed[contestant] != nil }

// logRatio is the logarithm of x's mean time over y's, by process: the mean over a process's instances.
func (s *samples) logRatio(x, y string) map[int]float64 {
	return s.byProcess(x, y, func(x, y float64) float64 { return math.Log(x / y) })
}

// logTime is the logarithm of a contestant's mean time, by process.
func (s *samples) logTime(x string) map[int]float64 {
	return s.byProcess(x, x, func(x, _ float64) float64 { return math.Log(x) })
}

// difference is x's mean time less y's, by process.
func (s *samples) difference(x, y string) map[int]float64 {
	return s.byProcess(x, y, func(x, y float64) float64 { return x - y })
}

// byProcess is the mean over a process's instances of f of the means of two contestants.
func (s *samples) byProcess(x, y string, f func(x, y float64) float64) map[int]float64 {
	gathered := map[int][]float64{}
	if s.has(x) && s.has(y) {
		for i, process := range s.processes {
			if v := f(s.timed[x].means[i], s.timed[y].means[i]); !math.IsNaN(v) {
				gathered[process] = append(gathered[process], v)
			}
		}
	}
	return meansOf(gathered)
}

func meansOf(gathered map[int][]float64) map[int]float64 {
	means := map[int]float64{}
	for process, values := range gathered {
		means[process] = stat.Mean(values, nil)
	}
	return means
}

// inOrder are the values by process: a sum of floats depends on its order.
func inOrder(byProcess map[int]float64) []float64 {
	var values []float64
	for _, process := range slices.Sorted(maps.Keys(byProcess)) {
		values = append(values, byProcess[process])
	}
	return values
}

// pooled is the mean of each process over all of several scenarios.
func pooled(scenarios []map[int]float64) []float64 {
	gathered := map[int][]float64{}
	for _, s := range scenarios {
		for process, v := range s {
			gathered[process] = append(gathered[process], v)
		}
	}
	return inOrder(meansOf(gathered))
}
