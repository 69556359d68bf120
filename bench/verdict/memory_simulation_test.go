package verdict

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/header-auth/header-auth/bench/evidence"
)

// arena is how a guest's memory grows when it needs more than it has.
type arena struct {
	name string
	grow func(have, need int64) int64
}

var arenas = []arena{
	{"pages", byPages},
	{"doubling", func(have, need int64) int64 {
		for have < need {
			have *= 2
		}
		return have
	}},
	{"4 MiB", func(have, need int64) int64 { return have + (need-have+4<<20-1)/(4<<20)*(4<<20) }},
}

// recorded is a soak as it is measured: with the curve that evidence keeps. Beyond the limit memory stays as it is.
func recorded(requests int, ready, limit int64, need func(n int) int64,
	grow func(have, need int64) int64) evidence.Memory {
	have := ready
	curve := evidence.NewMemoryCurve(ready)
	for n := 1; n <= requests; n++ {
		if need := need(n); need > have {
			if more := grow(have, need); more <= limit {
				have = more
			}
		}
		curve.Note(n, have)
	}
	return evidence.Memory{Build: "guest", Allocator: envoyOrder, Requests: requests, Ready: ready, Limit: limit,
		Curve: curve.UpTo(requests, have)}
}

// heap is a need that begins with a heap of some size, filled within some requests, whose garbage comes and goes.
func heap(random *rand.Rand, each float64, until int) func(n int) int64 {
	base, warm := 20e3*math.Exp(random.Float64()*5), 10*math.Exp(random.Float64()*5)
	garbage := base * 0.05 * random.Float64()
	return func(n int) int64 {
		return int64(base*(1-math.Exp(-float64(n)/warm)) + garbage*math.Abs(math.Sin(float64(n))) +
			each*float64(min(n, until)))
	}
}

// TestLeaks: leaks of a known rate in heaps of every kind. A leak is never said to be smaller than what would show, and
// one that is several times larger than that is found with its rate.
func TestLeaks(t *testing.T) {
	for _, each := range []float64{0, 2, 4, 16, 64, 594, page} {
		for _, a := range arenas {
			for _, requests := range []int{100_000, 1_000_000} {
				t.Run(fmt.Sprintf("%g bytes, %s, %d requests", each, a.name, requests), func(t *testing.T) {
					t.Parallel()
					random := rand.New(rand.NewPCG(8, uint64(each)))
					words, far := map[Growth]int{}, 0
					drawn := reports(t, 4) / 4
					if requests == 1_000_000 {
						drawn /= 2
					}
					for range max(1, drawn) {
						m := JudgeMemory(recorded(requests, 2*page<<random.IntN(4), 1<<30, heap(random, each, requests), a.grow))
						words[m.Verdict]++
						i := m.PerRequest
						switch {
						case m.Verdict == Plateau && (each > Unseen || i.High > Unseen):
							t.Errorf("a plateau of %g bytes a request: %+v", each, m)
						case m.Verdict != Leak && each > i.High:
							t.Errorf("%s: a leak of more than %g bytes would show, and it is one of %g: %+v", m.Verdict, i.High, each, m)
						case m.Verdict == Leak && each == 0:
							t.Errorf("a leak where there is none: %+v", m)
						case m.Verdict == Leak && (each < i.Low*0.97 || each > i.High*1.03):
							far++
							t.Logf("%+v", m)
						}
					}
					t.Logf("%v, %d intervals miss it", words, far)
					if far > max(1, drawn/20) {
						t.Errorf("%d of %d intervals miss the rate", far, words[Leak])
					}
					if steps := each * float64(requests) / (4 << 20); steps >= 8 && words[Leak] < max(1, drawn) {
						t.Errorf("%v: a leak of %g bytes a request is not found", words, each)
					}
				})
			}
		}
	}
}

// TestLateCaches: what fills late and is full before the end is no leak, and what fills ever
// more slowly is none either.
func TestLateCaches(t *testing.T) {
	const requests = 1_000_000
	for _, full := range []float64{0.3, 0.5, 0.7, 0.8, 0.9, 0.95} {
		for _, each := range []float64{16, 64, 594} {
			random := rand.New(rand.NewPCG(9, uint64(each)))
			m := JudgeMemory(recorded(requests, 2*page, 1<<30, heap(random, each, int(full*requests)), byPages))
			if m.Verdict == Leak {
				t.Errorf("full after %g of the requests, %g bytes each: %+v", full, each, m)
			}
		}
	}
	// of the requests, until all but 1/e is full: keys are drawn at random
	for _, scale := range []float64{0.1, 0.3, 0.5, 1, 2} {
		for _, size := range []float64{4 << 20, 40 << 20, 400 << 20} {
			for _, a := range []arena{arenas[0], arenas[2]} {
				m := JudgeMemory(recorded(requests, 2*page, 1<<30, func(n int) int64 {
					return int64(size * (1 - math.Exp(-float64(n)/(scale*requests))))
				}, a.grow))
				// of few steps, a third more or less is not seen
				if few := m.Steps < manySteps; m.Verdict == Leak && !(scale > 1 && few) {
					t.Errorf("a cache of %g bytes, at the scale of %g requests, %s: %+v", size, scale*requests, a.name, m)
				}
			}
		}
	}
}

// TestCeilings: memory that reached its limit has leaked, however fast it did, and whatever came afterwards.
func TestCeilings(t *testing.T) {
	const requests = 1_000_000
	for _, each := range []float64{1000, 64 << 10, 1 << 20, 20 << 20, 100 << 20} {
		for _, a := range arenas {
			for _, limit := range []int64{16 << 20, 1 << 30} {
				if each*3 > float64(limit) || each*requests < float64(limit) {
					continue // at its limit at once, where nothing shows its pace, or never
				}
				m := JudgeMemory(recorded(requests, page, limit, func(n int) int64 { return int64(each * float64(n)) }, a.grow))
				if m.Verdict != Leak || m.PerRequest.Mid < each/1.5 || m.PerRequest.Mid > each*1.5 || m.FullSince == 0 {
					t.Errorf("%g bytes a request in %s to %d: %s, %+v, full since %d", each, a.name, limit, m.Verdict, m.PerRequest,
						m.FullSince)
				}
			}
		}
	}
}
