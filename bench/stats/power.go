package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// MostSamples is the largest answer of SamplesFor.
const MostSamples = 10000

// SamplesFor is the least number of samples of that standard deviation with which a two-sided t-test at alpha finds,
// with the given power, that their mean differs from a value at that distance. It is at least two, and at most
// MostSamples.
func SamplesFor(deviation, distance, alpha, power float64) int {
	if deviation == 0 {
		return 2
	}
	if !(distance > 0) {
		return MostSamples
	}
	z := distuv.UnitNormal.Quantile(power)
	enough := func(n int) bool {
		return (studentQuantile(1-alpha/2, float64(n-1))+z)*deviation/math.Sqrt(float64(n)) <= distance
	}
	low, high := 1, MostSamples // low is not enough
	if !enough(high) {
		return MostSamples
	}
	for high-low > 1 {
		if mid := (low + high) / 2; enough(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}
