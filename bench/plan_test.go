package bench_test

import (
	"testing"

	"github.com/header-auth/header-auth/bench"
	"github.com/header-auth/header-auth/bench/evidence"
)

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
