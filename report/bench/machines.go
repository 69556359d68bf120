package bench

import (
	"fmt"
	"strings"

	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
	"github.com/header-auth/header-auth/internal/words"
)

// machines says what several runs show together: on one machine, or on several.
func (v view) machines() section {
	m := v.f.Machines
	if m == nil {
		return section{}
	}
	runs := 0
	for _, machine := range m.Machines {
		runs += len(machine.Runs)
	}
	if runs < 2 {
		return section{}
	}
	s := section{ID: "machines", Title: "From machine to machine", Lead: v.machinesLead(runs)}
	overall := v.acrossGrid("all scenarios, time ÷ "+v.reference()+"'s", "build", m.Overall,
		func(a verdict.Across) string { return a.A })
	if len(overall.Rows) > 0 {
		s.Grids = append(s.Grids, overall)
	}
	var compared []verdict.Across
	for _, scenario := range v.f.Scenarios {
		for _, b := range v.r.Builds {
			if a, ok := m.Pair(scenario.ID, b.Name, v.reference()); ok && b.Name != v.reference() &&
				len(a.On)+len(a.Others) > 0 {
				compared = append(compared, a)
			}
		}
	}
	all := v.acrossGrid("each scenario, time ÷ "+v.reference()+"'s", "scenario, build", compared,
		func(a verdict.Across) string {
			return a.Scenario + ", " + a.A
		})
	all.Detail = true
	if len(all.Rows) > 0 {
		s.Grids = append(s.Grids, all)
	}
	return s
}

// places say where this machine lies among the published ones, a sentence for each build.
func (v view) places() []string {
	var all []string
	for _, p := range v.f.Places {
		published := units.Span(p.Published.Low, p.Published.High, units.Ratio)
		machines := "on " + words.Plural(p.Published.N, "published machine")
		modules := ""
		if !p.Same {
			modules = " (measured with other modules)"
		}
		all = append(all, fmt.Sprintf("%s takes %s times %s's time on this machine; %s %s%s.", p.Build,
			units.Short(units.Ratio(p.Here)), v.reference(), published, machines, modules))
	}
	return all
}

// published is where this machine lies among the published ones.
func (v view) published() section {
	return section{ID: "published", Title: "Among the published machines", Lead: v.places()}
}

func (v view) machinesLead(runs int) []string {
	m := v.f.Machines
	lead := fmt.Sprintf("%s on %s. Runs of one machine are averaged.", words.Plural(runs, "run"),
		words.Plural(len(m.Machines), "machine"))
	if len(m.Machines) < 3 {
		lead += " With three machines there would be an interval for the ratio on the next machine."
	} else {
		lead += " The next machine's ratio lies in the last column with 95 % confidence, if machines " +
			"are as different as these are."
	}
	all := []string{lead}
	if m.RunNoise > 0 {
		all = append(all, fmt.Sprintf("Runs of the same modules on one machine differ by a standard deviation of %s; the "+
			"intervals of a single run assume %s.",
			units.Percent(m.RunNoise), units.Percent(verdict.RunNoise)))
	}
	for _, machine := range m.Machines {
		if machine.Refused > 0 && len(m.Machines) > 1 {
			all = append(all, fmt.Sprintf("%s: the A/A check failed in %s, whose times do not count.", machine.Name,
				words.Plural(machine.Refused, "run")))
		}
	}
	return all
}

// acrossGrid has a row for each comparison and a column for each machine.
func (v view) acrossGrid(caption, first string, all []verdict.Across, name func(verdict.Across) string) grid {
	m := v.f.Machines
	g := grid{Caption: caption, Head: append([]string{first}, v.machineNames()...)}
	words, next, other := false, false, false
	for _, a := range all {
		words, next, other = words || a.Word != "", next || a.Next.Known(), other || len(a.Others) > 0
	}
	for _, column := range []struct {
		head string
		show bool
	}{{"range", true}, {"the next machine", next}, {"the build is", words}, {"with other modules", other}} {
		if column.show {
			g.Head = append(g.Head, column.head)
		}
	}
	for _, a := range all {
		row := []cell{text(name(a))}
		for _, machine := range m.Machines {
			row = append(row, text(ratioOn(a.On, machine.Name)))
		}
		row = append(row, text(units.Span(a.Low, a.High, units.Ratio)))
		if next {
			said := units.None
			if a.Next.Known() {
				said = units.Span(a.Next.Low, a.Next.High, units.Ratio)
			}
			row = append(row, text(said))
		}
		if words {
			row = append(row, v.acrossWord(a))
		}
		if other {
			row = append(row, text(orNone(v.otherModules(a))))
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

func ratioOn(all []verdict.MachineRatio, machine string) string {
	for _, on := range all {
		if on.Machine == machine {
			return units.Ratio(on.Ratio)
		}
	}
	return units.None
}

// acrossWord is the verdict on all machines; where they differ, what it is on each.
func (v view) acrossWord(a verdict.Across) cell {
	tones := map[verdict.Word]tone{verdict.Faster: good, verdict.Slower: bad, verdict.Undecided: warn,
		verdict.Depends: warn, verdict.Refused: dim}
	said := string(a.Word)
	if len(a.On) > 1 && (a.Word == verdict.Depends || a.Word == verdict.Undecided) {
		var each []string
		for _, on := range a.On {
			each = append(each, fmt.Sprintf("%s on %s", on.Word, v.machineShort(on.Machine)))
		}
		said += ": " + strings.Join(each, ", ")
	}
	return cell{orNone(said), tones[a.Word], ""}
}

func (v view) otherModules(a verdict.Across) string {
	var each []string
	for _, on := range a.Others {
		each = append(each, fmt.Sprintf("%s on %s", units.Ratio(on.Ratio), v.machineShort(on.Machine)))
	}
	return strings.Join(each, ", ")
}

func (v view) machineShort(name string) string {
	for i, m := range v.f.Machines.Machines {
		if m.Name == name {
			return v.machineNames()[i]
		}
	}
	return name
}
