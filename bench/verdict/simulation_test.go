package verdict

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// reports is how many are drawn for a row of a simulation: make bench-selftest asks for as many as it takes to know.
func reports(t *testing.T, few int) int {
	if os.Getenv("HEADER_AUTH_SELFTEST") != "" {
		return 500
	}
	if testing.Short() {
		return few / 2
	}
	return few
}

// tally counts over many drawn reports what became of the first pair of the first scenario, whose truth is known.
type tally struct {
	reports, refused int
	within, ratio    int // intervals that hold the truth: of this run, of the next
	wrong            int // reports with a word that contradicts the truth, on any pair
	words            map[Word]int
}

// wrongWord reports whether a word contradicts a true log-ratio: a direction that is not there, or
// equivalence well outside the band.
func wrongWord(word Word, truth float64) bool {
	switch word {
	case Faster:
		return truth >= 0
	case Slower:
		return truth <= 0
	case Equivalent:
		return math.Abs(truth) > math.Log(1+Band)
	}
	return false
}

// simulate judges drawn reports. The run's interval is held against what this report's machine and run really are.
func simulate(w world, n int, seed uint64) tally {
	random := rand.New(rand.NewPCG(seed, 1))
	got := tally{reports: n, words: map[Word]int{}}
	for range n {
		f := Judge(w.draw(random))
		if !f.Gate.Passed {
			got.refused++
		}
		first := f.Scenarios[0].Pairs[0]
		truth := w.builds[0].mean() / w.builds[1].mean()
		if first.Within.Contains(truth) {
			got.within++
		}
		if first.Ratio.Contains(truth) {
			got.ratio++
		}
		got.words[first.Word]++
		wrong := false
		for _, s := range f.Scenarios {
			for _, p := range s.Pairs {
				a, b := w.builds[number(p.A)], w.builds[number(p.B)]
				wrong = wrong || wrongWord(p.Word, math.Log(a.mean()/b.mean()))
			}
		}
		if wrong {
			got.wrong++
		}
	}
	return got
}

func number(name string) (i int) {
	_, _ = fmt.Sscanf(name, "build%d", &i)
	return i
}

// share is a count of reports, and three standard deviations of what chance makes of an expected one.
func (g tally) share(n int) float64 { return float64(n) / float64(g.reports) }

func (g tally) chance(p float64) float64 { return 3 * math.Sqrt(p*(1-p)/float64(g.reports)) }

// covers fails a test when an interval holds the truth less often than 93 of 100 times, beyond chance.
func (g tally) covers(t *testing.T, name string, held int) {
	t.Helper()
	if share := g.share(held); share < 0.93-g.chance(0.93) {
		t.Errorf("%s holds the truth in %.1f %% of %d reports, expected 95", name, 100*share, g.reports)
	}
}

// TestCollectors: a build with a collector against one without, whatever the period and the pause. Its mean has the
// collector's work in it.
func TestCollectors(t *testing.T) {
	for _, period := range []float64{10, 100, 1548, 6500, 10000} {
		for _, pause := range []float64{5e3, 5e4, 2.5e5, 1e6} {
			for _, phased := range []bool{false, true} {
				t.Run(fmt.Sprintf("%g requests, %g µs, phased %t", period, pause/1e3, phased), func(t *testing.T) {
					t.Parallel()
					w := usualWorld(build{nanos: 2000, period: period, pause: pause}, build{nanos: 2000})
					w.scenarios, w.phased = 1, phased
					got := simulate(w, reports(t, 24), 1)
					t.Logf("within %.3f, ratio %.3f, refused %d, wrong %d, %v", got.share(got.within), got.share(got.ratio),
						got.refused, got.wrong, got.words)
					got.covers(t, "this run's interval", got.within)
					if got.share(got.wrong) > 0.05+got.chance(0.05) {
						t.Errorf("a wrong word in %d of %d reports", got.wrong, got.reports)
					}
				})
			}
		}
	}
}

// collects is about what the shipped Go builds do on a processor of today.
var collects = build{nanos: 2400, period: 1548, pause: 2.5e5}

// slower is a build whose mean is so many times that of another.
func (b build) slower(by float64) build {
	b.nanos, b.pause = b.nanos*by, b.pause*by
	return b
}

// TestEqualBuilds: reports in which all builds are one module. The gate seldom refuses, a word is seldom wrong, and the
// printed interval holds the truth as often as it says: that of the next run when runs differ,
// that of this run when not.
func TestEqualBuilds(t *testing.T) {
	for _, test := range []struct {
		name  string
		build build
		noise noise
		run   float64
	}{
		{"no collector", build{nanos: 600}, measured, 0},
		{"a collector", collects, measured, 0},
		{"a bad day", collects, rough, 0},
		{"heavy tails", build{nanos: 600}, noise{process: 0.01, instance: 0.015, round: 0.01, outlier: 0.15}, 0},
		{"disturbed processes", build{nanos: 600}, noise{process: 0.01, instance: 0.015, round: 0.01, disturbed: 0.03}, 0},
		{"runs differ", collects, measured, RunNoise},
		{"runs differ by 1 %", collects, measured, 0.01},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := usualWorld(test.build, test.build, test.build)
			w.noise = test.noise
			w.noise.run = test.run
			got := simulate(w, reports(t, 60), 2)
			t.Logf("within %.3f, ratio %.3f, refused %d, wrong %d, %v", got.share(got.within), got.share(got.ratio), got.refused,
				got.wrong, got.words)
			switch test.run {
			case 0:
				got.covers(t, "this run's interval", got.within)
			case RunNoise:
				got.covers(t, "the next run's interval", got.ratio)
			}
			if got.share(got.wrong) > 0.05+got.chance(0.05) {
				t.Errorf("a wrong word in %d of %d reports", got.wrong, got.reports)
			}
			if got.share(got.refused) > 0.03+got.chance(0.03) && test.noise.disturbed == 0 {
				t.Errorf("the gate refused %d of %d reports", got.refused, got.reports)
			}
		})
	}
}

// TestSlightlySlower: a build whose collector makes it 1 % slower is never called faster; by medians of batches it
// was, in nearly every report.
func TestSlightlySlower(t *testing.T) {
	plain := build{nanos: 2400}
	collector := build{nanos: 2376, period: 1548, pause: 1548 * 48} // 2400 · 1.01 in the mean
	got := simulate(usualWorld(collector, plain), reports(t, 60), 3)
	t.Logf("%v", got.words)
	if got.words[Faster] > 0 {
		t.Errorf("a build that is 1 %% slower is called faster in %d of %d reports", got.words[Faster], got.reports)
	}
}

// TestPower: how often a slower build is called slower. What the gate refuses counts against it.
func TestPower(t *testing.T) {
	for _, test := range []struct {
		name      string
		by        float64
		scenarios int
		noise     noise
		atLeast   float64
	}{
		{"3 % slower", 1.03, 9, measured, 0.8},
		{"3 % slower, one scenario", 1.03, 1, measured, 0.8},
		{"5 % slower on a bad day", 1.05, 9, rough, 0.8},
		{"20 % slower on a bad day", 1.2, 9, rough, 0.95},
		{"5 % slower next to a busy neighbour", 1.05, 3, noise{process: 0.01, instance: 0.015, round: 0.01, busy: 0.1,
			outlier: 0.05, disturbed: 0.03}, 0.8},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := usualWorld(collects.slower(test.by), collects)
			w.scenarios, w.noise = test.scenarios, test.noise
			got := simulate(w, reports(t, 40), 4)
			t.Logf("refused %d of %d, %v", got.refused, got.reports, got.words)
			if got.share(got.words[Slower]) < test.atLeast-got.chance(test.atLeast) || got.words[Faster] > 0 {
				t.Errorf("%v of %d reports, expected slower in %.0f %% at least", got.words, got.reports, 100*test.atLeast)
			}
		})
	}
}

// TestGateFindsBias: a twin that is really 5 % slower does not pass: neither that of the first build nor that
// of one with a collector.
func TestGateFindsBias(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 1))
	for _, twin := range []string{"(twin)", "(twin of build1)"} {
		passed := 0
		for range reports(t, 20) {
			r := usualWorld(build{nanos: 600}, collects).draw(random)
			for i := range r.Batches {
				if r.Batches[i].Contestant == twin {
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
			t.Errorf("%s: a bias of 5 %% passed in %d runs", twin, passed)
		}
	}
}

// TestLeakingBuild: its pairs have no word, whatever its time, it is in no headline and in no
// projection, and its growth is told.
func TestLeakingBuild(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 1))
	f := Judge(usualWorld(build{nanos: 600}, build{nanos: 500, leaks: true}, build{nanos: 700}).draw(random))
	for _, s := range f.Scenarios {
		for _, p := range s.Pairs {
			if leaks := p.A == "build1" || p.B == "build1"; leaks != (p.Word == Unsteady) {
				t.Errorf("%s: %s and %s: %s", s.ID, p.A, p.B, p.Word)
			}
		}
		if leaking, _ := s.Timing("build1"); leaking.Growth < 2 {
			t.Errorf("%s: its time grows by %.2f from the first half of the rounds to the last", s.ID, leaking.Growth)
		}
	}
	for _, c := range f.Headline {
		if c, ok := c.(Comparison); ok && (c.Pair.A == "build1" || c.Pair.B == "build1") {
			t.Errorf("the headline compares it: %+v", c)
		}
	}
}

// TestLeakInOneScenario: elsewhere the build has a steady time, and words.
func TestLeakInOneScenario(t *testing.T) {
	r := usualWorld(build{nanos: 600}, build{nanos: 900}).draw(rand.New(rand.NewPCG(8, 1)))
	for i, s := range r.Scenarios {
		m := soak(200_000, 2*page, leaking(1000, 0), byPages)
		if i == 1 {
			m = soak(200_000, 2*page, leaking(1000, 100), byPages)
		}
		m.Build, m.Scenario = "build1", s.ID
		r.Memory = append(r.Memory, m)
	}
	f := Judge(r)
	if m := f.Memory[0]; len(f.Memory) != 1 || m.Verdict != Leak || m.Scenario != r.Scenarios[1].ID ||
		len(m.Each) != len(r.Scenarios) {
		t.Errorf("%+v", f.Memory)
	}
	for i, s := range f.Scenarios {
		p, _ := s.Pair("build1", "build0")
		if timing, _ := s.Timing("build1"); (p.Word == Unsteady) != (i == 1) || (timing.Growth > 0) != (i == 1) {
			t.Errorf("%s: %s, growth %v", s.ID, p.Word, timing.Growth)
		}
	}
}

// TestOrderOfBuilds: the words are the same when builds.yaml names the builds the other way round.
func TestOrderOfBuilds(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 1))
	for range 20 {
		r := usualWorld(collects, collects.slower(1.028), build{nanos: 2500}).draw(random)
		one := Judge(r)
		r.Builds[1], r.Builds[2] = r.Builds[2], r.Builds[1]
		other := Judge(r)
		for i, s := range one.Scenarios {
			for _, p := range s.Pairs {
				if q, _ := other.Scenarios[i].Pair(p.A, p.B); q.Word != p.Word {
					t.Errorf("%s: %s and %s: %s in one order, %s in the other", s.ID, p.A, p.B, p.Word, q.Word)
				}
			}
		}
	}
}
