package verdict

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/header-auth/header-auth/bench/evidence"
)

// measuredTail draws a process's requests one by one, and returns them with the evidence of them. A pause that grows
// with the heap comes at 1, 2, 4, 8 … times the period.
func measuredTail(random *rand.Rand, process, requests, period int, pause float64, grows bool) (evidence.Tail,
	[]float64) {
	t := evidence.Tail{Scenario: "typical/s0", Contestant: "a", Process: process}
	counts := map[int64]int64{}
	var all []float64
	next := period
	for n := range requests {
		ns := 1000 + random.Int64N(30)*10
		switch {
		case period > 0 && n == next && grows:
			ns += int64(pause * float64(n) / float64(period))
			next *= 2
		case period > 0 && n == next:
			ns += int64(pause)
			next += period
		case random.IntN(5000) == 0:
			ns += 20_000 + random.Int64N(80)*1000
		}
		counts[ns]++
		all = append(all, float64(ns))
		t.Max = max(t.Max, ns)
		if ns > 6*1150 && len(t.Spikes) < keptSpikes {
			t.Spikes = append(t.Spikes, evidence.Spike{Request: n, Nanos: ns})
		}
	}
	for ns, n := range counts {
		t.Counts = append(t.Counts, [2]int64{ns, n})
	}
	slices.SortFunc(t.Counts, func(a, b [2]int64) int { return int(a[0] - b[0]) })
	return t, all
}

// queued sends requests at a constant rate, half of what they can take, and returns how long each takes until its
// answer: Lindley's recursion, request by request.
func queued(services []float64) []float64 {
	sum := 0.
	for _, s := range services {
		sum += s
	}
	interval := sum / float64(len(services)) / load
	wait := 0.
	var answered []float64
	for _, s := range services {
		answered = append(answered, wait+s)
		wait = max(0, wait+s-interval)
	}
	slices.Sort(answered)
	return answered
}

// TestOpenLoop compares with a queue of the very requests, of which the evidence has the slow ones alone.
func TestOpenLoop(t *testing.T) {
	for _, test := range []struct {
		name   string
		period int
		pause  float64
		grows  bool
	}{
		{"no collector", 0, 0, false},
		{"a short pause, often", 129, 50e3, false},
		{"a long pause, seldom", 6500, 1e6, false},
		{"a pause that grows with the heap", 100, 50e3, true},
		{"a pause as long as all others together", 20_000, 40e6, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(11, 1))
			var processes []evidence.Tail
			var truth [2][]float64
			for p := range 4 {
				tail, all := measuredTail(random, p, 40_000, test.period, test.pause, test.grows)
				processes = append(processes, tail)
				answered := queued(all)
				for i, q := range []float64{0.99, 0.999} {
					truth[i] = append(truth[i], answered[int(math.Ceil(q*float64(len(answered))))-1])
				}
			}
			got := tailOf(processes).Open
			if len(got.Percentiles) != 2 {
				t.Fatalf("%+v", got)
			}
			for i, p := range got.Percentiles {
				want := typical(truth[i], Confidence).Mid
				t.Logf("p%v: %.0f [%.0f, %.0f], truly %.0f", p.P, p.Nanos.Mid, p.Nanos.Low, p.Nanos.High, want)
				if math.Abs(math.Log(p.Nanos.Mid/want)) > 0.03 || !p.Nanos.Known() || p.Nanos.Low > p.Nanos.Mid ||
					p.Nanos.Mid > p.Nanos.High {
					t.Errorf("p%v is %+v, and truly %v", p.P, p.Nanos, want)
				}
			}
		})
	}
}

// TestSlowRequests: their share needs no period, and a pause that grows with the heap has none.
func TestSlowRequests(t *testing.T) {
	for _, test := range []struct {
		name     string
		period   int
		pause    float64
		grows    bool
		share    float64
		collects bool
	}{
		{"no collector", 0, 0, false, 0.01, false},
		{"each 129 requests", 129, 50e3, false, 0.26, true},
		{"a heap that grows", 100, 50e3, true, 0.3, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(12, 1))
			var processes []evidence.Tail
			for p := range 5 {
				tail, all := measuredTail(random, p, 40_000, test.period, test.pause, test.grows)
				processes = append(processes, tail)
				slow, sum := 0., 0.
				for _, ns := range all {
					sum += ns
					if ns > 6*1150 {
						slow += ns
					}
				}
				if s := slowOf(processes[p:]).OfTime.Mid; math.Abs(s-slow/sum) > 0.002 {
					t.Errorf("process %d: %v of the time, truly %v", p, s, slow/sum)
				}
			}
			s := slowOf(processes)
			t.Logf("%+v", s)
			if !s.OfTime.Known() || s.OfTime.Low < 0 || s.OfTime.High > 1 || s.OfTime.Mid < test.share/2 || s.Longer.N == 0 {
				t.Errorf("%+v", s)
			}
			if c := collector(processes); (c != nil) != test.collects || c != nil &&
				(math.Abs(c.Periods.Mid-c.Period) > 1 || !c.Pauses.Known()) {
				t.Errorf("%+v", c)
			}
		})
	}
}
