package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// OrderInterval is the distribution-free interval of the p-quantile, p from 0 to 1, of the population that the samples
// are from. Its bounds are two of the samples: the quantile lies between them with at least the level's probability
// (David and Nagaraja, Order Statistics, 7.1). Where there are too few samples for that, it has no bounds: five or
// fewer, for a median and a level of 0.95.
func OrderInterval(samples []float64, p, level float64) Interval {
	n := len(samples)
	i := Interval{math.NaN(), Quantile(samples, p), math.NaN(), n}
	if n == 0 {
		return i
	}
	below := distuv.Binomial{N: float64(n), P: p} // samples below the quantile
	tail := (1 - level) / 2
	low := 0 // how many of the least samples may be left out
	for low+1 < n && below.CDF(float64(low)) <= tail {
		low++
	}
	high := 0 // how many of the greatest
	for high+1 < n && 1-below.CDF(float64(n-1-high)) <= tail {
		high++
	}
	if low == 0 || high == 0 {
		return i
	}
	sorted := slices.Sorted(slices.Values(samples))
	i.Low, i.High = sorted[low-1], sorted[n-high]
	return i
}
