// Package stats holds the statistics of the benchmark: pure functions of numbers that know nothing of what was
// measured. Distributions, means, deviations and straight lines are gonum's; here is what gonum lacks: trimmed means,
// Holm's adjustment, intervals by order statistics, the Theil-Sen slope, quantiles of R's type 7 and of histograms.
//
// A level is a level of confidence, such as 0.95. What can't be computed is NaN, never a guess: an interval from a
// single sample, a quantile of none.
package stats
