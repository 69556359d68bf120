package verdict

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// tally counts verdicts over many drawn reports.
type tally struct {
	refused, biased int          // by the gate; because it found a bias
	missed          int          // 95 % intervals of the first pair that do not contain 1
	anyFalse        int          // a pair is called different, the gate passed
	words           map[Word]int // of the first pair, the gate passed
}

func simulate(reports int, seed uint64, p plan, s shape, n noise) tally {
	random := rand.New(rand.NewPCG(seed, 1))
	t := tally{words: map[Word]int{}}
	for range reports {
		f := Judge(draw(random, p, s, n))
		first := f.Scenarios[0].Pairs[0]
		if !first.Ratio.Contains(1) {
			t.missed++
		}
		if !f.Gate.Passed {
			t.refused++
			if slices.ContainsFunc(f.Gate.Faults, func(g GateFault) bool { return g.Kind == GateBiased }) {
				t.biased++
			}
			continue
		}
		t.words[first.Word]++
		wrong := false
		for _, scenario := range f.Scenarios {
			for _, pair := range scenario.Pairs {
				wrong = wrong || pair.Word == Faster || pair.Word == Slower
			}
		}
		if wrong {
			t.anyFalse++
		}
	}
	return t
}

// TestFalseAlarms: reports in which all builds are one module. Each limit is the stated rate and three standard
// deviations of such a count of 400. The seed is fixed, so the counts never change.
func TestFalseAlarms(t *testing.T) {
	got := simulate(400, 1, plan{12, 2, 10}, shape{scenarios: 3, builds: []float64{600, 600, 600}}, realistic)
	t.Logf("400 reports of equal builds: the gate found a bias in %d and could not tell in %d more; an interval of the first pair missed 1 in %d; "+
		"a pair of nine was called different in %d; the first pair %v", got.biased, got.refused-got.biased, got.missed, got.anyFalse, got.words)
	if got.missed < 20-13 || got.missed > 20+13 {
		t.Errorf("the 95 %% interval missed in %d of 400 reports, expected 20", got.missed)
	}
	if got.anyFalse > 20+13 {
		t.Errorf("builds called different in %d of 400 reports of equal ones, expected 20 at most", got.anyFalse)
	}
	if got.biased > 4+6 {
		t.Errorf("the gate found a bias in %d of 400 reports without one, expected 4 at most", got.biased)
	}
	if got.refused > 20 {
		t.Errorf("the gate refused %d of 400 reports", got.refused)
	}
}

// TestGateFindsBias: a twin that is really 5 % slower must not pass.
func TestGateFindsBias(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 1))
	passed := 0
	for range 50 {
		r := draw(random, plan{10, 2, 10}, shape{3, []float64{600, 600}}, realistic)
		for i := range r.Batches {
			if r.Batches[i].Contestant == "(twin)" {
				for j := range r.Batches[i].Nanos {
					r.Batches[i].Nanos[j] *= 1.05
				}
			}
		}
		if Judge(r).Gate.Passed {
			passed++
		}
	}
	if passed > 0 {
		t.Errorf("a bias of 5 %% passed in %d of 50 runs", passed)
	}
}

// TestPower: how often a slower build is called slower. A report that the gate refuses counts as a miss.
func TestPower(t *testing.T) {
	for _, test := range []struct {
		name      string
		plan      plan
		shape     shape
		disturbed float64
		atLeast   int // of 200
	}{
		{"5 % slower, default plan", plan{12, 2, 10}, shape{9, []float64{630, 600}}, 0, 190},
		{"20 % slower, default plan", plan{12, 2, 10}, shape{9, []float64{720, 600}}, 0, 190},
		{"5 % slower, one scenario", plan{24, 2, 10}, shape{1, []float64{630, 600}}, 0, 195},
		{"20 % slower, one scenario", plan{24, 2, 10}, shape{1, []float64{720, 600}}, 0, 195},
		{"5 % slower, next to a busy neighbour", plan{24, 2, 10}, shape{1, []float64{630, 600}}, 0.03, 175},
	} {
		t.Run(test.name, func(t *testing.T) {
			around := realistic
			around.disturbed = test.disturbed
			got := simulate(200, 3, test.plan, test.shape, around)
			t.Logf("%+v: the gate refused %d of 200; %v", test.plan, got.refused, got.words)
			if got.words[Slower] < test.atLeast || got.words[Faster] > 0 {
				t.Errorf("%v, expected slower in at least %d", got.words, test.atLeast)
			}
		})
	}
}
