package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// StudentQuantile is the t below which the share p of Student's distribution lies.
func StudentQuantile(p, df float64) float64 {
	if df <= 0 {
		return math.NaN()
	}
	return distuv.StudentsT{Sigma: 1, Nu: df}.Quantile(p)
}

// StudentCDF is the share of Student's distribution below t.
func StudentCDF(t, df float64) float64 {
	if df <= 0 {
		return math.NaN()
	}
	return distuv.StudentsT{Sigma: 1, Nu: df}.CDF(t)
}

// MeanInterval is Student's interval of the mean of independent samples, with one degree of freedom fewer than there are
// samples. For one sample Low and High are NaN.
func MeanInterval(samples []float64, level float64) Interval {
	n := len(samples)
	i := Interval{math.NaN(), Mean(samples), math.NaN(), n}
	if n < 2 {
		return i
	}
	half := StudentQuantile(1-(1-level)/2, float64(n-1)) * Deviation(samples) / math.Sqrt(float64(n))
	i.Low, i.High = i.Mid-half, i.Mid+half
	return i
}

// GeometricInterval is the interval of the geometric mean of positive samples: Student's, of their logarithms.
func GeometricInterval(samples []float64, level float64) Interval {
	return MeanInterval(Logs(samples), level).Exp()
}

// PValue is the two-sided probability of samples whose mean is as far from zero as this one's, if that of all is zero.
// NaN for fewer than two.
func PValue(samples []float64) float64 {
	n := len(samples)
	if n < 2 {
		return math.NaN()
	}
	mean, deviation := Mean(samples), Deviation(samples)
	if deviation == 0 {
		if mean == 0 {
			return 1
		}
		return 0
	}
	return 2 * StudentCDF(-math.Abs(mean)/deviation*math.Sqrt(float64(n)), float64(n-1))
}
