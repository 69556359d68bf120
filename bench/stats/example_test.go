package stats_test

import (
	"fmt"
	"math"

	"github.com/header-auth/header-auth/bench/stats"
)

// Log-ratios of two builds, a number for each of six processes: is the first build slower, and by how much?
func Example() {
	logs := []float64{0.101, 0.094, 0.112, 0.089, 0.108, 0.097}
	ratio := stats.TrimmedInterval(logs, 0.95).Exp()
	fmt.Printf("%.3f [%.3f, %.3f] from %d processes\n", ratio.Mid, ratio.Low, ratio.High, ratio.N)
	fmt.Printf("the other way round: %.3f\n", ratio.Inverse().Mid)
	fmt.Println("differs from 1:", stats.TrimmedMean(logs).P() < 0.05)
	// Output:
	// 1.105 [1.095, 1.115] from 6 processes
	// the other way round: 0.905
	// differs from 1: true
}

// Three comparisons in one report. Alone each of the first two would count as a difference at 0.05.
func ExampleHolm() {
	fmt.Printf("%.3f\n", stats.Holm([]float64{0.001, 0.04, 0.6}))
	// Output: [0.003 0.080 0.600]
}

// One process in twenty was disturbed: the trimmed mean's interval stays narrow.
func ExampleTrimmedInterval() {
	var samples []float64
	for i := range 19 {
		samples = append(samples, 100+float64(i%5))
	}
	samples = append(samples, 300)
	for _, i := range []stats.Interval{stats.MeanInterval(samples, 0.95), stats.TrimmedInterval(samples, 0.95)} {
		fmt.Printf("%.1f [%.1f, %.1f]\n", i.Mid, i.Low, i.High)
	}
	// Output:
	// 111.8 [91.1, 132.5]
	// 102.0 [101.1, 102.9]
}

// Startup times of seven processes: an interval of their median that assumes nothing about how they are distributed.
func ExampleOrderInterval() {
	i := stats.OrderInterval([]float64{41, 40, 44, 42, 95, 40, 43}, 0.5, 0.95)
	fmt.Println(i.Low, i.Mid, i.High)
	// Output: 40 42 95
}

// Linear memory when it grew, over requests: 341 bytes a request, whatever one odd point says.
func ExampleTheilSen() {
	requests := []float64{1000, 2000, 3000, 4000, 5000, 6000}
	bytes := []float64{341e3, 682e3, 1023e3, 9999e3, 1705e3, 2046e3}
	i := stats.TheilSen(requests, bytes, 0.95)
	fmt.Println(i.Mid)
	// Output: 341
}

// Resident memory with 1, 10 and 40 VMs: what the process needs anyway, and what each VM adds.
func ExampleLine() {
	fixed, slope := stats.Line([]float64{1, 10, 40}, []float64{6e6, 15e6, 45e6})
	fmt.Printf("%.0f and %.0f for each VM\n", fixed, slope)
	// Output: 5000000 and 1000000 for each VM
}

// How many processes find a difference of 5 % in four runs of five, if their log-ratios have a standard deviation of
// 0.04?
func ExampleSamplesFor() {
	fmt.Println(stats.SamplesFor(0.04, math.Log(1.05), 0.05, 0.8))
	// Output: 8
}

// Two histograms of latencies in ns, added up: half of the requests took at most 300 ns, one in a hundred longer than
// 900.
func ExampleBucketQuantile() {
	all := stats.Merge([][2]int64{{300, 80}, {400, 19}}, [][2]int64{{300, 70}, {900, 30}, {5000, 1}})
	fmt.Println(stats.Count(all), stats.BucketQuantile(all, 0.5), stats.BucketQuantile(all, 0.99))
	// Output: 200 300 900
}
