package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Estimate is a mean with its standard error, in the unit of the samples, and the degrees of freedom of that error. N
// is the number of independent samples; with fewer than two, Err is NaN.
type Estimate struct {
	Mid, Err, Freedom float64
	N                 int
}

const (
	trim       = 0.1 // the share of the samples that is left out at each end
	fewestTrim = 16  // samples; with fewer, the lost degrees of freedom widen an interval more than an outlier would
	mostDegree = 1e7 // of freedom: from there on Student's distribution is the normal one to six digits
)

// TrimmedMean is the mean of independent samples without the tenth of them at either end, its standard error and its
// degrees of freedom: Yuen, The two-sample trimmed t for unequal population variances, Biometrika 1974. One
// disturbed sample in ten makes Student's interval too wide to be of use, and this one hardly wider. Fewer
// than sixteen samples are not
// trimmed: then it is Student's.
func TrimmedMean(samples []float64) Estimate {
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
	e := Estimate{stat.Mean(core, nil), stat.StdDev(winsorized, nil) / (left * math.Sqrt(float64(n))),
		float64(len(core) - 1), n}
	if n < 2 {
		e.Err = math.NaN()
	}
	return e
}

// Plus adds an independent error of a known standard deviation. The degrees of freedom of the sum are those of Welch
// and Satterthwaite, with infinitely many for what is known.
func (e Estimate) Plus(deviation float64) Estimate {
	if deviation == 0 || math.IsNaN(e.Err) {
		return e
	}
	variance := e.Err*e.Err + deviation*deviation
	e.Freedom = min(mostDegree, e.Freedom*variance*variance/math.Pow(e.Err, 4))
	e.Err = math.Sqrt(variance)
	return e
}

// Interval is the confidence interval at a level such as 0.95. For one sample Low and High are NaN.
func (e Estimate) Interval(level float64) Interval {
	if math.IsNaN(e.Err) {
		return Interval{math.NaN(), e.Mid, math.NaN(), e.N}
	}
	half := studentQuantile(1-(1-level)/2, e.Freedom) * e.Err
	return Interval{e.Mid - half, e.Mid, e.Mid + half, e.N}
}

// P is the two-sided probability of an estimate as far from zero as this one, if the true mean is
// zero. NaN without an error.
func (e Estimate) P() float64 {
	switch {
	case math.IsNaN(e.Err):
		return math.NaN()
	case e.Err == 0 && e.Mid == 0:
		return 1
	case e.Err == 0:
		return 0
	}
	return 2 * distuv.StudentsT{Sigma: 1, Nu: e.Freedom}.CDF(-math.Abs(e.Mid)/e.Err)
}

// Deviation is the standard deviation of samples without outliers whose interval would be as wide.
func (e Estimate) Deviation() float64 { return e.Err * math.Sqrt(float64(e.N)) }

// Next is the prediction interval for one more value of a normal population, from those seen: Student's, with n - 1
// degrees of freedom (Hahn and Meeker, Statistical Intervals, 4.7). Fewer than two values have none.
func Next(values []float64, level float64) Interval {
	mean, deviation := stat.MeanStdDev(values, nil)
	n := len(values)
	if n < 2 {
		return Interval{math.NaN(), mean, math.NaN(), n}
	}
	half := studentQuantile(1-(1-level)/2, float64(n-1)) * deviation * math.Sqrt(1+1/float64(n))
	return Interval{mean - half, mean, mean + half, n}
}
