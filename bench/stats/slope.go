package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// TheilSen is the median of the slopes between all pairs of points whose x differ, with the distribution-free interval
// that Sen (1968) takes from Kendall's tau. N is the number of points. Fewer than three have no interval. The time
// goes with the square of the number of points.
func TheilSen(x, y []float64, level float64) Interval {
	var slopes []float64
	for i := range x {
		for j := range i {
			if x[i] != x[j] {
				slopes = append(slopes, (y[i]-y[j])/(x[i]-x[j]))
			}
		}
	}
	slices.Sort(slopes)
	n, pairs := float64(len(x)), len(slopes)
	i := Interval{math.NaN(), Median(slopes), math.NaN(), len(x)}
	if len(x) < 3 || pairs == 0 {
		return i
	}
	z := distuv.UnitNormal.Quantile(1 - (1-level)/2)
	spread := z * math.Sqrt(n*(n-1)*(2*n+5)/18)
	low := int(math.Floor((float64(pairs) - spread) / 2))
	i.Low = slopes[max(0, low-1)]
	i.High = slopes[min(pairs-1, pairs-max(0, low))]
	return i
}

// Line is the straight line of the least squares through points: y = fixed + slope·x. NaN for fewer than two different
// x.
func Line(x, y []float64) (fixed, slope float64) {
	if len(x) == 0 || slices.Min(x) == slices.Max(x) {
		return math.NaN(), math.NaN()
	}
	return stat.LinearRegression(x, y, nil, false)
}
