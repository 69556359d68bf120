package bench

import (
	"fmt"
	"math"
	"slices"

	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
)

// The forest: a line for each build in each scenario, its time over the reference's. Names on the
// left, values on the right.
const (
	forestLeft, forestRight = 166, 402
	forestRow, forestHead   = 15, 19
	forestTop               = 24
)

// forestLine is a build in a scenario.
type forestLine struct {
	build     string
	low, high float64 // from machine to machine; with one machine, of the interval
	word      verdict.Word
}

// forest draws all scenarios in one picture, on one axis, with the reference as a labelled line.
func (v view) forest() []figure {
	groups := make([][]forestLine, len(v.f.Scenarios))
	values := []float64{1 / (1 + verdict.Band), 1 + verdict.Band}
	height := float64(forestTop)
	for i, scenario := range v.f.Scenarios {
		groups[i] = v.forestLines(scenario)
		if len(groups[i]) > 0 {
			height += forestHead + forestRow*float64(len(groups[i]))
		}
		for _, l := range groups[i] {
			values = append(values, l.low, l.high)
		}
	}
	if len(values) == 2 {
		return nil
	}
	reference := v.reference()
	x := logAxis(values, 0.05, forestLeft, forestRight)
	bottom := height + 6
	c := newChart(bottom + 36)
	c.rect("band", x.at(1/(1+verdict.Band)), forestTop, x.at(1+verdict.Band)-x.at(1/(1+verdict.Band)), bottom-forestTop)
	for _, t := range x.ticks(1) {
		c.line("grid", x.at(t), forestTop, x.at(t), bottom)
		c.text("tick", "middle", x.at(t), bottom+15, round(units.Digits(t))+" ×")
	}
	c.line("one", x.at(1), forestTop-4, x.at(1), bottom)
	c.text("name "+v.classOf(reference), "middle", x.at(1), forestTop-9, clip(reference, 20))
	y := float64(forestTop)
	for i, lines := range groups {
		if len(lines) == 0 {
			continue
		}
		c.text("head", "start", 0, y+14, clip(v.f.Scenarios[i].ID, 24))
		y += forestHead
		for _, l := range lines {
			v.forestLine(c, x, l, y)
			y += forestRow
		}
	}
	c.text("tick", "middle", (forestLeft+forestRight)/2, bottom+31, "time ÷ "+clip(reference, 20)+
		"'s; right of the line takes longer")
	return []figure{{Picture: c.done("forest", "Time over that of "+reference,
		"Each build's time divided by that of "+reference+
			" in each scenario, on a logarithmic axis. The first table and those of the scenarios have the same numbers.")}}
}

func (v view) forestLine(c *chart, x axis, l forestLine, y float64) {
	class, mark := v.classOf(l.build), "mark"
	switch l.word {
	case verdict.Refused:
		class, mark = "sf", "mark greyed"
	case verdict.Undecided, verdict.Depends:
		mark = "mark open"
	}
	from, to := x.at(l.low), x.at(l.high)
	middle, half := (from+to)/2, max(3, (to-from)/2)
	c.text("name "+v.classOf(l.build), "end", forestLeft-8, y+11, clip(l.build, 20))
	c.rect(mark+" "+class, middle-half, y+3, 2*half, 8)
	c.text("value", "start", forestRight+8, y+11, units.Span(l.low, l.high, units.Ratio))
}

// forestLines are the builds that were compared with the reference in a scenario, on all machines.
func (v view) forestLines(scenario verdict.Scenario) []forestLine {
	var all []forestLine
	for _, b := range v.r.Builds {
		p, ok := scenario.Pair(b.Name, v.reference())
		if !ok || v.leaking(b.Name) || p.Word == verdict.Unsteady || !units.Known(p.Ratio.Mid) || p.Ratio.Mid <= 0 {
			continue
		}
		l := forestLine{b.Name, p.Ratio.Mid, p.Ratio.Mid, p.Word}
		if p.Ratio.Known() && p.Ratio.Low > 0 {
			l.low, l.high = p.Ratio.Low, p.Ratio.High
		}
		if m := v.f.Machines; m != nil && len(m.Machines) > 1 {
			if a, ok := m.Pair(scenario.ID, b.Name, v.reference()); ok && len(a.On) > 1 {
				l.low, l.high, l.word = a.Low, a.High, a.Word
			}
		}
		if l.low > 0 && !math.IsInf(l.high, 0) {
			all = append(all, l)
		}
	}
	return all
}

// leaking says whether a build leaks in Envoy, in some scenario.
func (v view) leaking(build string) bool {
	return slices.ContainsFunc(v.f.BuildRows, func(s verdict.BuildRow) bool {
		return s.Build.Name == build && s.Out.Fault == verdict.Leaks
	})
}

// forestLead says how to read the forest.
func (v view) forestLead() string {
	what := "with its 95 % interval"
	if names := v.counting(); len(names) > 1 {
		what = fmt.Sprintf("from machine to machine (%s)", list(names))
	}
	lead := fmt.Sprintf("Each build's time over that of %s, %s. Builds in the shaded band take the same time; hollow "+
		"marks are undecided, or depend on the processor.", v.reference(), what)
	for _, s := range v.f.BuildRows {
		if s.Out.Fault == verdict.Leaks {
			lead += fmt.Sprintf(" %s leaks, so it has no stationary time and is not shown.", s.Build.Name)
		}
	}
	return lead
}
