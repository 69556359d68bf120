package verdict

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/header-auth/header-auth/bench/evidence"
)

const page = 64 << 10

// soak runs a guest that needs need(n) bytes after n requests, and grows when it has fewer.
func soak(requests int, ready int64, need func(n int) int64, grow func(have, need int64) int64) evidence.Memory {
	m := evidence.Memory{Build: "guest", Allocator: "envoy", Requests: requests, Ready: ready,
		Curve: []evidence.Point{{Bytes: ready}}}
	have := ready
	next := 1
	for n := 1; n <= requests; n++ {
		changed := false
		if need := need(n); need > have {
			have, changed = grow(have, need), true
		}
		if n == next || changed || n == requests {
			m.Curve = append(m.Curve, evidence.Point{Requests: n, Bytes: have})
		}
		if n == next {
			next = next*5/4 + 1
		}
	}
	return m
}

// thinned keeps points evenly on a log scale, and one change of so many besides.
func thinned(m evidence.Memory, stride int) evidence.Memory {
	kept, changes, next := m.Curve[:1], 0, 1
	for i, p := range m.Curve[1:] {
		if p.Bytes != m.Curve[i].Bytes {
			changes++
		}
		if changed := p.Bytes != m.Curve[i].Bytes; changed && changes%stride == 0 || p.Requests >= next ||
			p.Requests == m.Requests {
			kept = append(kept[:len(kept):len(kept)], p)
		}
		for next <= p.Requests {
			next = next*5/4 + 1
		}
	}
	m.Curve = kept
	return m
}

func byPages(_, need int64) int64     { return (need + page - 1) / page * page }
func byDoubling(have, _ int64) int64  { return 2 * have }
func byFour(have, _ int64) int64      { return 4 * have }
func byChunks(have, need int64) int64 { return have + 16*page }

func byPagesTo(most int64) func(int64, int64) int64 {
	return func(have, need int64) int64 { return min(byPages(have, need), most) }
}

func limited(m evidence.Memory, limit int64) evidence.Memory {
	m.Limit = limit
	return m
}

// leaking needs that many bytes a request in addition to what it starts with.
func leaking(start, each int64) func(int) int64 {
	return func(n int) int64 { return start + int64(n)*each }
}

func TestMemory(t *testing.T) {
	const million = 1_000_000
	for _, test := range []struct {
		name   string
		soak   evidence.Memory
		want   Growth
		mid    float64 // bytes a request
		factor float64 // that the estimate may be off by
	}{
		{"never grows", soak(million, page, func(int) int64 { return 1000 }, byPages), Flat, 0, 1},
		{"once, at once", soak(million, page, func(int) int64 { return page + 1 }, byPages), Plateau, 0, 1},
		{"once, after a while", soak(million, page, func(n int) int64 { return page + min(int64(n)/50_000, 1) }, byPages),
			Plateau, 0, 1},
		{"once, half way and later", soak(million, page, func(n int) int64 { return page + min(int64(n)/700_000, 1) },
			byPages), Unclear, 0.07, 2},
		{"a heap that finds its size",
			soak(million, page, func(n int) int64 { return page + int64(4e6*(1-math.Exp(-float64(n)/5000))) }, byPages),
			Plateau, 0, 1},
		{"a heap that doubles to its size: two bytes a request could still leak",
			soak(million, page, func(n int) int64 { return page + min(int64(n)*100, 3_000_000) }, byDoubling), Unclear, 0, 1},
		{"a cache that fills up half way", soak(million, page, func(n int) int64 { return page + min(int64(n), 500_000)*16 },
			byPages), Plateau, 0, 1},
		{"16 bytes in pages", soak(million, page, leaking(1000, 16), byPages), Leak, 16, 1.01},
		{"16 bytes in chunks of a MiB", soak(million, page, leaking(1000, 16), byChunks), Leak, 16, 1.2},
		{"16 bytes, doubling", soak(million, 2*page, leaking(1000, 16), byDoubling), Leak, 16, 1.2},
		{"16 bytes, times four", soak(million, 2*page, leaking(1000, 16), byFour), Leak, 16, 1.2},
		{"341 bytes, doubling", soak(million, 2*page, leaking(90_000, 341), byDoubling), Leak, 341, 1.2},
		{"352 bytes in pages, a long soak", soak(4*million, 2*page, leaking(90_000, 352), byPages), Leak, 352, 1.01},
		{"1 byte in pages", soak(million, page, leaking(1000, 1), byPages), Leak, 1, 1.05},
		{"16 bytes, a mature heap first", soak(million, 20*page, leaking(1000, 16), byDoubling), Leak, 16, 1.2},
		{"ever more slowly", soak(million, page, func(n int) int64 { return page * int64(1+math.Log2(float64(n))/2) },
			byPages), Unclear, 0.2, 5},
		{"16 bytes in pages, few points kept", thinned(soak(million, page, leaking(1000, 16), byPages), 16), Leak, 16, 1.1},
		{"352 bytes in pages, few points kept", thinned(soak(million, 2*page, leaking(90_000, 352), byPages), 64), Leak,
			352, 1.05},
		{"a cache that fills up, few points kept",
			thinned(soak(million, page, func(n int) int64 { return page + min(int64(n), 400_000)*16 }, byPages), 16),
			Plateau, 0, 1},
		{"a page a request, until there are no more", soak(million, page, leaking(0, page), byPagesTo(1<<30)), Leak,
			page, 1.01},
		{"16 bytes, until a limit of its own is full", limited(soak(million, page, leaking(1000, 16), byPagesTo(4<<20)),
			4<<20), Leak, 16, 1.01},
		{"doubling, until once more is too much", limited(soak(million, page, leaking(1000, 64),
			func(have, _ int64) int64 { return have * (1 + min(1, 30<<20/(2*have))) }), 30<<20), Leak, 64, 1.2},
		{"all there is, at once", soak(million, page, func(int) int64 { return 1 << 30 }, byPages), Unclear, math.NaN(), 1},
		{"no requests", evidence.Memory{Build: "guest"}, Unclear, math.NaN(), 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := JudgeMemory(test.soak)
			i := got.PerRequest
			t.Logf("%s: %.4g (%.4g to %.4g, %d) bytes a request, %d to %d to %d bytes. course %d", got.Verdict, i.Mid, i.Low,
				i.High, i.N, got.Ready, got.Warm, got.End, got.Course)
			if got.Verdict != test.want {
				t.Errorf("%s, expected %s", got.Verdict, test.want)
			}
			if math.IsNaN(test.mid) {
				return
			}
			if i.Mid < test.mid/test.factor || i.Mid > test.mid*test.factor {
				t.Errorf("%v bytes a request, expected %v", i.Mid, test.mid)
			}
			if test.want == Leak && (test.mid < i.Low*0.99 || test.mid > i.High*1.01) {
				t.Errorf("%v bytes a request are not within %v to %v", test.mid, i.Low, i.High)
			}
			if got.Course == 0 || (test.want != Leak && i.Low > 0) {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestNoisyLeak: a collector runs now and then, and memory grows in steps of any size.
func TestNoisyLeak(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 1))
	extra := int64(0)
	got := JudgeMemory(soak(1_000_000, 4*page, func(n int) int64 {
		if n%1000 == 0 {
			extra = random.Int64N(200_000) // garbage not yet collected
		}
		return int64(n)*16 + extra
	}, byPages))
	t.Logf("%+v", got)
	if got.Verdict != Leak || got.PerRequest.Mid < 16/1.2 || got.PerRequest.Mid > 16*1.2 {
		t.Errorf("%s, %v", got.Verdict, got.PerRequest)
	}
}

// TestOutOfMemory: a guest that ran out of memory has leaked, even if it grew in few steps.
func TestOutOfMemory(t *testing.T) {
	m := soak(10_000, 256<<20, leaking(0, 100_000), byDoubling)
	m.Ended = "out of memory after 10000 requests"
	if got := JudgeMemory(m); got.Verdict != Leak {
		t.Errorf("%+v", got)
	}
}

// TestTinyGosLeak judges a curve that was measured: TinyGo's exported malloc keeps every block, and the
// heap doubles to its limit.
func TestTinyGosLeak(t *testing.T) {
	m := evidence.Memory{Build: "tinygo", Allocator: envoyOrder, Requests: 1_740_000, Ready: 128 << 10,
		Ended: "stalled after 1740000 requests, at 1024 MiB: fewer than 20000 more in 1m0s",
		Curve: []evidence.Point{{Bytes: 128 << 10}}}
	for _, p := range [][2]int{{55, 256 << 10}, {280, 512 << 10}, {745, 1024 << 10}, {1607, 2048 << 10},
		{3398, 4096 << 10}, {6938, 8192 << 10}, {14007, 16384 << 10}, {28140, 32768 << 10}, {56391, 65536 << 10},
		{112905, 131072 << 10}, {225928, 262144 << 10}, {449348, 524288 << 10}, {884374, 1048576 << 10}} {
		m.Curve = append(m.Curve, evidence.Point{Requests: p[0], Bytes: int64(p[1])})
	}
	got := JudgeMemory(m)
	i := got.PerRequest
	t.Logf("%+v", got)
	if got.Verdict != Leak || got.Course != Doubling || math.Abs(i.Mid-594) > 1 || math.Abs(i.Low-593) > 0.1 ||
		math.Abs(i.High-597.2) > 0.1 || math.Abs(got.Lately-617) > 1 {
		t.Errorf("%s, %v, lately %v", got.Verdict, i, got.Lately)
	}
	told := float64(got.Last.Bytes-got.First.Bytes) / float64(got.Last.Requests-got.First.Requests)
	if math.Abs(told/i.Mid-1) > 0.05 {
		t.Errorf("%+v to %+v are %v bytes a request, and it is said to be %v", got.First, got.Last, told, i.Mid)
	}
}
