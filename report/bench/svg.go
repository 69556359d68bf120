package bench

import (
	"cmp"
	"fmt"
	"html"
	"html/template"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// chart is an SVG picture while it is drawn. It names classes; the page's style sheet has their
// colours, light and dark.
type chart struct {
	b    strings.Builder
	w, h float64
}

// chartWidth is the width of every picture: on a phone it can still be read.
const chartWidth = 480

func newChart(height float64) *chart { return &chart{w: chartWidth, h: height} }

func (c *chart) put(format string, args ...any) { fmt.Fprintf(&c.b, format+"\n", args...) }

func (c *chart) line(class string, x1, y1, x2, y2 float64) {
	c.put(`<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, class, x1, y1, x2, y2)
}

func (c *chart) rect(class string, x, y, w, h float64) {
	c.put(`<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, class, x, y, math.Max(0, w), h)
}

// text sets s at x, y; anchor is start, middle or end.
func (c *chart) text(class, anchor string, x, y float64, s string) {
	c.put(`<text class="%s" text-anchor="%s" x="%.1f" y="%.1f">%s</text>`, class, anchor, x, y, html.EscapeString(s))
}

func (c *chart) path(class string, points [][2]float64) {
	if len(points) == 0 {
		return
	}
	var d strings.Builder
	for i, p := range points {
		fmt.Fprintf(&d, "%c%.1f %.1f", "ML"[min(i, 1)], p[0], p[1])
	}
	c.put(`<path class="%s" d="%s"/>`, class, d.String())
}

// done is the finished picture. A screen reader reads its title and description.
func (c *chart) done(id, title, description string) template.HTML {
	e := html.EscapeString
	return template.HTML(fmt.Sprintf("<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-labelledby=\"%s-t "+
		"%s-d\">\n<title id=\"%s-t\">%s</title>\n<desc id=\"%s-d\">%s</desc>\n%s</svg>",
		c.w, c.h, id, id, id, e(title), id, e(description), c.b.String()))
}

// axis maps values to coordinates.
type axis struct {
	low, high float64 // values
	from, to  float64 // coordinates
	log       bool
}

// logAxis goes from the least to the largest of positive values, with room around them.
func logAxis(values []float64, room, from, to float64) axis {
	low, high := slices.Min(values), slices.Max(values)
	if low == high {
		low, high = low/2, high*2
	}
	r := math.Pow(high/low, room)
	return axis{low / r, high * r, from, to, true}
}

func (a axis) at(v float64) float64 {
	if a.log {
		return a.from + (a.to-a.from)*math.Log(v/a.low)/math.Log(a.high/a.low)
	}
	return a.from + (a.to-a.from)*(v-a.low)/(a.high-a.low)
}

// ticks are round multiples of unit within the axis, at most about eight.
func (a axis) ticks(unit float64) []float64 {
	var all []float64
	if !a.log || a.high/a.low < 2 {
		step := unit * math.Pow(10, math.Floor(math.Log10((a.high-a.low)/unit/4)))
		for _, coarser := range []float64{2, 2.5, 2} { // 2, 5, 10
			if (a.high-a.low)/step > 5 {
				step *= coarser
			}
		}
		for v := math.Ceil(a.low/step) * step; v <= a.high*1.0001; v += step {
			all = append(all, v)
		}
		return all
	}
	for _, steps := range [][]float64{{1}, {1, 3}, {1, 2, 5}, {1, 1.5, 2, 3, 4, 5, 7}} {
		all = nil
		for decade := math.Floor(math.Log10(a.low)); decade <= math.Log10(a.high); decade++ {
			for _, step := range steps {
				if v := step * math.Pow(10, decade); v >= a.low && v <= a.high {
					all = append(all, v)
				}
			}
		}
		if len(all) >= 4 {
			break
		}
	}
	if len(all) > 9 {
		var fewer []float64
		for i := 0; i < len(all); i += 2 {
			fewer = append(fewer, all[i])
		}
		return fewer
	}
	return all
}

// label is a name at the end of a line.
type label struct {
	class, text string
	x, end, y   float64 // the line ends at (x, end); the text is at height y
}

// nudge moves labels apart until they are at least gap from each other, within low and high as far as there is room.
func nudge(labels []label, gap, low, high float64) {
	slices.SortStableFunc(labels, func(a, b label) int { return cmp.Compare(a.y, b.y) })
	for i := range labels {
		if i > 0 {
			labels[i].y = math.Max(labels[i].y, labels[i-1].y+gap)
		} else {
			labels[i].y = math.Max(labels[i].y, low)
		}
	}
	limit := high
	for i := len(labels) - 1; i >= 0; i-- {
		labels[i].y = math.Min(labels[i].y, limit)
		limit = labels[i].y - gap
	}
}

// ends writes the labels of lines on the right of x, each with a thin line to the end of its own line.
func (c *chart) ends(labels []label, x float64) {
	for _, l := range labels {
		c.line("leader "+l.class, l.x+1, l.end, x-3, l.y)
		c.text("name "+l.class, "start", x, l.y+4, l.text)
	}
}

// clip shortens a name that would run into the text beside it.
func clip(s string, runes int) string {
	if utf8.RuneCountInString(s) <= runes {
		return s
	}
	return string([]rune(s)[:runes-1]) + "…"
}
