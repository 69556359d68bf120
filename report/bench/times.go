package bench

import (
	"fmt"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
	"github.com/header-auth/header-auth/internal/words"
)

func (v view) times() section {
	s := section{ID: "speed", Title: "Speed of a request"}
	if len(v.f.Scenarios) > 1 {
		s.Grids = append(s.Grids, v.overview())
	}
	for i, scenario := range v.f.Scenarios {
		g := v.timesOf(scenario)
		g.Detail = i > 0
		s.Grids = append(s.Grids, g)
	}
	if len(s.Grids) > 0 {
		s.Lead = []string{fmt.Sprintf("A whole request through host and plugin. × floor: how many times the time of a "+
			"guest that makes the same host calls with constants and nothing else. The verdict is on "+
			"the build, compared with %s.", v.reference())}
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
	for _, scenario := range v.f.Scenarios {
		row := []cell{text(scenario.ID), text(units.None)}
		if t, ok := scenario.Timing(v.reference()); ok {
			row[1] = text(units.Nanos(t.Time.Mid))
		}
		for _, b := range v.r.Builds {
			if b.Name == v.reference() {
				continue
			}
			word, ratio := v.compared(scenario, b.Name)
			ratio.Tone = word.Tone
			switch first, _, _ := strings.Cut(word.Text, ","); first {
			case string(verdict.Undecided), string(verdict.Refused), string(verdict.Equivalent):
				ratio.Text += " " + first
			}
			row = append(row, ratio)
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

func (v view) timesOf(scenario verdict.Scenario) grid {
	g := grid{Caption: v.about(scenario.ID),
		Head: []string{"build", "time", "95 %", "× floor", "above floor", "verdict", "time ÷ " + v.reference() + "'s"}}
	for _, row := range scenario.Timings {
		if v.r.Original(row.Contestant) != row.Contestant {
			continue
		}
		if row.Missing.Any() {
			g.Rows = append(g.Rows, []cell{text(row.Contestant), {units.None, dim, ""}, text(units.None), text(units.None),
				text(units.None), {"no number", bad, ""}, text(units.None)})
			g.Notes = append(g.Notes, row.Contestant+" has no number: "+sentence(missing(row.Missing)))
			continue
		}
		time := cell{Text: units.Nanos(row.Time.Mid)}
		word, ratio := v.compared(scenario, row.Contestant)
		over, above := units.Ratio(row.OverFloor.Mid), units.Nanos(row.AboveFloor.Mid)
		if row.Contestant == evidence.Floor {
			over, above = "1", units.None
		}
		g.Rows = append(g.Rows, []cell{text(row.Contestant), time, text(plusMinus(row.Time)), text(over), text(above),
			word, ratio})
	}
	g.Notes = append(g.Notes, v.apart(scenario)...)
	return g
}

// apart says where the mean and the usual batch differ, and what was left out.
func (v view) apart(scenario verdict.Scenario) []string {
	var notes []string
	left := 0.
	for _, t := range scenario.Timings {
		left = max(left, t.LeftOut)
		switch {
		case t.Missing.Any():
		case t.Growth > 0:
			notes = append(notes, fmt.Sprintf("%s leaks, so its time has no mean: it grew %s times from the first "+
				"half of the rounds to the last.", t.Contestant, units.Digits(t.Growth)))
		case t.Differs() && t.Collector != nil:
			notes = append(notes, fmt.Sprintf("%s: a batch usually takes %s a request, the mean is %s: it "+
				"collects every %s requests, for %s.", t.Contestant,
				units.Nanos(t.Usual), units.Nanos(t.Time.Mid), units.Count(int(t.Collector.Period)),
				units.Nanos(t.Collector.Pause)))
		case t.Differs():
			notes = append(notes, fmt.Sprintf("%s: a batch usually takes %s a request, the mean is %s: some rounds "+
				"are slow in every instance.", t.Contestant,
				units.Nanos(t.Usual), units.Nanos(t.Time.Mid)))
		}
	}
	if left >= 0.001 {
		notes = append(notes, fmt.Sprintf("Left out because something else disturbed it: at most %s of a build's time.",
			units.Percent(left)))
	}
	return notes
}

// compared is a contestant compared with the reference: the verdict and the ratio of times.
func (v view) compared(scenario verdict.Scenario, contestant string) (word, ratio cell) {
	switch contestant {
	case v.reference():
		return cell{"reference", dim, ""}, text("1")
	case evidence.Floor:
		return cell{"the floor", dim, ""}, text(units.None)
	}
	if p, ok := scenario.Pair(contestant, v.reference()); ok && p.Word == verdict.Unsteady {
		return verdictOf(p), text(units.None) // what leaks has no stationary time
	} else if ok {
		return verdictOf(p), text(within(p.Ratio, units.Ratio))
	}
	return text(units.None), text(units.None)
}

func verdictOf(p verdict.Pair) cell {
	tones := map[verdict.Word]tone{verdict.Faster: good, verdict.Slower: bad, verdict.Undecided: warn,
		verdict.Refused: dim}
	said := string(p.Word)
	switch decided := p.Word == verdict.Faster || p.Word == verdict.Slower || p.Word == verdict.Equivalent; {
	case !decided || p.Count.Ratio == 0:
	case p.Count.Agrees:
		said += ", confirmed"
	default:
		said += ", instructions disagree"
	}
	return cell{said, tones[p.Word], ""}
}

// confirmation says how many of the verdicts on the reference are confirmed by counted instructions;
// "" where there are none.
func (v view) confirmation() string {
	agree, all := 0, 0
	var where, not []string
	for _, s := range v.f.Scenarios {
		for _, b := range v.r.Builds {
			p, ok := s.Pair(b.Name, v.reference())
			if !ok || p.Count.Ratio == 0 || p.Word != verdict.Faster && p.Word != verdict.Slower &&
				p.Word != verdict.Equivalent {
				continue
			}
			if all++; !slices.Contains(where, s.ID) {
				where = append(where, s.ID)
			}
			if p.Count.Agrees {
				agree++
			} else {
				not = append(not, fmt.Sprintf("%s in %s (%s times the instructions)", b.Name, s.ID, units.Ratio(p.Count.Ratio)))
			}
		}
	}
	switch {
	case len(v.f.Scenarios) == 0 || !v.f.Gate.Passed || !v.comparable():
		return ""
	case all == 0:
		return "Instructions were not counted; make bench-full does, where valgrind is there."
	}
	said := fmt.Sprintf("Confirmed by instructions, which an emulator counts without noise: %d "+
		"of %d verdicts on time, in %s", agree, all, list(where))
	if len(not) > 0 {
		said += "; not " + list(not)
	}
	return said + "."
}

// undecided are the comparisons that the run could not decide, and how many processes would.
func (v view) undecided() section {
	g := grid{Head: []string{"scenario", "builds", "ratio of times", "to decide it"}}
	for _, scenario := range v.f.Scenarios {
		for _, p := range scenario.Pairs {
			if p.Word != verdict.Undecided {
				continue
			}
			more := "probably no number of processes would"
			if p.More > 0 && p.More < verdict.TooMany {
				more = fmt.Sprintf("about %d more processes", p.More)
			}
			g.Rows = append(g.Rows, []cell{text(scenario.ID), text(p.A + " to " + p.B), text(within(p.Ratio, units.Ratio)),
				text(more)})
		}
	}
	if len(g.Rows) == 0 {
		return section{}
	}
	return section{ID: "undecided", Title: "Undecided", Grids: []grid{g},
		Lead: []string{"For these neither a difference nor its absence is shown."}}
}

// pairs are all comparisons of two builds.
func (v view) pairs() section {
	g := grid{Head: []string{"scenario", "builds", "ratio of times", "equivalent within", "p, after Holm", "the first is"}}
	for _, scenario := range v.f.Scenarios {
		for _, p := range scenario.Pairs {
			chance := units.None
			if units.Known(p.P) {
				chance = fmt.Sprintf("%.3f", p.P)
				if p.P < 0.001 {
					chance = "< 0.001"
				}
			}
			g.Rows = append(g.Rows, []cell{text(scenario.ID), text(p.A + " to " + p.B), text(within(p.Ratio, units.Ratio)),
				text("± " + units.Percent(verdict.Band)), text(chance), verdictOf(p)})
		}
	}
	if len(g.Rows) == 0 {
		return section{}
	}
	return section{ID: "pairs", Title: "Every two builds", Grids: []grid{g}, Detail: true, Lead: []string{
		"The ratio is the first build's time over the second's; below 1 the first is faster. The probability p is adjusted " +
			"for the number of comparisons."}}
}

// about is a scenario's id with its decision and status.
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
