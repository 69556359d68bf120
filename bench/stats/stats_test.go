package stats_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/header-auth/header-auth/bench/stats"
)

var nan = math.NaN()

// equal compares numbers to six digits, NaN being equal to itself.
func equal(t *testing.T, got, want any) {
	t.Helper()
	close := cmp.Comparer(func(a, b float64) bool {
		return a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= 1e-6*max(1, math.Abs(a))
	})
	if diff := cmp.Diff(want, got, close); diff != "" {
		t.Errorf("- want + got\n%s", diff)
	}
}

func TestQuantile(t *testing.T) {
	for _, test := range []struct {
		name   string
		values []float64
		p      float64
		want   float64
	}{
		{"none", nil, 0.5, nan},
		{"one", []float64{7}, 0.1, 7},
		{"odd, unsorted", []float64{3, 1, 2}, 0.5, 2},
		{"even", []float64{4, 1, 3, 2}, 0.5, 2.5},
		{"tenth", []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0.1, 1.9}, // R: quantile(1:10, 0.1)
		{"least", []float64{3, 1, 2}, 0, 1},
		{"greatest", []float64{3, 1, 2}, 1, 3},
	} {
		t.Run(test.name, func(t *testing.T) { equal(t, stats.Quantile(test.values, test.p), test.want) })
	}
}

func TestBucketQuantile(t *testing.T) {
	thousand := [][2]int64{{100, 900}, {200, 99}, {9000, 1}}
	for _, test := range []struct {
		name    string
		buckets [][2]int64
		p, want float64
	}{
		{"none", nil, 0.5, nan},
		{"median", thousand, 0.5, 100},
		{"the last of a bucket", thousand, 0.9, 100},
		{"the first of the next", thousand, 0.9001, 200},
		{"999 of 1000 is no rounding error", thousand, 0.999, 200},
		{"all", thousand, 1, 9000},
		{"zero is the least", thousand, 0, 100},
	} {
		t.Run(test.name, func(t *testing.T) { equal(t, stats.BucketQuantile(test.buckets, test.p), test.want) })
	}
	equal(t, stats.Merge([][2]int64{{1, 2}, {5, 1}}, nil, [][2]int64{{1, 1}, {3, 4}}), [][2]int64{{1, 3}, {3, 4}, {5, 1}})
}

// TestMeanInterval compares with R's t.test; thirty samples are not trimmed.
func TestMeanInterval(t *testing.T) {
	var thirty []float64
	for i := range 30 {
		thirty = append(thirty, float64(i))
	}
	for _, test := range []struct {
		name    string
		samples []float64
		want    stats.Interval
	}{
		{"none", nil, stats.Interval{Low: nan, Mid: nan, High: nan}},
		{"one has no interval", []float64{3}, stats.Interval{Low: nan, Mid: 3, High: nan, N: 1}},
		{"two", []float64{1, 3}, stats.Interval{Low: 2 - 12.7062047, Mid: 2, High: 2 + 12.7062047, N: 2}},
		{"thirty", thirty, stats.Interval{Low: 11.2127533, Mid: 14.5, High: 17.7872467, N: 30}},
	} {
		t.Run(test.name, func(t *testing.T) { equal(t, stats.MeanInterval(test.samples, 0.95), test.want) })
	}
}

func TestTrimmedInterval(t *testing.T) {
	for _, test := range []struct {
		name    string
		samples []float64
		want    stats.Interval
		p       float64 // of a mean of zero
	}{
		{"none", nil, stats.Interval{Low: nan, Mid: nan, High: nan}, nan},
		{"one has no interval", []float64{3}, stats.Interval{Low: nan, Mid: 3, High: nan, N: 1}, nan},
		// t = 2, 1 - 2·atan(2)/π
		{"two", []float64{1, 3}, stats.Interval{Low: 2 - 12.7062047, Mid: 2, High: 2 + 12.7062047, N: 2}, 0.2951672},
		{"all the same", []float64{2, 2, 2}, stats.Interval{Low: 2, Mid: 2, High: 2, N: 3}, 0},
		{"all zero", []float64{0, 0}, stats.Interval{N: 2}, 1},
		// R: t.test(extra[1:10]) of Student's own sleep data.
		{"sleep", []float64{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2},
			stats.Interval{Low: -0.5297804, Mid: 0.75, High: 2.0297804, N: 10}, 0.2175978},
		// Yuen's, by hand: one sample in sixteen is far off, and goes with the least.
		{"an outlier", []float64{0.1, 0.3, -0.2, 0.05, 0.12, 0.4, -0.1, 0.2, 0.15, 0.07, 3, -0.03, 0.11, 0.09, 0.25, -0.05},
			stats.Interval{Low: 0.0215894, Mid: 0.1185714, High: 0.2155534, N: 16}, 0.0203458},
	} {
		t.Run(test.name, func(t *testing.T) {
			equal(t, stats.TrimmedInterval(test.samples, 0.95), test.want)
			equal(t, stats.TrimmedMean(test.samples).P(), test.p)
		})
	}
	equal(t, stats.GeometricInterval([]float64{1, 4}, 0.95).Mid, 2.0)
}

func TestHolm(t *testing.T) {
	for _, test := range []struct {
		name    string
		p, want []float64
	}{
		{"none", []float64{}, []float64{}},
		{"one", []float64{0.04}, []float64{0.04}},
		{"R's p.adjust", []float64{0.01, 0.02, 0.03, 0.04, 0.05}, []float64{0.05, 0.08, 0.09, 0.09, 0.09}},
		{"any order, at most 1", []float64{0.9, 0.001, 0.6}, []float64{1, 0.003, 1}},
		{"what was not tested does not count", []float64{nan, 0.02, 0.5}, []float64{nan, 0.04, 0.5}},
	} {
		t.Run(test.name, func(t *testing.T) { equal(t, stats.Holm(test.p), test.want) })
	}
}

func TestTheilSen(t *testing.T) {
	for _, test := range []struct {
		name  string
		x, y  []float64
		level float64
		want  stats.Interval
	}{
		{"two points have no interval", []float64{0, 2}, []float64{0, 8}, 0.95,
			stats.Interval{Low: nan, Mid: 4, High: nan, N: 2}},
		{"a line", []float64{0, 1, 2, 5}, []float64{1, 3, 5, 11}, 0.95, stats.Interval{Low: 2, Mid: 2, High: 2, N: 4}},
		{"an outlier", []float64{1, 2, 3, 4, 5, 6, 7, 8}, []float64{1, 2, 3, 400, 5, 6, 7, 8}, 0.95,
			stats.Interval{Low: 1, Mid: 1, High: 1, N: 8}},
		// The example of Sen 1968, with the paper's level: 4, between 26/7 and 35/8.
		{"Sen's example", []float64{1, 2, 3, 4, 10, 12, 18}, []float64{9, 15, 19, 20, 45, 55, 78}, 0.93,
			stats.Interval{Low: 3.7142857, Mid: 4, High: 4.375, N: 7}},
	} {
		t.Run(test.name, func(t *testing.T) { equal(t, stats.TheilSen(test.x, test.y, test.level), test.want) })
	}
}

func TestLine(t *testing.T) {
	fixed, slope := stats.Line([]float64{1, 2, 3}, []float64{5, 7, 9})
	equal(t, []float64{fixed, slope}, []float64{3, 2})
	fixed, slope = stats.Line([]float64{1, 1}, []float64{5, 7})
	equal(t, []float64{fixed, slope}, []float64{nan, nan})
}

func TestOrderInterval(t *testing.T) {
	ten := []float64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}
	for _, test := range []struct {
		name    string
		samples []float64
		want    stats.Interval
	}{
		{"none", nil, stats.Interval{Low: nan, Mid: nan, High: nan}},
		{"five are too few", ten[:5], stats.Interval{Low: nan, Mid: 8, High: nan, N: 5}},
		{"six: their ends", ten[:6], stats.Interval{Low: 5, Mid: 7.5, High: 10, N: 6}},
		{"ten: the second and the ninth", ten, stats.Interval{Low: 2, Mid: 5.5, High: 9, N: 10}},
	} {
		t.Run(test.name, func(t *testing.T) { equal(t, stats.OrderInterval(test.samples, 0.5, 0.95), test.want) })
	}
}

func TestSamplesFor(t *testing.T) {
	for _, test := range []struct {
		name                string
		deviation, distance float64
		want                int
	}{
		{"no spread", 0, 1, 2},
		{"one deviation", 1, 1, 10}, // as the exact noncentral t has it
		{"half a deviation", 1, 0.5, 34},
		{"no distance", 1, 0, stats.MostSamples},
		{"no chance", 1, 1e-6, stats.MostSamples},
	} {
		t.Run(test.name, func(t *testing.T) {
			equal(t, stats.SamplesFor(test.deviation, test.distance, 0.05, 0.8), test.want)
		})
	}
}

func TestInterval(t *testing.T) {
	i := stats.Interval{Low: 1, Mid: 2, High: 3, N: 4}
	none := stats.None()
	equal(t, []bool{i.Contains(1), i.Contains(3.1), i.Within(1, 3), i.Within(1.1, 3), i.Known()},
		[]bool{true, false, true, false, true})
	equal(t, []bool{none.Contains(0), none.Within(-1, 1), none.Known()}, []bool{false, false, false})
	equal(t, stats.Interval{Low: 2, Mid: 4, High: 8, N: 4}.Inverse(),
		stats.Interval{Low: 0.125, Mid: 0.25, High: 0.5, N: 4})
	equal(t, i.Scale(2), stats.Interval{Low: 2, Mid: 4, High: 6, N: 4})
	equal(t, stats.Exact(5).Exp().Low, math.Exp(5))
}
