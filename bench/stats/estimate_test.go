package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/header-auth/header-auth/bench/stats"
)

// TestEstimatePlus: with a known error beside that of the samples, the interval still holds the
// truth in 95 of 100 draws.
func TestEstimatePlus(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const draws = 4000
	for _, known := range []float64{0, 0.1, 0.5, 2} {
		held, found := 0, 0
		for range draws {
			samples := make([]float64, 12)
			shift := random.NormFloat64() * known
			for i := range samples {
				samples[i] = shift + random.NormFloat64()
			}
			e := stats.TrimmedMean(samples).Plus(known)
			if e.Interval(0.95).Contains(0) {
				held++
			}
			if e.P() < 0.05 {
				found++
			}
		}
		if share := float64(held) / draws; math.Abs(share-0.95) > 0.012 {
			t.Errorf("known error %g: %.3f of the intervals hold the truth", known, share)
		}
		if held+found != draws {
			t.Errorf("known error %g: P and Interval disagree in %d draws", known, draws-held-found)
		}
	}
}

func TestNext(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const draws = 4000
	for _, n := range []int{2, 3, 6} {
		held := 0
		for range draws {
			values := make([]float64, n)
			for i := range values {
				values[i] = 5 + random.NormFloat64()
			}
			if stats.Next(values, 0.95).Contains(5 + random.NormFloat64()) {
				held++
			}
		}
		if share := float64(held) / draws; math.Abs(share-0.95) > 0.012 {
			t.Errorf("%d values: %.3f of the intervals hold the next one", n, share)
		}
	}
	equal(t, stats.Next([]float64{3}, 0.95), stats.Interval{Low: nan, Mid: 3, High: nan, N: 1})
}
