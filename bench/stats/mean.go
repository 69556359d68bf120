package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// MeanInterval is Student's interval of the mean of independent samples. For one sample Low and High are NaN.
func MeanInterval(samples []float64, level float64) Interval {
	mean, deviation := stat.MeanStdDev(samples, nil)
	n := float64(len(samples))
	return student(mean, deviation/math.Sqrt(n), n-1, level, len(samples))
}

// student is the interval of an estimate with that standard error and so many degrees of freedom.
func student(mid, err, freedom, level float64, n int) Interval {
	if n < 2 {
		return Interval{math.NaN(), mid, math.NaN(), n}
	}
	half := studentQuantile(1-(1-level)/2, freedom) * err
	return Interval{mid - half, mid, mid + half, n}
}

// studentQuantile is the t below which the share p of Student's distribution lies.
func studentQuantile(p, freedom float64) float64 {
	return distuv.StudentsT{Sigma: 1, Nu: freedom}.Quantile(p)
}

const (
	trim       = 0.1 // the share of the samples that is left out at each end
	fewestTrim = 16  // samples; with fewer, the lost degrees of freedom widen an interval more than an outlier would
)

// trimmed is the mean of samples without the tenth of them at either end, its standard error and its degrees of
// freedom: Yuen, The two-sample trimmed t for unequal population variances, Biometrika 1974. One disturbed sample in
// ten makes Student's interval too wide to be of use, and this one hardly wider. Fewer than sixteen samples are not
// trimmed: then it is Student's.
func trimmed(samples []float64) (mean, err, freedom float64) {
	n := len(samples)
	cut := 0
	if n >= fewestTrim {
		cut = int(trim * float64(n))
	}
	sorted := slices.Sorted(slices.Values(samples))
	core := sorted[cut : n-cut]
	winsorized := slices.Clone(sorted)
	for i := range cut {
		winsorized[i], winsorized[n-1-i] = core[0], core[len(core)-1]
	}
	left := 1 - 2*float64(cut)/float64(n)
	return stat.Mean(core, nil), stat.StdDev(winsorized, nil) / (left * math.Sqrt(float64(n))), float64(len(core) - 1)
}

// TrimmedInterval is the interval of the trimmed mean of independent samples. For one sample Low and High are NaN.
func TrimmedInterval(samples []float64, level float64) Interval {
	mean, err, freedom := trimmed(samples)
	return student(mean, err, freedom, level, len(samples))
}

// GeometricInterval is that of the trimmed mean of the samples' logarithms, as samples. They are positive.
func GeometricInterval(samples []float64, level float64) Interval {
	logs := make([]float64, len(samples))
	for i, v := range samples {
		logs[i] = math.Log(v)
	}
	return TrimmedInterval(logs, level).Exp()
}

// TrimmedDeviation is the standard deviation of samples without outliers whose interval would be as wide. NaN for fewer
// than two.
func TrimmedDeviation(samples []float64) float64 {
	_, err, _ := trimmed(samples)
	return err * math.Sqrt(float64(len(samples)))
}

// PValue is the two-sided probability that samples have a trimmed mean as far from zero as these, if the true mean is
// zero. NaN for fewer than two.
func PValue(samples []float64) float64 {
	if len(samples) < 2 {
		return math.NaN()
	}
	mean, err, freedom := trimmed(samples)
	if err == 0 {
		if mean == 0 {
			return 1
		}
		return 0
	}
	return 2 * distuv.StudentsT{Sigma: 1, Nu: freedom}.CDF(-math.Abs(mean)/err)
}
