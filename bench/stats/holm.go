package stats

import (
	"cmp"
	"math"
	"slices"
)

// Holm adjusts the p-values of a family of tests, such that calling each below alpha a discovery makes one false one or
// more with a probability of at most alpha (Holm 1979). The order is kept; NaN, no test, stays and does not count.
func Holm(p []float64) []float64 {
	var order []int
	adjusted := slices.Clone(p)
	for i, v := range p {
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	highest := 0.0
	for rank, i := range order {
		highest = max(highest, min(1, p[i]*float64(len(order)-rank)))
		adjusted[i] = highest
	}
	return adjusted
}
