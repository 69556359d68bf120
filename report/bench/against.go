package bench

import (
	"fmt"

	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
	"github.com/header-auth/header-auth/internal/words"
)

// against compares with an earlier report.
func (v view) against() section {
	a := v.f.Against
	if a == nil {
		return section{}
	}
	s := section{ID: "against", Title: "Against " + a.File}
	if !a.Same {
		s.Lead = append(s.Lead, "Another machine or another plan: both numbers are given, and no word on what changed.")
	}
	for _, n := range a.Notes {
		s.Lead = append(s.Lead, note(n))
	}
	g := grid{Caption: "changed, or undecided", Head: []string{"build", "scenario", "what", "then", "now", "now over then",
		"verdict"}}
	same := grid{Caption: "no change", Head: g.Head, Detail: true}
	both := grid{Caption: "then and now", Head: g.Head[:6], Detail: false}
	for _, c := range a.Changes {
		tones := map[verdict.ChangeWord]tone{verdict.Better: good, verdict.Worse: bad, verdict.Unsure: warn}
		row := []cell{text(c.Build), text(orNone(c.Scenario)), text(c.What), text(within(c.Then, in(c.Unit))),
			text(within(c.Now, in(c.Unit))), text(within(c.Ratio, units.Ratio)), {string(c.Word), tones[c.Word], ""}}
		switch c.Word {
		case verdict.NotCompared:
			both.Rows = append(both.Rows, row[:6])
		case verdict.NoChange:
			same.Rows = append(same.Rows, row)
		default:
			g.Rows = append(g.Rows, row)
		}
	}
	if a.Same {
		s.Lead = append(s.Lead, fmt.Sprintf("%d of what was compared changed, or may have; %d did not.", len(g.Rows),
			len(same.Rows)))
	}
	for _, g := range []grid{g, both, same} {
		if len(g.Rows) > 0 {
			s.Grids = append(s.Grids, g)
		}
	}
	return s
}

// note says what follows from something that differs between two runs.
func note(n verdict.Note) string {
	switch n.Kind {
	case verdict.OtherMachine, verdict.OtherPlan:
		return fmt.Sprintf("Another %s: %q then and %q now.", n.What, n.Then, n.Now)
	case verdict.OtherSurroundings:
		return fmt.Sprintf("Another %s, %q then and %q now: a change may come from that.", n.What, n.Then, n.Now)
	case verdict.GateFailedThen:
		return "The earlier report's A/A check failed: neither times nor ratios of requests are compared."
	case verdict.GateFailedNow:
		return "The new report's A/A check failed: neither times nor ratios of requests are compared."
	case verdict.OnlyNow:
		return onlyOne(n) + " is not in the earlier report."
	case verdict.OnlyThen:
		return onlyOne(n) + " is in the earlier report only."
	case verdict.RefusedNow:
		return fmt.Sprintf("%s has no numbers any more%s: %s", n.Build, where(n.Scenario), sentence(n.Now))
	case verdict.SameModules:
		return "The modules are the same files: what differs comes from the machine, the host or the plan."
	case verdict.SameModule:
		return n.Build + " is the same file in both."
	}
	return ""
}

func onlyOne(n verdict.Note) string {
	if n.Build != "" {
		return n.Build
	}
	return "The scenario " + n.Scenario
}

func where(scenario string) string {
	if scenario == "" {
		return ""
	}
	return " in " + scenario
}

// gotWorse says what got worse of a build since an earlier report.
func gotWorse(c verdict.GotWorse) (text string, evidence []string) {
	w := c.Worst
	write := in(w.Unit)
	names := map[string]string{"time": "time of a request", "bytes_per_request": "leak", "resident": "resident memory",
		"size": "size", "startup": "start-up", "ratio_to_floor": "time over the floor's"}
	what := names[w.What]
	if what == "" {
		what = w.What
	}
	text = fmt.Sprintf("%s got worse since %s: its %s%s was %s, and is %s", c.Build, c.File, what, where(w.Scenario),
		write(w.Then.Mid), write(w.Now.Mid))
	if c.Count > 1 {
		text += fmt.Sprintf("; %s in all got worse", words.Plural(c.Count, "number"))
	}
	if w.Ratio.Known() {
		evidence = []string{fmt.Sprintf("now over then %s", within(w.Ratio, units.Ratio))}
	}
	return text + ".", evidence
}

// gone names what an earlier report has and this one has not.
func gone(c verdict.Gone) string {
	var all []string
	if len(c.Builds) > 0 {
		all = append(all, "builds "+list(c.Builds))
	}
	if len(c.Scenarios) > 0 {
		all = append(all, "scenarios "+list(c.Scenarios))
	}
	if len(c.Refused) > 0 {
		all = append(all, "numbers of "+list(c.Refused)+", which answered wrongly")
	}
	return fmt.Sprintf("Missing, and in %s: %s.", c.File, list(all))
}
