package verdict

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/header-auth/header-auth/bench/evidence"
)

// steady is so little noise that every verdict is certain.
var steady = noise{process: 0.002, instance: 0.002, round: 0.002}

func drawn(p plan, s shape, n noise) *evidence.Report {
	return draw(rand.New(rand.NewPCG(11, 1)), p, s, n)
}

func TestWords(t *testing.T) {
	for _, test := range []struct {
		name  string
		b     float64 // build1's time; build0 takes 600
		noise noise
		plan  plan
		want  Word // of build0 against build1
	}{
		{"a fifth slower", 500, steady, plan{10, 2, 10}, Slower},
		{"a fifth faster", 750, steady, plan{10, 2, 10}, Faster},
		{"the same", 600, steady, plan{10, 2, 10}, Equivalent},
		{"certain, and too small to matter", 606, steady, plan{10, 2, 10}, Equivalent},
		{"on the edge of the band", 600 / 1.03, steady, plan{10, 2, 10}, Undecided},
		{"two processes that disagree", 630, noise{process: 0.02}, plan{2, 1, 10}, Refused},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := Judge(drawn(test.plan, shape{2, []float64{600, test.b}}, test.noise))
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

// TestMore measures as many more processes as advised, and counts how often that decides the pair.
func TestMore(t *testing.T) {
	random := rand.New(rand.NewPCG(12, 1))
	decided, advised := 0, 0
	for range 60 {
		s := shape{6, []float64{600, 600 / 1.06}}
		wild := noise{process: 0.01, instance: 0.05, round: 0.02}
		pair := Judge(draw(random, plan{6, 2, 5}, s, wild)).Scenarios[0].Pairs[0]
		if pair.Word != Undecided || pair.More > 100 {
			continue
		}
		advised++
		if again := Judge(draw(random, plan{6 + pair.More, 2, 5}, s, wild)).Scenarios[0].Pairs[0]; again.Word == Slower || again.Word == Equivalent {
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
		{"no twin in one scenario", func(r *evidence.Report) { without(r, evidence.Twin, "typical/s1") }, false, GateFault{Kind: GateNotMeasured, Scenario: "typical/s1"}},
		{"nothing at all", func(r *evidence.Report) { r.Batches = nil }, false, GateFault{Kind: GateNotMeasured}},
		{"a slow twin in one scenario", func(r *evidence.Report) { slow(r, evidence.Twin, "typical/s1", 1.05) }, false, GateFault{Kind: GateBiased, Scenario: "typical/s1"}},
		{"a first build without numbers", func(r *evidence.Report) {
			r.Refused = []evidence.Refused{{Build: "build0", Reason: "wrong answers"}}
			slow(r, "build1", "", 0.5) // the twin is of build1 then
		}, true, GateFault{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := drawn(plan{10, 2, 10}, shape{2, []float64{600, 1200, 1800}}, steady)
			test.change(r)
			f := Judge(r)
			found := slices.ContainsFunc(f.Gate.Faults, func(g GateFault) bool { return g.Kind == test.fault.Kind && g.Scenario == test.fault.Scenario })
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
	one := Judge(drawn(plan{1, 4, 10}, shape{1, []float64{600, 700}}, steady))
	if one.Gate.Passed || !math.IsNaN(one.Gate.Ratio.Low) || one.Gate.Faults[0].Kind != GateOneProcess {
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
	r := drawn(plan{3, 2, 5}, shape{1, []float64{600, 800}}, noise{})
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
		{"time", rows[1].Time.Mid, 600}, {"low", rows[1].Time.Low, 600}, {"best", rows[1].Best, 600}, {"spread", rows[1].Spread, 0},
		{"over the floor", rows[1].OverFloor.Mid, 3}, {"above the floor", rows[1].AboveFloor.Mid, 400},
	} {
		if math.Abs(c.got-c.want) > 1e-6 {
			t.Errorf("%s: %v, expected %v", c.what, c.got, c.want)
		}
	}
	if rows[2].Missing != (Missing{Kind: Excluded, Refusal: "answered 200, expected 403"}) || !math.IsNaN(rows[2].Time.Mid) || len(f.Scenarios[0].Pairs) != 0 {
		t.Errorf("a refused build has numbers: %+v, pairs %v", rows[2], f.Scenarios[0].Pairs)
	}
}

// TestSlowRounds: rounds in which the floor is slow are dropped, but not all of them.
func TestSlowRounds(t *testing.T) {
	for _, test := range []struct {
		name  string
		floor []float64
		want  []int
	}{
		{"none slow", []float64{10, 11, 10, 11}, []int{0, 1, 2, 3}},
		{"two slow", []float64{10, 30, 10, 11, 13, 10}, []int{0, 2, 3, 5}},
		{"three are kept", []float64{40, 10, 30, 50, 20}, []int{1, 2, 4}},
		{"no floor", nil, []int{0, 1, 2, 3}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := block{nanos: map[string][]float64{evidence.Floor: test.floor, "a": {1, 1, 1, 1}}}
			b.choose()
			if diff := cmp.Diff(test.want, b.keep); diff != "" {
				t.Error(diff)
			}
		})
	}
	r := drawn(plan{10, 2, 10}, shape{1, []float64{600, 800}}, noise{busy: 0.5, round: 0.01})
	f := Judge(r)
	if f.Scenarios[0].Dropped < 0.3 || !slices.ContainsFunc(f.Warnings, func(w Warning) bool { return w.Kind == BusyRounds && w.Share > 0.3 }) {
		t.Errorf("dropped %v, warnings %+v", f.Scenarios[0].Dropped, f.Warnings)
	}
}

// TestEmpty: parts of the evidence may be missing; then nothing is claimed, and nothing panics.
func TestEmpty(t *testing.T) {
	f := Judge(&evidence.Report{})
	if f.Gate.Passed || len(f.Headline) != 1 {
		t.Errorf("%+v", f)
	}
	broken := drawn(plan{3, 1, 4}, shape{2, []float64{600, 700}}, steady)
	broken.Batches[0].Nanos = nil
	broken.Batches[1].Nanos = []float64{0, math.NaN(), 3}
	broken.Batches = broken.Batches[:len(broken.Batches)-2]
	broken.Tails = []evidence.Tail{{Scenario: "typical/s0", Contestant: "build0"}}
	broken.Memory = []evidence.Memory{{Build: "build0"}}
	broken.Resident = []evidence.Resident{{Build: "build0", VMs: []int{1}, Bytes: []int64{1}}}
	Judge(broken)
}

// TestInterrupted: a busy machine takes the processor away for milliseconds, from long batches more often than from
// short ones. The verdict on the builds stays the same.
func TestInterrupted(t *testing.T) {
	random := rand.New(rand.NewPCG(16, 1))
	r := draw(random, plan{12, 2, 10}, shape{3, []float64{600, 1800}}, noise{process: 0.005, instance: 0.005, round: 0.01})
	for _, s := range r.Batches {
		for i, v := range s.Nanos {
			if random.Float64() < v/4000 { // 45 % of the slow build's batches, 15 % of the fast one's
				s.Nanos[i] += 2000 + random.Float64()*8000
			}
		}
	}
	f := Judge(r)
	pair, rows := f.Scenarios[0].Pairs[0], f.Scenarios[0].Timings
	if !f.Gate.Passed || pair.Word != Faster || !pair.Ratio.Contains(1./3) || !pair.Ratio.Within(0.32, 0.35) {
		t.Errorf("gate %v, %+v", f.Gate.Faults, pair)
	}
	if rows[2].Lost < 0.35 || rows[2].Lost > 0.55 || rows[1].Lost > 0.25 {
		t.Errorf("lost %.2f and %.2f", rows[1].Lost, rows[2].Lost)
	}
}
