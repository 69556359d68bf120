package bench

import (
	"fmt"
	"math"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
)

// tails are the latencies of single requests: percentiles, what the slow ones are, and a client's
// view at a constant rate.
func (v view) tails() section {
	s := section{ID: "tail", Title: "Latency of single requests"}
	for _, scenario := range v.r.Scenarios {
		for _, g := range v.tailsOf(scenario) {
			if len(g.Rows) > 0 {
				g.Detail = scenario.ID != v.r.Scenarios[0].ID
				s.Grids = append(s.Grids, g)
			}
		}
	}
	if len(s.Grids) > 0 {
		s.Lead = []string{
			"Each request timed by itself, the clock's own time included. A percentile is given only where at least a " +
				"hundred requests took longer.",
			"Slow requests took more than six times the median. The floor collects nothing: its slow ones are the machine's, " +
				"and every build has some like them.",
			"At half the rate is what a client would see that sends at equal distances, half as often as the build can " +
				"answer: what comes during a pause waits behind it. The slow requests stand where they were measured; the order " +
				"of the others is not known, so they count with their mean while something waits."}
	}
	return s
}

// tailsOf are the tables of one scenario.
func (v view) tailsOf(scenario evidence.Scenario) []grid {
	points := v.percentiles(scenario.ID)
	times := grid{Caption: v.about(scenario.ID), Head: []string{"build"}}
	for _, p := range points {
		times.Head = append(times.Head, fmt.Sprintf("p%v", p))
	}
	times.Head = append(times.Head, "max")
	slow := grid{Caption: scenario.ID + ", slow requests", Head: []string{"build", "of the time", "one in", "longer by",
		"longest", "every, requests"}}
	open := grid{Caption: scenario.ID + ", at half the rate", Head: []string{"build", "requests a second", "p99", "p99.9"}}
	var fewest, most int64
	for _, tail := range v.f.Tails {
		if tail.Scenario != scenario.ID || v.r.Original(tail.Contestant) != tail.Contestant {
			continue
		}
		if fewest == 0 || tail.Count < fewest {
			fewest = tail.Count
		}
		most = max(most, tail.Count)
		row := []cell{text(tail.Contestant)}
		for _, p := range points {
			row = append(row, text(percentileOf(tail.Percentiles, p)))
		}
		times.Rows = append(times.Rows, append(row, text(units.Nanos(tail.Max))))
		slow.Rows = append(slow.Rows, slowRow(tail))
		open.Rows = append(open.Rows, []cell{text(tail.Contestant), text(within(tail.Open.Rate, threeDigits)),
			text(percentileOf(tail.Open.Percentiles, 99)), text(percentileOf(tail.Open.Percentiles, 99.9))})
	}
	if len(times.Rows) > 0 {
		times.Notes = []string{requestsOfEach(fewest, most)}
	}
	return []grid{times, slow, open}
}

func requestsOfEach(fewest, most int64) string {
	if fewest == most {
		return units.Count(most) + " requests each."
	}
	return fmt.Sprintf("%s to %s requests each.", units.Count(fewest), units.Count(most))
}

// slowRow is what is known of a contestant's slow requests.
func slowRow(t verdict.Tail) []cell {
	row := []cell{text(t.Contestant)}
	if !(t.Slow.OfRequests.Mid > 0) && t.Slow.Longer.N == 0 {
		row = append(row, text("none"), text("none"), text("none"), text("none"), text("none"))
	} else {
		longer, every := t.Slow.Longer, "no period"
		if c := t.Collector; c != nil {
			longer = c.Pauses
			every = within(c.Periods, wholeRequests)
		}
		row = append(row, text(within(t.Slow.OfTime, units.Percent)), text(units.Digits(1/t.Slow.OfRequests.Mid)),
			text(within(longer, units.Nanos)), text(units.Nanos(t.Max)), text(every))
	}
	return row
}

func wholeRequests(x float64) string { return units.Count(int64(math.Round(x))) }

// threeDigits is a large number without the digits that are not known.
func threeDigits(x float64) string {
	unit := math.Pow(10, math.Floor(math.Log10(math.Max(1, math.Abs(x))))-2)
	return wholeRequests(math.Round(x/unit) * unit)
}

// percentiles are those of the contestant that has most of them in a scenario, ascending. The curves show the 90th.
func (v view) percentiles(scenario string) []float64 {
	var all []float64
	most := 0
	for _, t := range v.f.Tails {
		if t.Scenario != scenario || v.r.Original(t.Contestant) != t.Contestant || len(t.Percentiles) <= most {
			continue
		}
		all, most = nil, len(t.Percentiles)
		for _, p := range t.Percentiles {
			if p.P != 90 {
				all = append(all, p.P)
			}
		}
	}
	return all
}

func percentileOf(percentiles []verdict.Percentile, p float64) string {
	for _, have := range percentiles {
		if have.P == p {
			return within(have.Nanos, units.Nanos)
		}
	}
	return units.None
}
