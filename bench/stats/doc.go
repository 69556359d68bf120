// Package stats holds the statistics of the benchmark: pure functions of numbers that know nothing of what was measured.
//
// A level is that of confidence, such as 0.95. What can't be computed is NaN, never a guess: an interval from a single
// sample, a quantile of none.
package stats

import "math"

// Interval is an estimate and the bounds of its confidence interval, all in the unit of the samples. N is the number of
// independent samples it rests on.
type Interval struct {
	Low, Mid, High float64
	N              int
}

// Exact is the interval of a value that was counted, not sampled.
func Exact(v float64) Interval { return Interval{v, v, v, 1} }

// None is the interval of nothing.
func None() Interval { return Interval{math.NaN(), math.NaN(), math.NaN(), 0} }

// Known reports whether there is an interval at all.
func (i Interval) Known() bool { return !math.IsNaN(i.Low) && !math.IsNaN(i.High) }

// Contains reports whether v lies within the bounds; no bounds contain nothing.
func (i Interval) Contains(v float64) bool { return i.Low <= v && v <= i.High }

// Within reports whether all of the interval lies from low to high; one without bounds does not.
func (i Interval) Within(low, high float64) bool { return low <= i.Low && i.High <= high }

// Scale multiplies by a positive factor.
func (i Interval) Scale(by float64) Interval {
	return Interval{i.Low * by, i.Mid * by, i.High * by, i.N}
}

// Exp takes an interval of logarithms back to the samples' own scale.
func (i Interval) Exp() Interval {
	return Interval{math.Exp(i.Low), math.Exp(i.Mid), math.Exp(i.High), i.N}
}
