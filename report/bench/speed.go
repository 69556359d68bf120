package bench

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/words"
)

func (v view) speed() section {
	s := section{ID: "speed", Title: "Speed of a request"}
	if len(v.f.Speed) > 1 {
		s.Grids = append(s.Grids, v.overview())
	}
	for i, scenario := range v.f.Speed {
		g := v.speedOf(scenario)
		g.Detail = i > 0
		s.Grids = append(s.Grids, g)
	}
	if len(s.Grids) > 0 {
		s.Lead = []string{fmt.Sprintf("A whole request through host and plugin. × floor: how many times the time of a guest that makes the same host "+
			"calls with constants and nothing else. The verdict is about the build, held against %s.", v.reference())}
	}
	return s
}

// overview is every build in every scenario, as its time over the reference's.
func (v view) overview() grid {
	g := grid{Caption: "time ÷ " + v.reference() + "'s, 95 % interval", Head: []string{"scenario", v.reference()}}
	for _, b := range v.r.Builds {
		if b.Name != v.reference() {
			g.Head = append(g.Head, b.Name)
		}
	}
	for _, scenario := range v.f.Speed {
		row := []cell{text(scenario.Scenario), text(nothing)}
		for _, s := range scenario.Rows {
			if s.Entrant == v.reference() && s.Reason == "" {
				row[1] = text(nanos(s.Time.Mid))
			}
		}
		for _, b := range v.r.Builds {
			if b.Name == v.reference() {
				continue
			}
			word, ratio := v.held(scenario, b.Name)
			ratio.Tone = word.Tone
			switch word.Text {
			case string(verdict.Undecided), string(verdict.Refused), string(verdict.Equivalent):
				ratio.Text += " " + word.Text
			}
			row = append(row, ratio)
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

func (v view) speedOf(scenario verdict.ScenarioSpeed) grid {
	g := grid{Caption: v.about(scenario.Scenario),
		Head: []string{"build", "time", "95 %", "× floor", "above floor", "verdict", "time ÷ " + v.reference() + "'s"}}
	var unstable []string
	for _, row := range scenario.Rows {
		if row.Entrant == evidence.Twin {
			continue
		}
		if row.Reason != "" {
			g.Rows = append(g.Rows, []cell{text(row.Entrant), {nothing, dim, ""}, text(nothing), text(nothing), text(nothing),
				{"no number", bad, ""}, text(nothing)})
			g.Notes = append(g.Notes, row.Entrant+" has no number: "+sentence(row.Reason))
			continue
		}
		time := cell{Text: nanos(row.Time.Mid)}
		if row.Unstable {
			time = cell{time.Text + " *", warn, ""}
			unstable = append(unstable, fmt.Sprintf("%s (%s)", row.Entrant, nanos(row.Best)))
		}
		word, ratio := v.held(scenario, row.Entrant)
		over, above := multiple(row.OverFloor.Mid), nanos(row.AboveFloor.Mid)
		if row.Entrant == evidence.Floor {
			over, above = "1", nothing
		}
		g.Rows = append(g.Rows, []cell{text(row.Entrant), time, text(plusMinus(row.Time)), text(over), text(above), word, ratio})
	}
	if len(unstable) > 0 {
		g.Notes = append(g.Notes, "* unstable, the fastest batches tell another story than the usual ones: "+strings.Join(unstable, ", "))
	}
	if scenario.Dropped > 0 {
		g.Notes = append(g.Notes, percent(scenario.Dropped)+" of the rounds left out: the machine was busy in them, as the floor shows.")
	}
	return g
}

// held is an entrant against the reference: the verdict and the ratio of times.
func (v view) held(scenario verdict.ScenarioSpeed, entrant string) (word, ratio cell) {
	switch entrant {
	case v.reference():
		return cell{"reference", dim, ""}, text("1")
	case evidence.Floor:
		return cell{"the floor", dim, ""}, text(nothing)
	}
	for _, p := range scenario.Pairs {
		if p, ok := oriented(p, entrant, v.reference()); ok {
			return verdictOf(p), text(within(p.Ratio, multiple))
		}
	}
	return text(nothing), text(nothing)
}

func verdictOf(p verdict.Pair) cell {
	tones := map[verdict.Word]tone{verdict.Faster: good, verdict.Slower: bad, verdict.Undecided: warn, verdict.Refused: dim}
	return cell{string(p.Word), tones[p.Word], ""}
}

// oriented is the pair with a first. A ratio turned over has its ends exchanged, a verdict its opposite.
func oriented(p verdict.Pair, a, b string) (verdict.Pair, bool) {
	if p.A == a && p.B == b {
		return p, true
	}
	if p.A != b || p.B != a {
		return p, false
	}
	r := p.Ratio
	p.A, p.B, p.Ratio = a, b, verdict.Interval{Low: 1 / r.High, Mid: 1 / r.Mid, High: 1 / r.Low, N: r.N}
	switch p.Word {
	case verdict.Faster:
		p.Word = verdict.Slower
	case verdict.Slower:
		p.Word = verdict.Faster
	}
	return p, true
}

// undecided are the comparisons that the run could not settle, and what would.
func (v view) undecided() section {
	g := grid{Head: []string{"scenario", "builds", "ratio of times", "to decide it"}}
	for _, scenario := range v.f.Speed {
		for _, p := range scenario.Pairs {
			if p.Word != verdict.Undecided {
				continue
			}
			more := "no number of processes would, probably"
			if p.More > 0 && p.More < verdict.TooMany {
				more = fmt.Sprintf("about %d more processes", p.More)
			}
			g.Rows = append(g.Rows, []cell{text(scenario.Scenario), text(p.A + " to " + p.B), text(within(p.Ratio, multiple)), text(more)})
		}
	}
	if len(g.Rows) == 0 {
		return section{}
	}
	return section{ID: "undecided", Title: "Undecided", Grids: []grid{g},
		Lead: []string{"Neither a difference nor its absence is proven for these."}}
}

// pairs are all comparisons of two builds.
func (v view) pairs() section {
	g := grid{Head: []string{"scenario", "builds", "ratio of times", "equivalent within", "p, after Holm", "the first is"}}
	for _, scenario := range v.f.Speed {
		for _, p := range scenario.Pairs {
			chance := nothing
			if known(p.P) {
				chance = fmt.Sprintf("%.3f", p.P)
				if p.P < 0.001 {
					chance = "< 0.001"
				}
			}
			g.Rows = append(g.Rows, []cell{text(scenario.Scenario), text(p.A + " to " + p.B), text(within(p.Ratio, multiple)),
				text("± " + percent(p.Band)), text(chance), verdictOf(p)})
		}
	}
	if len(g.Rows) == 0 {
		return section{}
	}
	return section{ID: "pairs", Title: "Every two builds", Grids: []grid{g}, Detail: true, Lead: []string{
		"The ratio is the first build's time over the second's; below 1 the first is faster. The probability p is adjusted for the number of comparisons."}}
}

// about names a scenario and says why it is measured.
func (v view) about(id string) string {
	for _, s := range v.r.Scenarios {
		if s.ID == id {
			what := words.Join(", ", s.Decision, statusText(s.Status))
			return id + " (" + what + ")"
		}
	}
	return id
}

func statusText(status int) string {
	if status == 0 {
		return ""
	}
	return fmt.Sprint(status)
}

// tails are the latencies of single requests.
func (v view) tails() section {
	s := section{ID: "tail", Title: "Latency of single requests"}
	for _, scenario := range v.r.Scenarios {
		g := grid{Caption: v.about(scenario.ID), Head: []string{"build"}}
		points := percentiles(v.f.Tails, scenario.ID)
		for _, p := range points {
			g.Head = append(g.Head, fmt.Sprintf("p%v", p))
		}
		g.Head = append(g.Head, "max", "requests")
		collects := slices.ContainsFunc(v.f.Tails, func(t verdict.Tail) bool { return t.Scenario == scenario.ID && t.Collector != nil })
		if collects {
			g.Head = append(g.Head, "collects every", "pause", "longest", "of the time")
		}
		for _, tail := range v.f.Tails {
			if tail.Scenario != scenario.ID || tail.Entrant == evidence.Twin {
				continue
			}
			row := []cell{text(tail.Entrant)}
			for _, p := range points {
				row = append(row, text(percentileOf(tail, p)))
			}
			row = append(row, text(nanos(tail.Max)), text(count(tail.Count)))
			if collects {
				row = append(row, collector(tail.Collector)...)
			}
			g.Rows = append(g.Rows, row)
		}
		if len(g.Rows) > 0 {
			g.Detail = len(s.Grids) > 0
			s.Grids = append(s.Grids, g)
		}
	}
	if len(s.Grids) > 0 {
		s.Lead = []string{"Each request timed by itself, the clock's own time included. A percentile is given only where at least a hundred requests took longer."}
	}
	return s
}

// percentiles are those that any entrant of a scenario has, ascending.
func percentiles(tails []verdict.Tail, scenario string) []float64 {
	var all []float64
	for _, t := range tails {
		if t.Scenario != scenario || t.Entrant == evidence.Twin || len(t.Percentiles) <= len(all) {
			continue
		}
		all = nil
		for _, p := range t.Percentiles {
			all = append(all, p.P)
		}
	}
	return all
}

func percentileOf(t verdict.Tail, p float64) string {
	for _, have := range t.Percentiles {
		if have.P == p {
			return nanos(have.Nanos.Mid)
		}
	}
	return nothing
}

func collector(c *verdict.Collector) []cell {
	if c == nil {
		return []cell{text(nothing), text(nothing), text(nothing), text(nothing)}
	}
	return []cell{text(count(int64(math.Round(c.Period))) + " requests"), text(nanos(c.Pause)), text(nanos(c.Max)), text(percent(c.Share))}
}
