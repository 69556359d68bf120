package bench

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
)

// classOf is the class that gives a build its colour, the same in all pictures. The page has six colours, and as many
// ways of breaking a line; the floor is grey.
func (v view) classOf(contestant string) string {
	for i, b := range v.r.Builds {
		if b.Name == contestant {
			return fmt.Sprintf("s%d", i%6)
		}
	}
	return "sf"
}

// The frame of the line pictures: the plot, and names right of it.
const (
	plotLeft, plotRight, plotTop, plotBottom = 62, 336, 14, 236
	lineHeight                               = 278
)

// frame draws the axes with their ticks and names.
func (c *chart) frame(x, y axis, xTicks, yTicks []float64, xText, yText func(float64) string, xName string) {
	for _, t := range yTicks {
		c.line("grid", plotLeft, y.at(t), plotRight, y.at(t))
		c.text("tick", "end", plotLeft-6, y.at(t)+4, yText(t))
	}
	for _, t := range xTicks {
		c.line("grid", x.at(t), plotTop, x.at(t), plotBottom)
		c.text("tick", "middle", x.at(t), plotBottom+16, xText(t))
	}
	c.line("axis", plotLeft, plotBottom, plotRight, plotBottom)
	c.text("tick", "middle", (plotLeft+plotRight)/2, plotBottom+34, xName)
}

// curves draw the latencies of single requests over the share that is faster: a picture for each scenario.
func (v view) curves() []figure {
	var all []figure
	for i, scenario := range v.r.Scenarios {
		var tails []verdict.Tail
		var times []float64
		most := 1.0
		for _, t := range v.f.Tails {
			if t.Scenario != scenario.ID || v.r.Original(t.Contestant) != t.Contestant {
				continue
			}
			t.Curve = slices.DeleteFunc(slices.Clone(t.Curve), func(p verdict.CurvePoint) bool {
				return !units.Known(p.Nanos) || p.Nanos <= 0 || !(p.P >= 0 && p.P < 100)
			})
			for _, p := range t.Curve {
				times = append(times, p.Nanos)
				most = math.Max(most, nines(p.P))
			}
			if len(t.Curve) > 0 {
				tails = append(tails, t)
			}
		}
		if len(tails) == 0 {
			continue
		}
		c := newChart(lineHeight)
		x := axis{low: 0, high: most, from: plotLeft, to: plotRight}
		y := logAxis(times, 0.05, plotBottom, plotTop)
		ticks := []float64{0.301}
		for n := 1.0; n <= most; n++ {
			ticks = append(ticks, n)
		}
		c.frame(x, y, ticks, y.ticks(1), percentileText, tickNanos, "percent of the requests that are as fast")
		var labels []label
		for _, t := range tails {
			points := make([][2]float64, len(t.Curve))
			for j, p := range t.Curve {
				points[j] = [2]float64{x.at(nines(p.P)), y.at(p.Nanos)}
			}
			c.path("line "+v.classOf(t.Contestant), points)
			last := points[len(points)-1]
			labels = append(labels, label{v.classOf(t.Contestant), clip(t.Contestant, 16), last[0], last[1], last[1]})
		}
		nudge(labels, 15, plotTop, plotBottom)
		c.ends(labels, plotRight+14)
		all = append(all, figure{Caption: v.about(scenario.ID), Picture: c.done(fmt.Sprintf("curve-%d", i),
			"Latency percentiles, "+scenario.ID,
			"Time of single requests, on a logarithmic axis, over the percentile. The table of latencies has the same "+
				"numbers.")})
	}
	return all
}

// nines is the place of a percentile on its axis: 90 at 1, 99 at 2, 99.9 at 3.
func nines(p float64) float64 { return -math.Log10(1 - p/100) }

func percentileText(n float64) string {
	if n < 1 {
		return "50"
	}
	s := "99" + "." + strings.Repeat("9", max(0, int(n)-2))
	if n == 1 {
		return "90"
	}
	return strings.TrimSuffix(s, ".")
}

// tickNanos is a time without the zeros after the point of a round number.
func tickNanos(x float64) string {
	if x == 0 {
		return "0"
	}
	return round(units.Nanos(x))
}

func round(s string) string {
	number, unit, ok := strings.Cut(s, " ")
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	if !ok {
		return number
	}
	return number + " " + unit
}

// growth draws linear memory over requests, of each build in its worst scenario: a picture for each allocator order.
func (v view) growth() []figure {
	var orders []string
	soaks := slices.DeleteFunc(slices.Clone(v.r.Memory), func(m evidence.Memory) bool {
		return !slices.ContainsFunc(v.f.Memory, func(f verdict.Memory) bool {
			return f.Build == m.Build && f.Allocator == m.Allocator && f.Scenario == m.Scenario
		})
	})
	for _, m := range soaks {
		if !slices.Contains(orders, m.Allocator) {
			orders = append(orders, m.Allocator)
		}
	}
	var all []figure
	for i, order := range orders {
		var sizes []float64
		last := 10.0
		for _, m := range soaks { // all of them: both pictures have the same axes
			for _, p := range m.Curve {
				sizes = append(sizes, math.Max(1, float64(p.Bytes)))
				last = math.Max(last, float64(p.Requests))
			}
		}
		if len(sizes) == 0 {
			continue
		}
		c := newChart(lineHeight)
		x := axis{low: 1, high: last, from: plotLeft, to: plotRight, log: true}
		y := logAxis(sizes, 0.06, plotBottom, plotTop)
		c.frame(x, y, decades(last), powersOfTwo(y), powerText, func(b float64) string { return round(units.Bytes(b)) },
			"requests")
		var labels []label
		for _, m := range soaks {
			if m.Allocator != order || len(m.Curve) == 0 {
				continue
			}
			points := steps(m.Curve, x, y)
			c.path("line "+v.classOf(m.Build), points)
			end := points[len(points)-1]
			labels = append(labels, label{v.classOf(m.Build), clip(m.Build, 16), end[0], end[1], end[1]})
		}
		nudge(labels, 15, plotTop, plotBottom)
		c.ends(labels, plotRight+14)
		all = append(all, figure{Caption: "allocator order: " + order, Picture: c.done(fmt.Sprintf("growth-%d", i),
			"Memory over requests, allocator order "+order,
			"Linear memory of one VM over the number of requests, both axes logarithmic. A line that keeps rising is a leak.")})
	}
	return all
}

// steps is the path of a curve that changes only at its points.
func steps(curve []evidence.Point, x, y axis) [][2]float64 {
	var points [][2]float64
	for _, p := range curve {
		px, py := x.at(math.Max(1, float64(p.Requests))), y.at(math.Max(1, float64(p.Bytes)))
		if n := len(points); n > 0 {
			points = append(points, [2]float64{px, points[n-1][1]})
		}
		points = append(points, [2]float64{px, py})
	}
	return points
}

func decades(last float64) []float64 {
	var all []float64
	for v := 1.0; v <= last*1.0001; v *= 10 {
		all = append(all, v)
	}
	return all
}

func powerText(x float64) string {
	switch {
	case x >= 1e6:
		return round(units.Digits(x/1e6)) + "M"
	case x >= 1e3:
		return round(units.Digits(x/1e3)) + "k"
	}
	return fmt.Sprint(x)
}

// powersOfTwo are ticks of a memory axis, every second power or fewer.
func powersOfTwo(y axis) []float64 {
	var all []float64
	by := 4.0
	for math.Log(y.high/y.low)/math.Log(by) > 8 {
		by *= 4
	}
	for v := 1.0; v <= y.high; v *= by {
		if v >= y.low {
			all = append(all, v)
		}
	}
	return all
}
