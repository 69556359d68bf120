package verdict

import (
	"cmp"
	"math"
	"slices"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

const (
	fewestSteps = 3      // before growth is called a leak
	patience    = 2      // times the expected wait for the next step, before growth is called over
	quietShare  = 0.25   // of the requests, at least, without growth before it is called over
	stillGrows  = 1. / 3 // of the pace of all steps: the last third's is below that when growth slows down
	sameRatio   = 1.5    // between the largest and the smallest ratio of requests from step to step, when it is called constant
	mostPoints  = 500    // of a slope, whose time goes with the square of them
)

// step is a growth of linear memory: after so many requests, from so many bytes to so many.
type step struct{ requests, from, to float64 }

// memoryLimit is how many bytes Envoy gives a guest at most.
const memoryLimit = 1 << 30

// fills says whether memory could not grow once more by a step like this one.
func (s step) fills(limit int64) bool {
	next := s.to + (s.to - s.from)
	if s.to > 1.4*s.from && s.from > 0 {
		next = s.to * s.to / s.from
	}
	return next > float64(limit)
}

// Memory is a soak's verdict.
type Memory struct {
	Build, Allocator string
	Requests         int
	Ready, Warm, End int64 // bytes of linear memory: configured, after a hundredth of the requests, at the end (its peak: it never shrinks)
	Verdict          Growth
	PerRequest       Interval // bytes that memory grows by
	Course           Course   // what the verdict follows from
	Steps            int      // how often memory grew
	LastStep         int      // after how many requests it grew last
	FullSince        int      // requests after which it could not grow any more; 0: it could
	Ended            string   // why before its time, in the evidence's words
}

// Growth is a verdict on memory.
type Growth string

const (
	Leak    Growth = "leak"
	Plateau Growth = "plateau"
	Flat    Growth = "flat"
	Unclear Growth = "undecided"
)

// Course is how linear memory went over the requests.
type Course int

const (
	NoRequests   Course = iota + 1 // unclear
	NeverGrew                      // flat
	Stopped                        // plateau: long enough without growth
	GrewLate                       // unclear: too few steps, the last too recent
	SlowingDown                    // unclear: it still grows, ever more slowly
	SteadyGrowth                   // leak
	Doubling                       // leak in steps about as large as all that was there before
)

// memories judges each soak.
func memories(r *evidence.Report) []Memory {
	var found []Memory
	for _, m := range r.Memory {
		if !excluded(r, m.Build, "").Any() {
			found = append(found, JudgeMemory(m))
		}
	}
	return found
}

// JudgeMemory judges one soak. Linear memory grows in steps and never shrinks. A step tells what a slope over a flat
// stretch cannot: at that request the memory before it was used up. The points (requests, bytes before) therefore lie on
// the line of what the guest needs, however large its steps are: a page, or twice all there was.
func JudgeMemory(m evidence.Memory) Memory {
	found := Memory{Build: m.Build, Allocator: m.Allocator, Requests: m.Requests, Ended: m.Ended,
		Ready: m.Ready, Warm: m.Ready, End: m.Ready, Verdict: Unclear, Course: NoRequests, PerRequest: stats.None()}
	points := slices.SortedStableFunc(slices.Values(m.Curve), func(a, b evidence.Point) int { return cmp.Compare(a.Requests, b.Requests) })
	if len(points) == 0 || m.Requests == 0 {
		return found
	}
	var steps []step
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
	n := float64(m.Requests)
	found.Steps = len(steps)
	if len(steps) == 0 {
		found.Verdict, found.Course = Flat, NeverGrew
		found.PerRequest = Interval{Low: 0, Mid: 0, High: float64(m.Ready) / n, N: 1}
		return found
	}
	last := steps[len(steps)-1]
	found.LastStep = int(last.requests)
	if last.fills(cmp.Or(m.Limit, memoryLimit)) {
		// That it does not grow afterwards says nothing: there is nothing left to grow by.
		n, found.FullSince = last.requests, found.LastStep
	}
	cut := m.Ended != "" || found.FullSince > 0
	switch {
	case found.FullSince == 0 && !stillGrowing(steps, n):
		found.Verdict, found.Course = Plateau, Stopped
		// A leak would have filled what the last step added.
		found.PerRequest = Interval{Low: 0, Mid: 0, High: (last.to - last.from) / (n - last.requests), N: len(steps)}
	case len(steps) < fewestSteps && m.Ended == "":
		found.Course = GrewLate
		found.PerRequest = Interval{Low: 0, Mid: (last.to - float64(m.Ready)) / n, High: rate(steps, n, m.Ready), N: len(steps)}
	case slowed(steps) && !cut:
		found.Course = SlowingDown
		found.PerRequest = Interval{Low: 0, Mid: pace(steps, len(steps)*2/3), High: pace(steps, 0), N: len(steps)}
	default:
		found.Verdict, found.Course = Leak, SteadyGrowth
		if doubles(steps) {
			found.Course = Doubling
		}
		found.PerRequest = perRequest(steps, n)
	}
	return found
}

// stillGrowing says whether memory may grow again after n requests, because the last step is too recent. It is recent
// when fewer requests followed than twice as many as would have filled what that step added, at the slowest pace of
// the last steps; where steps come at a constant ratio of requests, twice as many as lead to the next one.
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

// slowed says whether the pace of the last third of the steps is less than a third of that of all.
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

// rate is how many bytes a request may have used up at most, given a step or two.
func rate(steps []step, n float64, ready int64) float64 {
	last := steps[len(steps)-1]
	return max(last.to/n, float64(ready)/steps[0].requests)
}

// perRequest is the slope of what was needed, over the last half of the requests where enough steps lie in it. Low comes
// from the sizes before each step, High from those after it: they are about the same for small steps, and differ by a
// factor of two for doubling ones.
func perRequest(steps []step, n float64) Interval {
	if half := slices.IndexFunc(steps, func(s step) bool { return s.requests >= n/2 }); half >= 0 && len(steps)-half >= 10 {
		steps = steps[half:]
	}
	stride := 1 + len(steps)/mostPoints
	var x, before, after []float64
	for i := len(steps) - 1; i >= 0; i -= stride {
		x, before, after = append(x, steps[i].requests), append(before, steps[i].from), append(after, steps[i].to)
	}
	low, high := stats.TheilSen(x, before, Confidence), stats.TheilSen(x, after, Confidence)
	return Interval{Low: min(low.Low, high.Low), Mid: low.Mid, High: max(low.High, high.High), N: len(steps)}
}
