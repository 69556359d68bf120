package verdict

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/header-auth/header-auth/bench/evidence"
)

// steady is so little noise that words are certain.
var steady = noise{process: 0.002, instance: 0.002, round: 0.002}

// steadyWorld is of builds without a collector.
func steadyWorld(nanos ...float64) world {
	w := usualWorld()
	for _, n := range nanos {
		w.builds = append(w.builds, build{nanos: n})
	}
	w.scenarios, w.processes, w.noise = 2, 10, steady
	return w
}

func (w world) drawn() *evidence.Report { return w.draw(rand.New(rand.NewPCG(11, 1))) }

func TestWords(t *testing.T) {
	for _, test := range []struct {
		name      string
		b         float64 // build1's time; build0 takes 600
		noise     noise
		processes int
		want      Word // of build0 against build1
	}{
		{"a fifth slower", 500, steady, 10, Slower},
		{"a fifth faster", 750, steady, 10, Faster},
		{"the same", 600, steady, 10, Equivalent},
		{"certain, and too small to matter", 606, steady, 10, Equivalent},
		{"less than two in a hundred, which runs differ by", 600 / 1.016, steady, 10, Undecided},
		{"two processes that disagree", 630, noise{process: 0.02}, 2, Refused},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := steadyWorld(600, test.b)
			w.noise, w.processes = test.noise, test.processes
			f := Judge(w.drawn())
			pair := f.Scenarios[0].Pairs[0]
			if pair.Word != test.want {
				t.Errorf("%s, expected %s: %+v, gate %v", pair.Word, test.want, pair, f.Gate.Faults)
			}
			if (pair.More > 0) != (pair.Word == Undecided) {
				t.Errorf("%s and %d more processes", pair.Word, pair.More)
			}
		})
	}
}

// TestMore takes the advice and looks whether it was any good.
func TestMore(t *testing.T) {
	random := rand.New(rand.NewPCG(12, 1))
	decided, advised := 0, 0
	for range 60 {
		w := steadyWorld(600, 600/1.06)
		w.scenarios, w.processes, w.rounds = 6, 6, 5
		w.noise = noise{process: 0.02, instance: 0.05, round: 0.02}
		pair := Judge(w.draw(random)).Scenarios[0].Pairs[0]
		if pair.Word != Undecided || pair.More > 100 {
			continue
		}
		advised++
		w.processes += pair.More
		if again := Judge(w.draw(random)).Scenarios[0].Pairs[0]; again.Word == Slower || again.Word == Equivalent {
			decided++
		}
	}
	t.Logf("%d of %d decided", decided, advised)
	if advised < 10 || decided*10 < advised*6 {
		t.Errorf("%d of %d runs with as many processes as advised decided", decided, advised)
	}
}

func TestGate(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*evidence.Report)
		passed bool
		fault  GateFault // its Ratio is not compared
	}{
		{"as it should be", func(*evidence.Report) {}, true, GateFault{}},
		{"no twin", func(r *evidence.Report) { without(r, evidence.Twin, "") }, false, GateFault{Kind: GateNotMeasured}},
		{"no twin in one scenario", func(r *evidence.Report) { without(r, evidence.Twin, "typical/s1") }, false,
			GateFault{Kind: GateNotMeasured, Scenario: "typical/s1"}},
		{"nothing at all", func(r *evidence.Report) { r.Batches = nil }, false, GateFault{Kind: GateNotMeasured}},
		{"a slow twin in one scenario", func(r *evidence.Report) { slow(r, evidence.Twin, "typical/s1", 1.05) }, false,
			GateFault{Kind: GateBiased, Scenario: "typical/s1"}},
		{"a first build without numbers", func(r *evidence.Report) {
			r.Refused = []evidence.Refused{{Build: "build0", Reason: "wrong answers"}}
			slow(r, "build1", "", 0.5) // the twin is of build1 then
		}, true, GateFault{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := steadyWorld(600, 1200, 1800).drawn()
			test.change(r)
			f := Judge(r)
			found := slices.ContainsFunc(f.Gate.Faults, func(g GateFault) bool {
				return g.Kind == test.fault.Kind && g.Scenario == test.fault.Scenario
			})
			if f.Gate.Passed != test.passed || found == test.passed {
				t.Errorf("passed: %t, %+v", f.Gate.Passed, f.Gate.Faults)
			}
			for _, s := range f.Scenarios {
				for _, p := range s.Pairs {
					if (p.Word == Refused) == test.passed {
						t.Errorf("%s: %s", s.ID, p.Word)
					}
				}
			}
		})
	}
	alone := steadyWorld(600, 700)
	alone.processes = 1
	one := Judge(alone.drawn())
	if one.Gate.Passed || !math.IsNaN(one.Gate.Twins[0].Ratio.Low) || one.Gate.Faults[0].Kind != GateOneProcess {
		t.Errorf("one process: %+v", one.Gate)
	}
}

func without(r *evidence.Report, contestant, scenario string) {
	var kept []evidence.Batches
	for _, s := range r.Batches {
		if s.Contestant != contestant || scenario != "" && s.Scenario != scenario {
			kept = append(kept, s)
		}
	}
	r.Batches = kept
}

func slow(r *evidence.Report, contestant, scenario string, factor float64) {
	for _, s := range r.Batches {
		if (contestant == "" || s.Contestant == contestant) && (scenario == "" || s.Scenario == scenario) {
			for i := range s.Nanos {
				s.Nanos[i] *= factor
			}
		}
	}
}

// TestRows checks the numbers of a report without noise.
func TestRows(t *testing.T) {
	w := steadyWorld(600, 800)
	w.scenarios, w.processes, w.noise = 1, 3, noise{}
	r := w.drawn()
	r.Refused = []evidence.Refused{{Build: "build1", Scenario: "typical/s0", Reason: "answered 200, expected 403"}}
	f := Judge(r)
	rows := f.Scenarios[0].Timings
	var names []string
	for _, row := range rows {
		names = append(names, row.Contestant)
	}
	if diff := cmp.Diff([]string{evidence.Floor, "build0", "build1", evidence.Twin}, names); diff != "" {
		t.Fatal(diff)
	}
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"time", rows[1].Time.Mid, 600}, {"low", rows[1].Time.Low, 600}, {"usual", rows[1].Usual, 600},
		{"spread", rows[1].Spread, 0}, {"over the floor", rows[1].OverFloor.Mid, 3},
		{"above the floor", rows[1].AboveFloor.Mid, 400},
	} {
		if math.Abs(c.got-c.want) > 1e-6 {
			t.Errorf("%s: %v, expected %v", c.what, c.got, c.want)
		}
	}
	if rows[2].Missing != (Missing{Kind: Excluded, Refusal: "answered 200, expected 403"}) ||
		!math.IsNaN(rows[2].Time.Mid) || len(f.Scenarios[0].Pairs) != 0 {
		t.Errorf("a refused build has numbers: %+v, pairs %v", rows[2], f.Scenarios[0].Pairs)
	}
}

// TestBusyMachine: rounds in which everything is slower change no ratio, and the reader is warned.
func TestBusyMachine(t *testing.T) {
	w := steadyWorld(600, 800)
	w.noise = noise{busy: 0.5, round: 0.01}
	f := Judge(w.drawn())
	if pair := f.Scenarios[0].Pairs[0]; pair.Word != Faster || !pair.Ratio.Contains(0.75) {
		t.Errorf("%+v", pair)
	}
	w.noise.outlier = 0.35
	if f := Judge(w.drawn()); !slices.ContainsFunc(f.Warnings, func(w Warning) bool {
		return w.Kind == BusyBatches && w.Share > 0.1
	}) {
		t.Errorf("warnings %+v", f.Warnings)
	}
}

// TestEmpty: whatever is missing, nothing panics and nothing is claimed.
func TestEmpty(t *testing.T) {
	f := Judge(&evidence.Report{})
	if f.Gate.Passed || len(f.Headline) != 1 {
		t.Errorf("%+v", f)
	}
	broken := steadyWorld(600, 700).drawn()
	broken.Batches[0].Nanos = nil
	broken.Batches[1].Nanos = []float64{0, math.NaN(), 3}
	broken.Batches = broken.Batches[:len(broken.Batches)-2]
	broken.Tails = []evidence.Tail{{Scenario: "typical/s0", Contestant: "build0"}}
	broken.Memory = []evidence.Memory{{Build: "build0"}}
	broken.Resident = []evidence.Resident{{Build: "build0", VMs: []int{1}, Bytes: []int64{1}}}
	Judge(broken)
}

// TestInterrupted: a busy machine takes the processor away for milliseconds, from long batches more often than from
// short ones. What is said about the builds stays the same.
func TestInterrupted(t *testing.T) {
	random := rand.New(rand.NewPCG(16, 1))
	w := steadyWorld(600, 1800)
	w.scenarios, w.processes, w.noise = 3, 12, noise{process: 0.005, instance: 0.005, round: 0.01}
	r := w.draw(random)
	for _, s := range r.Batches {
		for i, v := range s.Nanos {
			if random.Float64() < v/20000 { // 9 % of the slow build's batches, 3 % of the fast one's
				s.Nanos[i] += 2000 + random.Float64()*8000
			}
		}
	}
	f := Judge(r)
	pair, rows := f.Scenarios[0].Pairs[0], f.Scenarios[0].Timings
	if !f.Gate.Passed || pair.Word != Faster || !pair.Ratio.Contains(1./3) || !pair.Ratio.Within(0.31, 0.36) {
		t.Errorf("gate %v, %+v", f.Gate.Faults, pair)
	}
	if rows[2].Replaced < 0.05 || rows[2].Replaced > 0.13 || rows[1].Replaced > 0.06 {
		t.Errorf("replaced %.2f and %.2f", rows[1].Replaced, rows[2].Replaced)
	}
}
