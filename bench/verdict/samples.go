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

const (
	slowFloor   = 1.2 // times the floor's own tenth percentile: then something else had the processor in that round
	interrupted = 1.5 // times a contestant's own fastest batch in an instance: then it lost the processor for a while
	fewestKept  = 3   // rounds of an instance
	busyMachine = 0.3 // share of rounds dropped
)

// samples are the batches of one scenario. Builds without a number are not in it.
type samples struct {
	scenario      string
	blocks        []block
	rounds, keeps int
}

// block is one instance of every contestant in a process.
type block struct {
	process int
	nanos   map[string][]float64 // by contestant, then round
	keep    []int                // rounds
	whole   map[string][]bool    // by contestant, then round: one to keep, in which the contestant was not interrupted
}

// samplesOf sorts the batches by scenario, in the report's order, and drops the rounds in which the floor itself was
// slow.
func samplesOf(r *evidence.Report) []samples {
	type key struct {
		scenario          string
		process, instance int
	}
	found := map[key]block{}
	for _, s := range r.Batches {
		if excluded(r, s.Contestant, s.Scenario).Any() {
			continue
		}
		k := key{s.Scenario, s.Process, s.Instance}
		if _, ok := found[k]; !ok {
			found[k] = block{process: s.Process, nanos: map[string][]float64{}}
		}
		found[k].nanos[s.Contestant] = s.Nanos
	}
	keys := slices.SortedFunc(maps.Keys(found), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.process, b.process), cmp.Compare(a.instance, b.instance))
	})
	var all []samples
	for _, scenario := range r.Scenarios {
		s := samples{scenario: scenario.ID}
		for _, k := range keys {
			if k.scenario == scenario.ID {
				b := found[k]
				b.choose()
				b.trim()
				s.blocks = append(s.blocks, b)
				s.keeps += len(b.keep)
				s.rounds += b.rounds()
			}
		}
		all = append(all, s)
	}
	return all
}

func (b *block) rounds() int {
	most := 0
	for _, nanos := range b.nanos {
		most = max(most, len(nanos))
	}
	return most
}

// choose keeps the rounds in which the floor was about as fast as it can be, and at least the fastest three.
func (b *block) choose() {
	for i := range b.rounds() {
		b.keep = append(b.keep, i)
	}
	floor := b.nanos[evidence.Floor]
	if len(floor) <= fewestKept || len(floor) < len(b.keep) {
		return
	}
	slices.SortFunc(b.keep, func(i, j int) int { return cmp.Compare(floor[i], floor[j]) })
	limit := slowFloor * stats.Quantile(floor, 0.1)
	n := fewestKept
	for n < len(b.keep) && floor[b.keep[n]] <= limit {
		n++
	}
	b.keep = b.keep[:n]
	slices.Sort(b.keep)
}

// trim marks the batches that were interrupted. On a shared machine a long batch is interrupted more often than a
// short one, for the same milliseconds each time: medians of all batches would make slow builds slower than they are.
func (b *block) trim() {
	b.whole = map[string][]bool{}
	for contestant, nanos := range b.nanos {
		fastest := math.Inf(1)
		for _, v := range nanos {
			if v > 0 {
				fastest = min(fastest, v)
			}
		}
		whole := make([]bool, len(nanos))
		for i, v := range nanos {
			whole[i] = v > 0 && v <= interrupted*fastest
		}
		b.whole[contestant] = whole
	}
}

// median is the median of f over the kept rounds in which neither of two contestants was interrupted. Where those are
// fewer than three it is f of two medians: of all batches in which the one, and the other, was not interrupted. NaN
// when one has none.
func (b *block) median(x, y string, f func(x, y float64) float64) float64 {
	whole := func(contestant string, i int) bool { return i < len(b.whole[contestant]) && b.whole[contestant][i] }
	var both []float64
	for _, i := range b.keep {
		if whole(x, i) && whole(y, i) {
			both = append(both, f(b.nanos[x][i], b.nanos[y][i]))
		}
	}
	if len(both) >= fewestKept {
		return stats.Median(both)
	}
	own := func(contestant string) float64 {
		var values []float64
		for i, v := range b.nanos[contestant] {
			if whole(contestant, i) {
				values = append(values, v)
			}
		}
		return stats.Median(values)
	}
	return f(own(x), own(y))
}

// lost is the share of a contestant's batches that were interrupted.
func (s *samples) lost(contestant string) float64 {
	var all, lost float64
	for _, b := range s.blocks {
		for _, whole := range b.whole[contestant] {
			all++
			if !whole {
				lost++
			}
		}
	}
	return lost / max(1, all)
}

func logRatio(x, y float64) float64   { return math.Log(x / y) }
func difference(x, y float64) float64 { return x - y }
func logarithm(x, _ float64) float64  { return math.Log(x) }

// byProcess is the mean over a process's instances of the median over their rounds of f of two contestants.
func (s *samples) byProcess(x, y string, f func(x, y float64) float64) map[int]float64 {
	gathered := map[int][]float64{}
	for _, b := range s.blocks {
		if m := b.median(x, y, f); !math.IsNaN(m) {
			gathered[b.process] = append(gathered[b.process], m)
		}
	}
	means := map[int]float64{}
	for process, medians := range gathered {
		means[process] = stat.Mean(medians, nil)
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

// pooled is the mean of each process over several scenarios.
func pooled(scenarios []map[int]float64) []float64 {
	gathered := map[int][]float64{}
	for _, s := range scenarios {
		for process, v := range s {
			gathered[process] = append(gathered[process], v)
		}
	}
	means := map[int]float64{}
	for process, values := range gathered {
		means[process] = stat.Mean(values, nil)
	}
	return inOrder(means)
}

// has reports whether a contestant was timed.
func (s *samples) has(contestant string) bool {
	return slices.ContainsFunc(s.blocks, func(b block) bool { return len(b.nanos[contestant]) > 0 })
}

// dropped is the share of rounds left out.
func (s *samples) dropped() float64 {
	if s.rounds == 0 {
		return 0
	}
	return 1 - float64(s.keeps)/float64(s.rounds)
}
