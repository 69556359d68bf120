package verdict

import (
	"cmp"
	"slices"

	"github.com/header-auth/header-auth/bench/evidence"
)

// Memory is the verdict on a build's memory under one order of allocators: that of the worst of the scenarios that were
// soaked.
type Memory struct {
	Build, Allocator string
	// the worst one; "": an older report's, the first that is allowed and the first that is refused in turn
	Scenario string
	Requests int
	// bytes of linear memory: configured, after a hundredth of the requests, at the end (its peak: it never shrinks)
	Ready, Warm, End int64
	Verdict          Growth
	// bytes that memory grows by; where nothing leaks, High is the least leak that would have shown
	PerRequest  Interval
	Course      Course   // what the verdict follows from
	Steps       int      // how often memory grew
	LastStep    int      // after how many requests it grew last
	First, Last UsedUp   // of a leak: the two ends of what its rate is taken from
	Lately      float64  // of a leak: bytes a request between the last two steps
	FullSince   int      // requests after which it could not grow any more; 0: it could
	Ended       string   // why before its time, in the evidence's words
	Host        *Memory  // what the host keeps for the plugin: shared data, queues, metrics; nil: it never grew
	Each        []Memory // every scenario that was soaked, in the report's order
}

// UsedUp says after how many requests so many bytes of memory were in use, and more were needed.
type UsedUp struct {
	Requests int
	Bytes    int64
}

// Growth is a verdict on memory.
type Growth string

const (
	Leak    Growth = "leak"
	Plateau Growth = "plateau"
	Flat    Growth = "flat"
	Unclear Growth = "undecided"
)

// Course is how memory went over the requests.
type Course int

const (
	NoRequests Course = iota + 1 // unclear
	NeverGrew                    // flat
	// plateau: long enough without growth. Unclear where a leak of more than a byte a request would not show
	Stopped
	GrewLate     // unclear: too few steps, or the last too recent
	SlowingDown  // unclear: it still grows, ever more slowly
	SteadyGrowth // leak
	Doubling     // leak in steps about as large as all that was there before
	HostGrows    // leak, of what the host keeps for the plugin
)

// Unseen is how many bytes a request a leak may be that a plateau leaves open.
const Unseen = 1

// worse orders verdicts: leaks first, by their rate; then what is undecided, and what would show least.
func worse(a, b Memory) int {
	rank := []Growth{Leak, Unclear, Plateau, Flat}
	by := cmp.Compare(slices.Index(rank, a.Verdict), slices.Index(rank, b.Verdict))
	if a.Verdict == Leak {
		by = cmp.Or(by, cmp.Compare(b.PerRequest.Mid, a.PerRequest.Mid))
	}
	return cmp.Or(by, cmp.Compare(b.PerRequest.High, a.PerRequest.High))
}

// memories judges each build under each order of allocators.
func memories(r *evidence.Report) []Memory {
	type key struct{ build, allocator string }
	var keys []key
	judged := map[key][]Memory{}
	for _, m := range r.Memory {
		if excluded(r, m.Build, m.Scenario).Any() {
			continue
		}
		k := key{m.Build, m.Allocator}
		if judged[k] == nil {
			keys = append(keys, k)
		}
		judged[k] = append(judged[k], JudgeMemory(m))
	}
	var found []Memory
	for _, k := range keys {
		worst := slices.MinFunc(judged[k], worse)
		worst.Each = judged[k]
		found = append(found, worst)
	}
	return found
}

// JudgeMemory judges one soak: linear memory, and what the host keeps for the plugin.
func JudgeMemory(m evidence.Memory) Memory {
	found := judgeCurve(m)
	if len(m.Kept) < 2 {
		return found
	}
	kept := m
	kept.Ready, kept.Limit, kept.Curve, kept.Ended = m.Kept[0].Bytes, keptLimit, m.Kept, ""
	host := judgeCurve(kept)
	if host.Steps == 0 {
		return found
	}
	found.Host = &host
	if host.Verdict == Leak && found.Verdict != Leak {
		found.Verdict, found.Course, found.PerRequest = Leak, HostGrows, host.PerRequest
		found.First, found.Last, found.Lately, found.FullSince = host.First, host.Last, host.Lately, host.FullSince
	}
	return found
}

// memoryLimit is how many bytes Envoy gives a guest at most; keptLimit is how many the project's host keeps for it.
const (
	memoryLimit = 1 << 30
	keptLimit   = 128 << 20
)
