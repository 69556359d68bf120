package bench

import (
	"fmt"
	"html/template"
	"math"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/internal/units"
)

// figure is a picture and its caption.
type figure struct {
	Caption string
	Picture template.HTML
	Keys    []key
}

// key explains a colour.
type key struct{ Class, Text string }

// The columns of bar pictures: names on the left, bars, values on the right.
const (
	barLeft, barRight = 138, 376
	barRow            = 26
)

// stack is one bar: parts from left to right.
type stack struct {
	name  string
	parts []float64
	text  string // right of it
}

// stacked draws bars on a linear axis whose ticks are round multiples of unit.
func (v view) stacked(id, title, description string, bars []stack, unit float64, ticks func(float64) string) figure {
	c := newChart(float64(14 + barRow*len(bars) + 24))
	most := 0.0
	for _, bar := range bars {
		sum := 0.0
		for _, part := range bar.parts {
			sum += part
		}
		most = math.Max(most, sum)
	}
	x := axis{low: 0, high: most, from: barLeft, to: barRight}
	bottom := c.h - 22
	for _, t := range x.ticks(unit) {
		c.line("grid", x.at(t), 6, x.at(t), bottom)
		c.text("tick", "middle", x.at(t), bottom+16, ticks(t))
	}
	for j, bar := range bars {
		y := float64(10 + barRow*j)
		at := 0.0
		for k, part := range bar.parts {
			c.rect(fmt.Sprintf("k%d", k%5), x.at(at), y, x.at(at+part)-x.at(at), barRow-9)
			at += part
		}
		c.text("name "+v.classOf(bar.name), "end", barLeft-8, y+13, clip(bar.name, 16))
		c.text("value", "start", math.Max(x.at(at), barLeft)+6, y+13, bar.text)
	}
	c.line("axis", barLeft, 6, barLeft, bottom)
	return figure{Caption: title, Picture: c.done(id, title, description)}
}

var sizeParts = []string{"code", "data", "custom"}

// sizeBars draw modules by section: in bytes, and as shares, because one large module makes the bars of the others
// short.
func (v view) sizeBars() []figure {
	var whole, shares []stack
	most := 0.0
	for _, s := range v.r.Sizes {
		if s.Raw <= 0 {
			continue
		}
		parts, share := v.sizeParts(s)
		whole = append(whole, stack{s.Build, parts, size(s.Raw)})
		shares = append(shares, stack{s.Build, share, "code " + units.Percent(share[0]/100)})
		most = math.Max(most, float64(s.Raw))
	}
	if len(whole) == 0 {
		return nil
	}
	keys := []key{{"k0", "code"}, {"k1", "data"}, {"k2", "custom: names, debug information"}, {"k3", "the rest"}}
	a := v.stacked("size-0", "bytes of the file",
		"A bar for each module, made of its sections. The table of sizes has the same numbers.", whole, binaryUnit(most),
		func(x float64) string { return round(units.Bytes(x)) })
	b := v.stacked("size-1", "shares of the file", "The same as percentages of each module.", shares, 1,
		func(x float64) string {
			return fmt.Sprintf("%.0f %%", x)
		})
	a.Keys, b.Keys = keys, keys
	return []figure{a, b}
}

// binaryUnit is the largest of bytes, KiB and MiB that is smaller than n.
func binaryUnit(n float64) float64 {
	for _, u := range []float64{1 << 20, 1 << 10} {
		if n > u {
			return u
		}
	}
	return 1
}

// sizeParts are the bytes of sizeParts and the rest, and the same in percent.
func (v view) sizeParts(s evidence.Size) (parts, percents []float64) {
	rest := s.Raw
	for _, name := range sizeParts {
		n := sectionSize(s, name)
		rest -= n
		parts = append(parts, float64(n))
	}
	parts = append(parts, float64(max(0, rest)))
	for _, p := range parts {
		percents = append(percents, 100*p/float64(s.Raw))
	}
	return parts, percents
}

// startBars draw start-ups by phase.
func (v view) startBars() []figure {
	var all []figure
	for i, cached := range []bool{false, true} {
		var bars []stack
		var keys []key
		most := 0.0
		for _, s := range v.f.Startups {
			if s.Cached != cached {
				continue
			}
			bar := stack{name: s.Build, text: units.Nanos(s.Total.Mid)}
			sum := 0.0
			for k, p := range s.Phases {
				if len(bars) == 0 {
					keys = append(keys, key{fmt.Sprintf("k%d", k%5), p.Name})
				}
				time := math.Max(0, p.Time.Mid)
				if !units.Known(time) {
					time = 0
				}
				bar.parts = append(bar.parts, time)
				sum += time
			}
			most = math.Max(most, sum)
			bars = append(bars, bar)
		}
		if most == 0 {
			continue
		}
		title := map[bool]string{false: "nothing compiled before", true: "compiled code read from the cache"}[cached]
		f := v.stacked(fmt.Sprintf("start-%d", i), title, "A bar for each build, made of the phases of its start-up.", bars,
			1, tickNanos)
		f.Keys = keys
		all = append(all, f)
	}
	return all
}
