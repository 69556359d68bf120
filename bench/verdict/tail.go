package verdict

import (
	"math"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// fewestAbove is how many requests have to lie above a percentile that is shown.
const fewestAbove = 100

var percentiles = []float64{50, 90, 99, 99.9, 99.99, 99.999}

// tails gathers the processes of each scenario and contestant.
func tails(r *evidence.Report) []Tail {
	var found []Tail
	for _, scenario := range r.Scenarios {
		var floor *Collector
		for _, contestant := range contestants(r) {
			var processes []evidence.Tail
			for _, t := range r.Tails {
				if t.Scenario == scenario.ID && t.Contestant == contestant && stats.Count(t.Counts) > 0 &&
					!excluded(r, contestant, scenario.ID).Any() {
					processes = append(processes, t)
				}
			}
			if len(processes) == 0 {
				continue
			}
			t := tailOf(processes)
			t.Scenario, t.Contestant = scenario.ID, contestant
			t.Collector = collector(processes)
			switch {
			case contestant == evidence.Floor:
				floor, t.Collector = t.Collector, nil
			case t.Collector != nil && floor != nil && near(t.Collector.Period, floor.Period):
				t.Collector = nil // the floor has no collector: the period is the machine's
			}
			found = append(found, t)
		}
	}
	return found
}

func tailOf(processes []evidence.Tail) Tail {
	t := Tail{}
	histograms := make([][][2]int64, len(processes))
	for i, p := range processes {
		histograms[i] = p.Counts
		t.Max = max(t.Max, float64(p.Max))
	}
	all := stats.Merge(histograms...)
	t.Count = stats.Count(all)
	t.Slow, t.Open = slowOf(processes), openOf(processes)
	for _, p := range percentiles {
		if math.Round(float64(t.Count)*(100-p)/100) < fewestAbove {
			break
		}
		var each []float64
		for _, h := range histograms {
			each = append(each, stats.BucketQuantile(h, p/100))
		}
		t.Percentiles = append(t.Percentiles, Percentile{p, typical(each, Confidence)})
	}
	// Points lie evenly on the axis on which such curves are drawn: decades of the share of slower requests.
	const perDecade = 16
	for i := 0; i <= int(perDecade*math.Log10(float64(t.Count))); i++ {
		left := math.Pow(10, -float64(i)/perDecade)
		t.Curve = append(t.Curve, CurvePoint{100 * (1 - left), stats.BucketQuantile(all, 1-left)})
	}
	return t
}

// typical is the interval of the value of a fresh process: of the median, which needs no assumption, where there are
// enough processes for it; else of the geometric mean, or of the mean where a sample is not positive.
func typical(samples []float64, level float64) Interval {
	if i := stats.OrderInterval(samples, 0.5, level); i.Known() {
		return i
	}
	for _, s := range samples {
		if s <= 0 {
			return stats.TrimmedInterval(samples, level)
		}
	}
	return stats.GeometricInterval(samples, level)
}
