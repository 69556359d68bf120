package bench_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/header-auth/header-auth/bench"
	"github.com/header-auth/header-auth/bench/evidence"
)

// TestEstimate: the runs that were published took about as long as their plans are said to take.
func TestEstimate(t *testing.T) {
	files, err := filepath.Glob("result/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files of results: %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := evidence.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		took := time.Duration(r.Run.Seconds * float64(time.Second))
		said := bench.Estimate(r.Run.Plan, len(r.Builds), len(r.Scenarios))
		if said < took/2 || said > took*2 { // machines differ
			t.Errorf("%s: %v are estimated, it took %v", file, said, took)
		}
	}
	if said := bench.Estimate(bench.DefaultPlan(), 6, 9); said < 90*time.Second || said > 3*time.Minute {
		t.Errorf("the default plan for six builds: %v, expected about 2 minutes", said)
	}
	if said := bench.Estimate(bench.Filled(bench.SpeedPlan(), 1, 1), 1, 1); said > time.Minute {
		t.Errorf("speed alone of one build in one scenario: %v, expected less than a minute", said)
	}
}

func TestFilled(t *testing.T) {
	for _, test := range []struct{ builds, scenarios, want int }{
		{5, 9, 10}, // the plan as it is
		{2, 1, 30}, // three times as many
		{4, 6, 17}, // as many as take as long
		{20, 20, 10},
	} {
		if got := bench.Filled(evidence.Plan{Rounds: 10}, test.builds, test.scenarios).Rounds; got != test.want {
			t.Errorf("%d builds in %d scenarios: %d rounds, want %d", test.builds, test.scenarios, got, test.want)
		}
	}
}
