package bench

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
	"github.com/header-auth/header-auth/internal/words"
)

// Flags is a build and its variants, which differ from it in compiler flags, measured next to each other.
type Flags struct {
	Build    string
	Cases    int               // of the table that a variant must pass
	Rows     []FlagsRow        // of the build first
	Report   *evidence.Report  // nil: the build itself has no numbers
	Findings *verdict.Findings // nil: nothing was timed, only Report's sizes are there
}

// FlagsRow is a build, or a variant of it.
type FlagsRow struct {
	Name    string
	Change  []string // flags in place of, or besides, the build's; none: the build itself
	Notes   string
	Missing string // why there are no numbers
}

const same = "=" // no measurable difference

// FlagsText writes a table for each build, for a terminal.
func FlagsText(w io.Writer, tables []*Flags, o TextOptions) error {
	out := &words.Writer{To: w}
	for _, t := range tables {
		v := view{t.Report, t.Findings}
		s := t.section(false)
		for _, row := range t.Rows[1:] {
			s.Grids[0].Notes = append(s.Grids[0].Notes, words.Join(" · ", row.Name+": "+flagsOf(row), row.Missing, row.Notes))
		}
		terminal{v, out, words.Paint{On: o.Color}, o.Width}.section(s)
	}
	return out.Err
}

// FlagsMarkdown writes the same tables in Markdown, with the flags in a column and an interval for each time.
func FlagsMarkdown(w io.Writer, tables []*Flags) error {
	out := &words.Writer{To: w}
	for _, t := range tables {
		s := t.section(true)
		g := &s.Grids[0]
		g.Head = append([]string{g.Head[0], "flags"}, g.Head[1:]...)
		for i, row := range t.Rows {
			g.Rows[i] = append([]cell{g.Rows[i][0], text(flagsOf(row))}, g.Rows[i][1:]...)
			if why := words.Join(". ", row.Missing, row.Notes); why != "" {
				g.Notes = append(g.Notes, row.Name+": "+why)
			}
		}
		markdownSection(out, s)
	}
	return out.Err
}

// flagsOf are the flags in which a variant differs.
func flagsOf(row FlagsRow) string { return cmp.Or(strings.Join(row.Change, " "), units.None) }

// section is the table of one build: absolute numbers in the build's row, differences from it in the others, with their
// intervals where there is room.
func (t *Flags) section(room bool) section {
	g := grid{Head: []string{"build", "size"}}
	if t.Findings != nil {
		for _, scenario := range t.Findings.Scenarios {
			_, name, _ := strings.Cut(scenario.ID, "/")
			g.Head = append(g.Head, name)
		}
		g.Head = append(g.Head, "p99.9", "longest", "memory")
	}
	for _, row := range t.Rows {
		cells := []cell{text(row.Name)}
		switch {
		case row.Missing != "":
			cells = append(cells, cell{Text: "no numbers", Tone: bad})
		case t.Report == nil:
			cells = append(cells, text("not measured"))
		case t.Findings == nil:
			cells = append(cells, text(t.size(row.Name)))
		default:
			cells = append(append(cells, text(t.size(row.Name))), t.timed(row.Name, room)...)
		}
		for len(cells) < len(g.Head) {
			cells = append(cells, text(""))
		}
		g.Rows = append(g.Rows, cells)
	}
	return section{Title: t.Build, Lead: t.lead(), Grids: []grid{g}}
}

// lead says what the numbers are and whether they can be believed.
func (t *Flags) lead() []string {
	if t.Report == nil {
		return []string{fmt.Sprintf("%s itself does not pass the table: nothing was measured.", t.Build)}
	}
	lead := fmt.Sprintf("Each variant with numbers passes the whole table (%s). ", words.Plural(t.Cases, "case"))
	if t.Findings == nil {
		return []string{lead + fmt.Sprintf("Sizes are differences from %s. Nothing was timed.", t.Build)}
	}
	all := []string{lead + fmt.Sprintf("Size and times are differences from %s; %s: no measurable difference. "+
		"p99.9 and longest are those of the slowest scenario, memory is that of a warm VM.", t.Build, same)}
	gate := gateText(t.Findings.Gate)
	if t.Findings.Gate.Passed {
		gate = "A/A check passed: " + gate
	} else {
		gate = "A/A check failed, no times are compared: " + gate
	}
	machine := t.Report.Machine
	return append(all, fmt.Sprintf("Measured %s, %s, %d CPUs. %s.", when(t.Report.Run.Started), machine.CPU,
		machine.CPUs, gate))
}

// timed are the cells of a build after its size.
func (t *Flags) timed(build string, room bool) []cell {
	var cells []cell
	for i := range t.Findings.Scenarios {
		cells = append(cells, text(t.time(build, &t.Findings.Scenarios[i], room)))
	}
	p999, longest := math.NaN(), math.NaN()
	for _, tail := range t.Findings.Tails {
		if tail.Contestant != build {
			continue
		}
		longest = larger(longest, tail.Max)
		for _, p := range tail.Percentiles {
			if p.P == 99.9 {
				p999 = larger(p999, p.Nanos.Mid)
			}
		}
	}
	return append(cells, text(units.Nanos(p999)), text(units.Nanos(longest)), t.memory(build))
}

func larger(a, b float64) float64 {
	if math.IsNaN(a) || b > a {
		return b
	}
	return a
}

func (t *Flags) size(build string) string {
	var own, of int
	for _, s := range t.Report.Sizes {
		if s.Build == build {
			own = s.Raw
		}
		if s.Build == t.Build {
			of = s.Raw
		}
	}
	if build == t.Build {
		return size(own)
	}
	return change(float64(own) / float64(of))
}

// change writes a ratio as a difference: "+8.2 %".
func change(ratio float64) string {
	switch {
	case !units.Known(ratio):
		return units.None
	case ratio == 1:
		return same
	}
	return strings.Replace(fmt.Sprintf("%+.1f %%", 100*(ratio-1)), "-", "−", 1)
}

// time is a difference only where the verdict on the pair says so. A build that leaks has no mean time to compare.
func (t *Flags) time(build string, s *verdict.Scenario, room bool) string {
	if build == t.Build {
		timing, _ := s.Timing(build)
		return units.Nanos(timing.Time.Mid)
	}
	p, ok := s.Pair(build, t.Build)
	found := "undecided"
	switch {
	case !ok || p.Word == verdict.Refused || p.Word == verdict.Unsteady:
		return units.None
	case p.Word == verdict.Faster || p.Word == verdict.Slower:
		found = change(p.Ratio.Mid)
	case p.Word == verdict.Equivalent || p.Ratio.Contains(1):
		found = same
	}
	if room && p.Ratio.Known() {
		found += fmt.Sprintf(" [%s, %s]", change(p.Ratio.Low), change(p.Ratio.High))
	}
	return found
}

func (t *Flags) memory(build string) cell {
	for _, m := range t.Findings.Memory {
		if m.Build == build && m.Verdict == verdict.Leak {
			return cell{Text: "leaks", Tone: bad}
		}
	}
	for _, m := range t.Findings.Resident {
		if m.Build == build {
			return text(units.Bytes(m.PerVM.Mid))
		}
	}
	return text(units.None)
}
