package bench_test

import (
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/header-auth/header-auth/bench"
	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/guest"
	"github.com/header-auth/header-auth/bench/verdict"
)

// TestSelf checks the benchmark's verdicts on modules whose difference is known. `make bench-selftest` makes as many
// runs as are needed to be sure; otherwise there are a few, which find a broken method.
func TestSelf(t *testing.T) {
	runs, mostWrong, fewest5, fewest20 := 20, 1, 18, 20
	if os.Getenv("HEADER_AUTH_SELFTEST") == "" {
		runs, mostWrong, fewest5, fewest20 = 3, 1, 0, 1
	}
	five, twenty := calibrate(t)
	different, slower5, slower20, refused := 0, 0, 0, 0
	for run := range runs {
		plan := bench.Filled(bench.SpeedPlan(), 4, 1)
		c, r := configure(t, plan, allow, named{"one", guest.Work(0)}, named{"same", guest.Work(0)},
			named{"five", guest.Work(five)}, named{"twenty", guest.Work(twenty)})
		c.Seed = uint64(run + 1)
		if err := bench.Run(t.Context(), c, r); err != nil {
			t.Fatal(err)
		}
		f := verdict.Judge(r)
		same, by5, by20 := pair(t, f, "same"), pair(t, f, "five"), pair(t, f, "twenty")
		t.Logf("run %2d: same %s, 5 %% more %s, 20 %% more %s; gate %s %v", run+1, wordOf(same), wordOf(by5), wordOf(by20),
			interval(f.Gate.Twins[0].Ratio), f.Gate.Faults)
		if same.Word == verdict.Faster || same.Word == verdict.Slower {
			different++
		}
		if by5.Word == verdict.Slower {
			slower5++
		}
		if by20.Word == verdict.Slower {
			slower20++
		}
		if !f.Gate.Passed {
			refused++
		}
	}
	t.Logf("%d runs: the same module was called different %d times (at most %d); 5 %% more work "+
		"slower %d times (at least %d), 20 %% more %d times (at least %d); the gate refused %d", runs, different, mostWrong,
		slower5, fewest5, slower20, fewest20, refused)
	if different > mostWrong || slower5 < fewest5 || slower20 < fewest20 {
		t.Error("the benchmark's verdicts do not hold")
	}
}

// calibrate finds how many rounds of work make a request of the guest take 5 and 20 % longer, in proportion
// to what many rounds take.
func calibrate(t *testing.T) (five, twenty int) {
	t.Helper()
	const many = 400
	plan := bench.SpeedPlan()
	plan.Processes = 5
	r := measure(t, plan, allow, named{"none", guest.Work(0)}, named{"many", guest.Work(many)})
	f := verdict.Judge(r)
	ratio := pair(t, f, "many").Ratio.Mid
	each := (ratio - 1) / many
	five, twenty = int(math.Round(0.05/each)), int(math.Round(0.20/each))
	t.Logf("%d rounds of work take %.2f times as long as none: 5 %% is %d rounds, 20 %% is %d", many, ratio, five, twenty)
	return five, twenty
}

// pair is a build's comparison with the first one, the build being A.
func pair(t *testing.T, f *verdict.Findings, build string) verdict.Pair {
	t.Helper()
	scenario := &f.Scenarios[0]
	p, ok := scenario.Pair(build, scenario.Pairs[0].A)
	if !ok {
		t.Fatalf("no comparison with %s in %+v", build, scenario.Pairs)
	}
	return p
}

func wordOf(p verdict.Pair) string { return fmt.Sprintf("%s %s", p.Word, interval(p.Ratio)) }

func interval(i verdict.Interval) string {
	return fmt.Sprintf("%.3f [%.3f, %.3f]", i.Mid, i.Low, i.High)
}

func TestSelfMemory(t *testing.T) {
	plan := evidence.Plan{Name: "memory", SoakRequests: 1_000_000}
	r := measure(t, plan, allow, named{"flat", guest.Work(0)}, named{"leak", guest.Leak(16)},
		named{"once", guest.Grow(1000, 8)})
	want := map[string]verdict.Growth{"flat": verdict.Flat, "leak": verdict.Leak, "once": verdict.Plateau}
	for _, m := range verdict.Judge(r).Memory {
		if m.Verdict != want[m.Build] {
			t.Errorf("%s under %s: %s (course %d), want %s", m.Build, m.Allocator, m.Verdict, m.Course, want[m.Build])
		}
		if got := m.PerRequest.Mid; m.Build == "leak" && (got < 16/1.2 || got > 16*1.2) {
			t.Errorf("it leaks %.1f bytes a request, want 16 within a factor of 1.2", got)
		}
	}
}
