package stats

import (
	"math"
	"slices"
)

// Median is the middle of the values, in any order.
func Median(values []float64) float64 { return Quantile(values, 0.5) }

// Quantile interpolates linearly between the two values next to the share p, 0 to 1, of the way from the least to the
// greatest: definition 7 of Hyndman and Fan 1996, that of R and NumPy. gonum has definitions 1 and 4 only. NaN for no
// value.
func Quantile(values []float64, p float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	at := p * float64(len(sorted)-1)
	low := int(math.Floor(at))
	if low+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[low] + (at-float64(low))*(sorted[low+1]-sorted[low])
}

// Count is the number of values in a histogram, which has a pair for each bucket: its upper end, and the number of
// values in it.
func Count(buckets [][2]int64) int64 {
	total := int64(0)
	for _, b := range buckets {
		total += b[1]
	}
	return total
}

// BucketQuantile is the upper end of the first bucket at which at least the share p, 0 to 1, of all values is counted:
// the rule of HdrHistogram. The buckets ascend. NaN for no value.
func BucketQuantile(buckets [][2]int64, p float64) float64 {
	total := Count(buckets)
	if total == 0 {
		return math.NaN()
	}
	// 0.999 has no exact double: the product may lie slightly above a whole number.
	rank := max(1, int64(math.Ceil(p*float64(total)-1e-6)))
	seen := int64(0)
	for _, b := range buckets {
		if seen += b[1]; seen >= rank {
			return float64(b[0])
		}
	}
	return float64(buckets[len(buckets)-1][0])
}

// Merge is the sum of histograms, its buckets ascending.
func Merge(histograms ...[][2]int64) [][2]int64 {
	counts := map[int64]int64{}
	for _, buckets := range histograms {
		for _, b := range buckets {
			counts[b[0]] += b[1]
		}
	}
	merged := make([][2]int64, 0, len(counts))
	for end, n := range counts {
		merged = append(merged, [2]int64{end, n})
	}
	slices.SortFunc(merged, func(a, b [2]int64) int { return int(a[0] - b[0]) })
	return merged
}
