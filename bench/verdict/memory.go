package verdict

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

const (
	fewestSteps = 3    // before growth is called a leak
	patience    = 2    // times the wait for the next step, were growth to go on, before it is called over
	quietShare  = 0.25 // of the requests, at least, without growth before it is called over
	stillGrows  = 1. / 3
	sameRatio   = 1.5
	mostPoints  = 500 // of a slope: its time goes with the square
)

// step is a growth of linear memory: after so many requests, from so many bytes to so many.
type step struct{ requests, from, to float64 }

// memoryLimit is how many bytes Envoy gives a guest at most.
const memoryLimit = 1 << 30

// fills says whether memory could not grow once more as it did: then its silence means nothing.
func (s step) fills(limit int64) bool {
	next := s.to + (s.to - s.from)
	if s.to > 1.4*s.from && s.from > 0 {
		next = s.to * s.to / s.from
	}
	return next > float64(limit)
}

// memories judges each soak. Linear memory grows in steps and never shrinks, hence a step says what a slope over a flat
// stretch can't: at that request the memory before it was used up. The points (requests, bytes before) therefore lie on
// the line of what the guest needs, however large its steps are, a page or twice all there was.
func memories(r *evidence.Report, o Options) []Memory {
	var found []Memory
	for _, m := range r.Memory {
		if reason(r, m.Build, "") == "" {
			found = append(found, JudgeMemory(m, o))
		}
	}
	return found
}

// JudgeMemory judges one soak.
func JudgeMemory(m evidence.Memory, o Options) Memory {
	o = o.withDefaults()
	found := Memory{Build: m.Build, Allocator: m.Allocator, Requests: m.Requests, Ended: m.Ended,
		Ready: m.Ready, Warm: m.Ready, End: m.Ready, Verdict: Unclear, PerRequest: stats.None()}
	curve := slices.SortedStableFunc(slices.Values(m.Curve), func(a, b evidence.Point) int { return cmp.Compare(a.Requests, b.Requests) })
	if len(curve) == 0 || m.Requests == 0 {
		found.Why = "No request was soaked."
		return found
	}
	n := float64(m.Requests)
	var steps []step
	for _, p := range curve {
		if p.Bytes > found.End {
			if last := len(steps) - 1; last >= 0 && steps[last].requests == float64(p.Requests) {
				steps[last].to = float64(p.Bytes)
			} else {
				steps = append(steps, step{float64(p.Requests), float64(found.End), float64(p.Bytes)})
			}
			found.End = p.Bytes
		}
		if p.Requests <= m.Requests/100 {
			found.Warm = found.End
		}
	}
	full := ""
	if last := len(steps) - 1; last >= 0 && steps[last].fills(cmp.Or(m.Limit, memoryLimit)) {
		// What comes after is silence because nothing is left to grow by.
		n, full = steps[last].requests, fmt.Sprintf(" It has all the memory it can get since %s requests.", count(steps[last].requests))
	}
	switch growing := full != "" || stillGrowing(steps, n); {
	case len(steps) == 0:
		found.Verdict = Flat
		found.PerRequest = Interval{Low: 0, Mid: 0, High: float64(m.Ready) / n, N: 1}
		found.Why = fmt.Sprintf("It never grew in %s requests.", count(n))
	case !growing:
		last := steps[len(steps)-1]
		found.Verdict = Plateau
		// A leak would have filled what the last step added.
		found.PerRequest = Interval{Low: 0, Mid: 0, High: (last.to - last.from) / (n - last.requests), N: len(steps)}
		found.Why = fmt.Sprintf("It grew by %s, last after %s of %s requests, and no more.", bytes(float64(found.End-m.Ready)), count(last.requests), count(n))
	case len(steps) < fewestSteps && m.Ended == "":
		found.PerRequest = Interval{Low: 0, Mid: (steps[len(steps)-1].to - float64(m.Ready)) / n, High: rate(steps, n, m.Ready), N: len(steps)}
		found.Why = fmt.Sprintf("It grew %s, last after %s of %s requests: too late to tell whether it stops. Soak with more requests.",
			times(len(steps)), count(steps[len(steps)-1].requests), count(float64(m.Requests))) + full
	default:
		found.PerRequest = perRequest(steps, n, o)
		if slowed(steps) && m.Ended == "" && full == "" {
			found.PerRequest = Interval{Low: 0, Mid: pace(steps, len(steps)*2/3), High: pace(steps, 0), N: len(steps)}
			found.Why = fmt.Sprintf("It grew by %s and still does, ever more slowly: it may stop. Soak with more requests.", bytes(float64(found.End-m.Ready)))
			break
		}
		found.Verdict = Leak
		found.Why = fmt.Sprintf("It grew by %s in %s requests, at a pace that does not slacken.", bytes(float64(found.End-m.Ready)), count(n))
		if doubles(steps) {
			found.Why = fmt.Sprintf("It grew %s, each time by about as much as there was or more: between two steps it looks flat, and is not.", times(len(steps)))
		}
		found.Why += full
	}
	return found
}

// stillGrowing says whether growth may go on after n requests: the last step is too recent for its silence to mean
// something. It is held against how long what the last step added would have lasted at the slowest pace of late, and,
// where steps come at a constant ratio of requests, against that ratio.
func stillGrowing(steps []step, n float64) bool {
	if len(steps) == 0 {
		return false
	}
	last := steps[len(steps)-1]
	quiet := n - last.requests
	if len(steps) == 1 {
		return quiet < n/2
	}
	slowest, least, most := math.Inf(1), math.Inf(1), 0.
	for i := max(1, len(steps)-fewestSteps); i < len(steps); i++ {
		slowest = min(slowest, (steps[i].from-steps[i-1].from)/(steps[i].requests-steps[i-1].requests))
		ratio := steps[i].requests / steps[i-1].requests
		least, most = min(least, ratio), max(most, ratio)
	}
	wait := (last.to - last.from) / slowest
	if len(steps) > fewestSteps && most < sameRatio*least {
		wait = max(wait, (most-1)*last.requests)
	}
	return quiet < patience*wait || quiet < quietShare*n
}

// slowed says whether the pace of the last third of the steps is far below that of all.
func slowed(steps []step) bool {
	return len(steps) > 1 && pace(steps, len(steps)*2/3) < stillGrows*pace(steps, 0)
}

// pace is how many bytes a request used up from one step, but not the last, to the last.
func pace(steps []step, from int) float64 {
	a, b := steps[min(from, len(steps)-2)], steps[len(steps)-1]
	return (b.from - a.from) / (b.requests - a.requests)
}

// doubles says whether the last steps were each about as large as all that was there before.
func doubles(steps []step) bool {
	for _, s := range steps[max(0, len(steps)-fewestSteps):] {
		if s.to < 1.4*s.from {
			return false
		}
	}
	return true
}

// rate is the most that memory may have been used up by a request, given a step or two.
func rate(steps []step, n float64, ready int64) float64 {
	last := steps[len(steps)-1]
	return max(last.to/n, float64(ready)/steps[0].requests)
}

// perRequest is the slope of what was needed, over the last half of the requests where enough steps lie in it. Low comes
// from the sizes before each step, High from those after it: for small steps they are the same, for doubling ones twice.
func perRequest(steps []step, n float64, o Options) Interval {
	if half := slices.IndexFunc(steps, func(s step) bool { return s.requests >= n/2 }); half >= 0 && len(steps)-half >= 10 {
		steps = steps[half:]
	}
	stride := 1 + len(steps)/mostPoints
	var x, before, after []float64
	for i := len(steps) - 1; i >= 0; i -= stride {
		x, before, after = append(x, steps[i].requests), append(before, steps[i].from), append(after, steps[i].to)
	}
	low, high := stats.TheilSen(x, before, o.Confidence), stats.TheilSen(x, after, o.Confidence)
	return Interval{Low: min(low.Low, high.Low), Mid: low.Mid, High: max(low.High, high.High), N: len(steps)}
}
