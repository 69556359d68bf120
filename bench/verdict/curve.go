package verdict

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

const (
	fewestSteps = 3      // before growth is called a leak
	patience    = 2      // times the expected wait for the next step, before growth is called over
	quietShare  = 0.25   // of the requests, at least, without growth before it is called over
	stillGrows  = 1. / 3 // of the pace of all steps: the last third's is below that when growth slows down
	// of the pace of the second third of the requests: the last third's is below that when growth slows down
	keepsPace     = 0.8
	keepsPaceMany = 0.9  // the same, where many steps tell
	fewSteps      = 8    // of a slope whose interval depends on a step or two
	warmAgrees    = 0.05 // of the logarithms of two slopes: with and without the first hundredth of the requests
	manySteps     = 30
	farRatio      = 1.2 // of requests from step to step: below that, a ratio is no better word than a wait
	// between the largest and the smallest ratio of requests from step to step, when it is called constant
	sameRatio  = 1.5
	mostPoints = 500 // of a slope, whose time goes with the square of them
)

// step is a growth of memory: after so many requests, from so many bytes to so many. At that request the
// memory before it was used up.
type step struct{ requests, from, to float64 }

// fills says whether memory could not grow once more by a step like this one.
func (s step) fills(limit float64) bool {
	next := s.to + (s.to - s.from)
	if s.to > 1.4*s.from && s.from > 0 {
		next = s.to * s.to / s.from
	}
	return next > limit
}

// judgeCurve judges how one memory grew. It grows in steps and never shrinks. A step tells what a
// slope over a flat stretch
// cannot: at that request the memory before it was used up. The points (requests, bytes before) therefore lie on the
// line of what the guest needs, however large its steps are: a page, or twice all there was.
func judgeCurve(m evidence.Memory) Memory {
	found := Memory{Build: m.Build, Allocator: m.Allocator, Scenario: m.Scenario, Requests: m.Requests, Ended: m.Ended,
		Ready: m.Ready, Warm: m.Ready, End: m.Ready, Verdict: Unclear, Course: NoRequests, PerRequest: stats.None()}
	if len(m.Curve) == 0 || m.Requests == 0 {
		return found
	}
	steps := found.climb(m)
	n, limit := float64(m.Requests), float64(cmp.Or(m.Limit, memoryLimit))
	found.Steps = len(steps)
	if len(steps) == 0 {
		found.Verdict, found.Course = Flat, NeverGrew
		// a leak would have filled what there was
		found.PerRequest = Interval{Low: 0, Mid: 0, High: float64(m.Ready) / n, N: 1}
		return found
	}
	last := steps[len(steps)-1]
	found.LastStep = int(last.requests)
	if last.fills(limit) {
		// That it does not grow afterwards says nothing: there is nothing left to grow by.
		n, found.FullSince = last.requests, found.LastStep
	}
	starved := strings.HasPrefix(m.Ended, "out of memory") || m.Ended != "" && last.to >= limit/2
	cut := starved || found.FullSince > 0 && len(steps) > 1
	quiet := n - last.requests
	over := quiet >= patience*wait(steps, n)
	late := warmSteps(steps, n)
	switch {
	case found.FullSince == 0 && over && quiet >= quietShare*n:
		found.Course = Stopped
		// a leak would have filled what the last step added
		found.PerRequest = Interval{Low: 0, Mid: 0, High: (last.to - last.from) / quiet, N: len(steps)}
		if found.PerRequest.High <= Unseen {
			found.Verdict = Plateau
		}
	case !cut && (over || len(late) < fewestSteps):
		found.Course = GrewLate
		found.PerRequest = Interval{Low: 0, Mid: (last.to - float64(m.Ready)) / n, High: rate(steps, n, m.Ready),
			N: len(steps)}
	case !cut && slowed(steps):
		found.Course = SlowingDown
		found.PerRequest = Interval{Low: 0, Mid: pace(steps, len(steps)*2/3), High: pace(steps, 0), N: len(steps)}
	default:
		found.Verdict, found.Course = Leak, SteadyGrowth
		if doubles(steps) {
			found.Course = Doubling
		}
		found.leaks(steps, n)
	}
	return found
}

// warmSteps are those after the first hundredth of n requests, in which a heap finds its size.
func warmSteps(steps []step, n float64) []step {
	return slices.DeleteFunc(slices.Clone(steps), func(s step) bool { return s.requests < n/100 })
}

// climb are the steps of a curve. It notes the sizes on the way.
func (found *Memory) climb(m evidence.Memory) (steps []step) {
	points := slices.SortedStableFunc(slices.Values(m.Curve), func(a, b evidence.Point) int {
		return cmp.Compare(a.Requests, b.Requests)
	})
	for _, p := range points {
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
	return steps
}

// wait is after how many requests the next step is expected at the latest: as many as would fill what the last step
// added, at the slowest pace of the last steps, and as many as the longest wait among the later half of the steps,
// though not more than twice the usual one; where steps come at a constant ratio of requests, as many as lead to the
// next one. Of a single step, a quarter of all n requests.
func wait(steps []step, n float64) float64 {
	if len(steps) == 1 {
		return n / (2 * patience)
	}
	last := steps[len(steps)-1]
	slowest, least, most := math.Inf(1), math.Inf(1), 0.
	var waits []float64
	for i := max(1, len(steps)/2); i < len(steps); i++ {
		waits = append(waits, steps[i].requests-steps[i-1].requests)
	}
	for i := max(1, len(steps)-fewestSteps); i < len(steps); i++ {
		slowest = min(slowest, (steps[i].from-steps[i-1].from)/(steps[i].requests-steps[i-1].requests))
		ratio := steps[i].requests / steps[i-1].requests
		least, most = min(least, ratio), max(most, ratio)
	}
	wait := max(min(slices.Max(waits), 2*stats.Median(waits)), (last.to-last.from)/slowest)
	if len(steps) > fewestSteps && least > farRatio && most < sameRatio*least {
		wait = max(wait, (most-1)*last.requests)
	}
	return wait
}

// slowed says whether growth slows down: a leak keeps its pace, and a cache that fills does not.
func slowed(steps []step) bool {
	if len(steps) < 2 {
		return false
	}
	if pace(steps, len(steps)*2/3) < stillGrows*pace(steps, 0) {
		return true
	}
	end := steps[len(steps)-1].requests
	second := need(steps, end*2/3) - need(steps, end/3)
	third := need(steps, end) - need(steps, end*2/3)
	least := keepsPace
	if len(steps) >= manySteps {
		least = keepsPaceMany
	}
	return third < least*second
}

// need is how many bytes were in use after so many requests: on the line from step to step.
func need(steps []step, requests float64) float64 {
	i := slices.IndexFunc(steps, func(s step) bool { return s.requests >= requests })
	switch {
	case i < 0:
		return steps[len(steps)-1].from
	case i == 0:
		return steps[0].from * requests / steps[0].requests
	}
	a, b := steps[i-1], steps[i]
	return a.from + (b.from-a.from)*(requests-a.requests)/(b.requests-a.requests)
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

// rate is how many bytes a request may have used up at most, given a step or two.
func rate(steps []step, n float64, ready int64) float64 {
	last := steps[len(steps)-1]
	return max(last.to/n, float64(ready)/steps[0].requests)
}

// leaks fills in the rate: the slope of what was in use, over the last half of the n requests
// where enough steps lie in it.
func (found *Memory) leaks(steps []step, n float64) {
	if half := slices.IndexFunc(steps, func(s step) bool { return s.requests >= n/2 }); half >= 0 &&
		len(steps)-half >= 10 {
		steps = steps[half:]
	}
	rate := slope(steps)
	if late := warmSteps(steps, n); len(late) >= fewestSteps {
		// A heap that found its size in many steps must not be taken for the leak that came after it.
		if warm := slope(late); math.Abs(math.Log(rate.Mid/warm.Mid)) > warmAgrees {
			steps, rate = late, warm
		}
	}
	first, last := steps[0], steps[len(steps)-1]
	found.First, found.Last = UsedUp{int(first.requests), int64(first.from)}, UsedUp{int(last.requests), int64(last.from)}
	found.PerRequest, found.Lately = rate, rate.Mid
	if len(steps) >= manySteps { // of many, each is the sum of several
		found.Lately = pace(steps, len(steps)*3/4)
	} else if len(steps) > 1 {
		found.Lately = pace(steps, len(steps)-2)
	}
}

// slope is by how many bytes a request memory was used up from step to step. Its interval is Sen's (1968), of
// the slopes between all of them; where they are few, it holds the pace between the last two as well, and of
// one or two it is a guess.
func slope(steps []step) Interval {
	last := steps[len(steps)-1]
	switch len(steps) {
	case 1: // how much was in use at the beginning is not known
		return Interval{Low: 0, Mid: last.from / last.requests, High: last.to / last.requests, N: 1}
	case 2:
		mid := pace(steps, 0)
		return Interval{Low: mid / 2, Mid: mid, High: mid * 2, N: 2}
	}
	stride := 1 + len(steps)/mostPoints
	var x, before []float64
	for i := len(steps) - 1; i >= 0; i -= stride {
		x, before = append(x, steps[i].requests), append(before, steps[i].from)
	}
	i := stats.TheilSen(x, before, Confidence)
	if lately := pace(steps, len(steps)-2); len(steps) < fewSteps {
		i.Low, i.High = min(i.Low, lately), max(i.High, lately)
	}
	return Interval{Low: i.Low, Mid: i.Mid, High: i.High, N: len(steps)}
}
