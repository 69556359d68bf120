package verdict

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/header-auth/header-auth/bench/evidence"
)

// TestCollectorOfALargeHeap: its pauses are rare, and most slow requests are the system's.
func TestCollectorOfALargeHeap(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(16, seed))
		var with, without []evidence.Tail
		for process := range 3 {
			long := single(random, "a", process, 40_000, 0)
			without = append(without, single(random, "b", process, 40_000, 0))
			for n := 1548 + random.IntN(1000); n < 40_000; n += 1548 + random.IntN(2) {
				long.Spikes = append(long.Spikes, evidence.Spike{Request: n, Nanos: 250_000 + random.Int64N(250_000)})
			}
			for n := 1000; n < 40_000; n += 1000 / (1 + random.IntN(3)) {
				long.Spikes = append(long.Spikes, evidence.Spike{Request: n, Nanos: 20_000 + random.Int64N(90_000)})
			}
			slices.SortFunc(long.Spikes, func(a, b evidence.Spike) int { return a.Request - b.Request })
			with = append(with, long)
		}
		if c := collector(with); c == nil || !near(c.Period, 1548) || c.Pause < 250_000 || c.Pause > 500_000 {
			t.Errorf("seed %d: %+v", seed, c)
		}
		if c := collector(without); c != nil {
			t.Errorf("seed %d: found %+v where nothing has a period", seed, c)
		}
	}
}

// single draws a process's requests one by one: usually 1 µs, a collector's pause each period (0: none), and what the
// system does at any time.
func single(random *rand.Rand, contestant string, process, requests, period int) evidence.Tail {
	t := evidence.Tail{Scenario: "typical/s0", Contestant: contestant, Process: process}
	counts := map[int64]int64{}
	for n := range requests {
		ns := 1000 + int64(random.IntN(3))*10
		switch {
		case period > 0 && n%period == period-1:
			ns += 50_000 + int64(random.IntN(5))*1000
		case random.IntN(5000) == 0:
			ns += 20_000 + random.Int64N(80)*1000
		}
		counts[ns]++
		t.Max = max(t.Max, ns)
		if ns > 6000 && len(t.Spikes) < keptSpikes {
			t.Spikes = append(t.Spikes, evidence.Spike{Request: n, Nanos: ns})
		}
	}
	for ns := int64(0); ns <= t.Max; ns += 10 {
		if counts[ns] > 0 {
			t.Counts = append(t.Counts, [2]int64{ns, counts[ns]})
		}
	}
	return t
}

func TestCollector(t *testing.T) {
	for _, test := range []struct {
		name             string
		requests, period int
		floor            int // period
		want             float64
		share            float64
	}{
		{"each 129 requests", 100_000, 129, 0, 129, 0.29},
		{"more pauses than are kept", 400_000, 129, 0, 129, 0.29},
		{"each 1055", 100_000, 1055, 0, 1055, 0.056},
		{"none", 100_000, 0, 0, 0, 0},
		{"too few to tell", 4000, 1055, 0, 0, 0},
		{"the floor pauses as well", 100_000, 500, 510, 0, 0},
		{"the floor has another rhythm", 100_000, 129, 510, 129, 0.29},
	} {
		t.Run(test.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(14, 1))
			r := &evidence.Report{Builds: []evidence.Build{{Name: "a"}}, Scenarios: []evidence.Scenario{{ID: "typical/s0"}}}
			for process := range 3 {
				r.Tails = append(r.Tails, single(random, "a", process, test.requests/3, test.period),
					single(random, evidence.Floor, process, test.requests/3, test.floor))
			}
			found := Judge(r).Tails
			c := found[1].Collector
			if found[0].Contestant != evidence.Floor || found[0].Collector != nil {
				t.Errorf("the floor comes first and collects nothing: %+v", found[0])
			}
			if test.want == 0 {
				if c != nil {
					t.Errorf("found %+v", c)
				}
				return
			}
			if c == nil {
				t.Fatal("none found")
			}
			if !near(c.Period, test.want) || c.Pause < 45_000 || c.Pause > 55_000 || math.Abs(c.Share-test.share) > 0.03 {
				t.Errorf("%+v", c)
			}
		})
	}
}

func TestPercentiles(t *testing.T) {
	random := rand.New(rand.NewPCG(15, 1))
	for _, test := range []struct {
		processes, requests int
		want                int // percentiles
	}{{3, 99, 1}, {1, 1000, 2}, {3, 20_000, 3}, {5, 20_000, 4}, {5, 200_000, 5}} {
		var processes []evidence.Tail
		for p := range test.processes {
			processes = append(processes, single(random, "a", p, test.requests, 129))
		}
		got := tailOf(processes)
		if len(got.Percentiles) != test.want || got.Count != int64(test.processes*test.requests) {
			t.Errorf("%d × %d: %d of %d", test.processes, test.requests, len(got.Percentiles), got.Count)
		}
		for i, p := range got.Percentiles {
			if known := p.Nanos.Known(); known != (test.processes > 1) || known &&
				(p.Nanos.Low > p.Nanos.Mid || p.Nanos.Mid > p.Nanos.High) {
				t.Errorf("%+v", p)
			}
			if i > 0 && p.Nanos.Mid < got.Percentiles[i-1].Nanos.Mid {
				t.Errorf("percentiles fall: %+v", got.Percentiles)
			}
		}
		last := got.Curve[len(got.Curve)-1]
		if last.Nanos > got.Max || got.Curve[0].P != 0 {
			t.Errorf("curve from %v to %v", got.Curve[0], last)
		}
	}
}
