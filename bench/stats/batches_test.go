package stats_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat"

	"github.com/header-auth/header-auth/bench/stats"
)

// collected are batches of requests that take 2 µs each, with a pause once in so many requests, as instances × rounds;
// each instance's level and each batch are noisy. Phase is the request, counted from the first batch, before the first
// pause; nil draws one for each instance. Truth is the mean of a request over whole cycles.
func collected(random *rand.Rand, instances, rounds, requests int, period, pause float64,
	phase *float64) (b stats.Batches, truth float64) {
	const request = 2000
	for range instances {
		at := random.Float64() * period
		if phase != nil {
			at = *phase
		}
		level := math.Exp(random.NormFloat64() * 0.02)
		row := make([]float64, rounds)
		for r := range row {
			begin, end := float64(r*requests), float64((r+1)*requests)
			pauses := math.Floor((end-at)/period) - math.Floor((begin-at)/period)
			row[r] = level * math.Exp(random.NormFloat64()*0.01) * (request + pauses*pause/float64(requests))
		}
		b = append(b, row)
	}
	return b, request + pause/period
}

// TestBatchesKeepTheCollectorsWork: whatever the period, the pause and the phase, the mean of the undisturbed batches
// is the true mean, within the error that a broken cycle explains.
func TestBatchesKeepTheCollectorsWork(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for _, period := range []float64{10, 29, 129, 1548, 6500, 10000} {
		for _, pause := range []float64{5e3, 5e4, 2.5e5, 1e6} {
			for name, phase := range map[string]*float64{"same phase in every instance": new(float64), "any phase": nil} {
				t.Run(fmt.Sprintf("%g requests, %g µs, %s", period, pause/1e3, name), func(t *testing.T) {
					const instances, rounds, requests = 80, 12, 1000
					b, truth := collected(random, instances, rounds, requests, period, pause, phase)
					clean, _ := b.Undisturbed()
					if b.Odd().Exceeds(stats.Reference{Batches: 1000}) {
						clean = b
					}
					got := stat.Mean(clean.Means(), nil) / truth
					broken := stats.CycleError(rounds*requests, period, 1-2000/truth)
					if math.Abs(got-1) > 0.01+2.5*broken {
						t.Errorf("the mean is %.4f times the truth; a broken cycle explains ±%.4f", got, broken)
					}
				})
			}
		}
	}
}

// TestBatchesLeaveOutDisturbances: what hits one batch in thirty, of any length, does not move the mean.
func TestBatchesLeaveOutDisturbances(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 1))
	b, truth := collected(random, 80, 12, 1000, 1548, 2.5e5, new(float64))
	hit, sum := 0, 0.0
	for _, row := range b {
		for r := range row {
			if random.Float64() < 1./30 {
				row[r] *= 2 + 10*random.ExpFloat64()
				hit++
			}
			sum += row[r]
		}
	}
	if raw := sum / float64(80*12) / truth; raw < 1.2 {
		t.Fatalf("the disturbances make the plain mean %.3f times the truth: too little to test anything", raw)
	}
	clean, disturbed := b.Undisturbed()
	found := 0
	for _, row := range disturbed {
		for _, d := range row {
			if d {
				found++
			}
		}
	}
	if got := stat.Mean(clean.Means(), nil) / truth; math.Abs(got-1) > 0.01 {
		t.Errorf("the mean is %.4f times the truth", got)
	}
	if found != hit {
		t.Errorf("%d of %d disturbed batches were found", found, hit)
	}
}

func TestCycleError(t *testing.T) {
	for _, test := range []struct{ n, period, share, want float64 }{
		{6000, 1500, 0.1, 0},                 // whole cycles
		{6750, 1500, 0.1, 0.1 * 0.5 / 4.5},   // half of one too many
		{500, 1500, 0.1, 0.1 * 1.4142135624}, // a third of one: sqrt(1/3·2/3)·3
		{500, 0, 0.1, 0},                     // no collector
		{0, 1500, 0.1, 0},                    // nothing measured
	} {
		equal(t, stats.CycleError(test.n, test.period, test.share), test.want)
	}
}
