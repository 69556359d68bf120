package verdict

import (
	"math"
	"slices"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

const (
	fewestGaps = 4    // of one length: five pauses in a row
	sameGap    = 0.1  // of the period: gaps that differ by no more are of one length
	periodic   = 0.6  // share of the spikes after which the next one comes one period later
	spikeAt    = 6    // times the median: what evidence.Tail calls a spike
	keptSpikes = 1000 // by evidence.Tail
	levels     = 7    // of height at which pauses are looked for
	fewestHigh = 10   // gaps of one length above the first level: with seven levels chance is found more often
)

// gap is the number of requests from a spike to the next, or to the one after it: another spike may lie between two
// pauses.
type gap struct {
	requests   float64
	from, upto spikeID
}

type spikeID struct{ process, number int }

// collector finds the pauses of a garbage collector among the slow requests: one pause comes about as many requests
// after the other each time, because each request allocates about as much. Interruptions by the system come at any
// time. Where those are too many, pauses are looked for among the requests that are twice as slow, four times, and so
// on: the pauses of a large heap are rare and long. It is nil when there is no period.
func collector(processes []evidence.Tail) *Collector {
	slow := make([][]evidence.Spike, len(processes))
	for i, t := range processes {
		slow[i] = t.Spikes
	}
	found := rhythm(processes, slow, fewestGaps)
	for level := 1; found == nil && level < levels; level++ {
		for i, t := range processes {
			least := stats.BucketQuantile(t.Counts, 0.5) * spikeAt * math.Pow(2, float64(level))
			slow[i] = slices.DeleteFunc(slices.Clone(slow[i]), func(s evidence.Spike) bool { return float64(s.Nanos) < least })
		}
		found = rhythm(processes, slow, fewestHigh)
	}
	return found
}

// rhythm is the collector whose pauses come with one period among the slow requests of each process; nil when none do.
func rhythm(processes []evidence.Tail, slow [][]evidence.Spike, fewest int) *Collector {
	var gaps []gap
	starts := 0
	for p, spikes := range slow {
		for i, s := range spikes {
			for next := i + 1; next <= i+2 && next < len(spikes); next++ {
				gaps = append(gaps, gap{float64(spikes[next].Request - s.Request), spikeID{p, i}, spikeID{p, next}})
			}
			if i+1 < len(spikes) {
				starts++
			}
		}
	}
	slices.SortStableFunc(gaps, func(a, b gap) int { return int(a.requests - b.requests) })
	enough := max(fewest, int(math.Ceil(periodic*float64(starts))))
	alike := shortest(gaps, enough)
	if len(alike) == 0 {
		return nil
	}
	found := &Collector{}
	var lengths, pauses []float64
	periods, typicals := make([][]float64, len(slow)), make([][]float64, len(slow)) // by process
	pausing := map[spikeID]bool{}
	for _, g := range alike {
		lengths = append(lengths, g.requests)
		periods[g.from.process] = append(periods[g.from.process], g.requests)
		pausing[g.from], pausing[g.upto] = true, true
	}
	var paused, total float64
	for p, t := range processes {
		usual := stats.BucketQuantile(t.Counts, 0.5)
		for i, s := range slow[p] {
			if pausing[spikeID{p, i}] {
				pauses = append(pauses, float64(s.Nanos)-usual)
				typicals[p] = append(typicals[p], float64(s.Nanos)-usual)
				paused += float64(s.Nanos) - usual
			}
		}
		// Only the first spikes are kept: their share is of the time up to the last of them.
		covered := 1.0
		if len(t.Spikes) >= keptSpikes {
			covered = min(1, float64(t.Spikes[len(t.Spikes)-1].Request+1)/float64(stats.Count(t.Counts)))
		}
		total += duration(t.Counts) * covered
	}
	found.Period, found.Pause, found.Max, found.Share = stats.Median(lengths), stats.Median(pauses), slices.Max(pauses),
		paused/total
	found.Periods, found.Pauses = overProcesses(periods), overProcesses(typicals)
	if found.Period < 2 {
		return nil // slow requests in a row are no period
	}
	return found
}

// overProcesses is the interval of the median of a fresh process, from those of which there is something.
func overProcesses(values [][]float64) Interval {
	var medians []float64
	for _, v := range values {
		if len(v) > 0 {
			medians = append(medians, stats.Median(v))
		}
	}
	return typical(medians, Confidence)
}

// shortest returns, of gaps sorted by length, those around the least length that occurs after enough spikes. Multiples
// of a period occur as often, and are longer.
func shortest(gaps []gap, enough int) []gap {
	high := 0
	for low := range gaps {
		for high < len(gaps) && gaps[high].requests*(1-sameGap) <= gaps[low].requests*(1+sameGap) {
			high++
		}
		seen := map[spikeID]bool{}
		if high-low < enough {
			continue
		}
		for _, g := range gaps[low:high] {
			seen[g.from] = true
		}
		if len(seen) >= enough {
			return gaps[low:high]
		}
	}
	return nil
}

// duration is the time of all requests of a histogram, in ns.
func duration(buckets [][2]int64) float64 {
	sum := 0.0
	for _, b := range buckets {
		sum += float64(b[0]) * float64(b[1])
	}
	return sum
}

func near(gap, period float64) bool { return math.Abs(gap-period) <= sameGap*period }
