package stats

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// MeanInterval is Student's interval of the mean of independent samples. For one sample Low and High are NaN.
func MeanInterval(samples []float64, level float64) Interval {
	n := len(samples)
	if n < 2 {
		return Interval{math.NaN(), stat.Mean(samples, nil), math.NaN(), n}
	}
	mean, deviation := stat.MeanStdDev(samples, nil)
	return Estimate{mean, deviation / math.Sqrt(float64(n)), float64(n - 1), n}.Interval(level)
}

// studentQuantile is the t below which the share p of Student's distribution lies.
func studentQuantile(p, freedom float64) float64 {
	return distuv.StudentsT{Sigma: 1, Nu: freedom}.Quantile(p)
}

// TrimmedInterval is the interval of the trimmed mean of independent samples. For one sample Low and High are NaN.
func TrimmedInterval(samples []float64, level float64) Interval {
	return TrimmedMean(samples).Interval(level)
}

// GeometricInterval is that of the trimmed mean of the samples' logarithms, as samples. They are positive.
func GeometricInterval(samples []float64, level float64) Interval {
	logs := make([]float64, len(samples))
	for i, v := range samples {
		logs[i] = math.Log(v)
	}
	return TrimmedInterval(logs, level).Exp()
}
