package stats

import (
	"math"
	"slices"

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

const (
	trim       = 0.1 // the share of the samples that is left out at each end
	fewestTrim = 16  // samples; with fewer, the freedom that is lost widens an interval more than an outlier would
)

// trimmed is the mean of samples without the tenth of them at either end, and its standard error and degrees of freedom:
// Yuen, The two-sample trimmed t for unequal population variances, Biometrika 1974. One sample in ten that something
// disturbed widens Student's interval to uselessness, and this one hardly. Fewer than sixteen samples are left whole: Student's.
func trimmed(samples []float64) (mean, err, freedom float64) {
	n := len(samples)
	cut := 0
	if n >= fewestTrim {
		cut = int(trim * float64(n))
	}
	sorted := slices.Sorted(slices.Values(samples))
	core := sorted[cut : n-cut]
	mean = Mean(core)
	winsorized := slices.Clone(sorted)
	for i := range cut {
		winsorized[i], winsorized[n-1-i] = core[0], core[len(core)-1]
	}
	left := 1 - 2*float64(cut)/float64(n)
	return mean, Deviation(winsorized) / (left * math.Sqrt(float64(n))), float64(len(core) - 1)
}

// TrimmedInterval is the interval of the trimmed mean of independent samples. For one sample Low and High are NaN.
func TrimmedInterval(samples []float64, level float64) Interval {
	n := len(samples)
	if n < 2 {
		return Interval{math.NaN(), Mean(samples), math.NaN(), n}
	}
	mean, err, freedom := trimmed(samples)
	half := StudentQuantile(1-(1-level)/2, freedom) * err
	return Interval{mean - half, mean, mean + half, n}
}

// GeometricInterval is that of positive samples' logarithms.
func GeometricInterval(samples []float64, level float64) Interval {
	return TrimmedInterval(Logs(samples), level).Exp()
}

// TrimmedDeviation is the standard deviation that samples without outliers would need for the same interval. NaN for
// fewer than two.
func TrimmedDeviation(samples []float64) float64 {
	if len(samples) < 2 {
		return math.NaN()
	}
	_, err, _ := trimmed(samples)
	return err * math.Sqrt(float64(len(samples)))
}

// PValue is the two-sided probability of samples whose trimmed mean is as far from zero as this one's, if that of all is
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
	return 2 * StudentCDF(-math.Abs(mean)/err, freedom)
}
