package stats

import "math"

// Interval is an estimate and the bounds of its confidence interval, all in the unit of the samples. N is the number of
// independent samples behind it.
type Interval struct {
	Low, Mid, High float64
	N              int
}

// Exact is the interval of a value that was counted, not sampled.
func Exact(v float64) Interval { return Interval{v, v, v, 1} }

// None is the interval of nothing.
func None() Interval { return Interval{math.NaN(), math.NaN(), math.NaN(), 0} }

// Known reports whether there are bounds.
func (i Interval) Known() bool { return !math.IsNaN(i.Low) && !math.IsNaN(i.High) }

// Contains reports whether v lies within the bounds. Without bounds it is false.
func (i Interval) Contains(v float64) bool { return i.Low <= v && v <= i.High }

// Within reports whether the whole interval lies from low to high. Without bounds it is false.
func (i Interval) Within(low, high float64) bool { return low <= i.Low && i.High <= high }

// Scale multiplies by a positive factor.
func (i Interval) Scale(by float64) Interval {
	return Interval{i.Low * by, i.Mid * by, i.High * by, i.N}
}

// Inverse is the interval of 1/v: that of b over a from that of a over b. The bounds, which are
// positive, change places.
func (i Interval) Inverse() Interval { return Interval{1 / i.High, 1 / i.Mid, 1 / i.Low, i.N} }

// Exp is the interval of the samples, of one of their natural logarithms.
func (i Interval) Exp() Interval {
	return Interval{math.Exp(i.Low), math.Exp(i.Mid), math.Exp(i.High), i.N}
}
