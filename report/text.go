package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/header-auth/header-auth/internal/units"
	"github.com/header-auth/header-auth/internal/words"
)

// TextOptions are what the terminal can do.
type TextOptions struct {
	Color bool
}

// detailed is how many findings of the same builds are shown in full; a build that fails everything would otherwise bury
// the others.
const detailed = 20

// Text writes the report for people: what ran, a table builds × groups, then whatever is red with everything needed
// to understand it, and the verdict as the last line.
func Text(w io.Writer, r *Report, o TextOptions) error {
	out := &words.Writer{To: w}
	t := text{w: out, report: r, paint: words.Paint{On: o.Color}}
	t.head()
	t.table()
	t.red()
	t.divergences()
	t.known()
	t.verdict()
	return out.Err
}

type text struct {
	w      io.Writer
	report *Report
	paint  words.Paint
}

func (t text) line(format string, args ...any) { fmt.Fprintf(t.w, format+"\n", args...) }

func (t text) head() {
	r := t.report
	cases := words.Plural(len(r.Cases), "case")
	if len(r.Cases) != r.Table.Cases {
		cases = fmt.Sprintf("%d of %s", len(r.Cases), words.Plural(r.Table.Cases, "case"))
	}
	t.line("%s · %s × %s", t.paint.Bold(r.Table.Name), cases, words.Plural(len(r.Builds), "build"))
	t.line("%s", t.paint.Dim(fmt.Sprintf("wazero %s %s · as %s · allocator order %s · table %s",
		r.Host.Wazero, r.Host.Engine, r.Host.Profile, r.Host.Allocator, words.Short(r.Table.Digest))))
	t.line("")
	rows := words.NewTable()
	for _, b := range r.Builds {
		rows.AppendRow(table.Row{b.Name, units.Bytes(float64(b.Size)), "sha256 " + words.Short(b.SHA256), words.Join(", ", b.Toolchain, b.SDK)})
	}
	for i, row := range strings.Split(words.TrimLines(rows.Render()), "\n") {
		t.line("  %s", row)
		if label := words.FirstSentence(t.report.Builds[i].Label); label != "" {
			t.line("    %s", t.paint.Dim(label))
		}
	}
	t.line("")
}

func (t text) table() {
	r := t.report
	rows := words.NewTable()
	header := table.Row{"group"}
	for _, b := range r.Builds {
		header = append(header, t.paint.Bold(b.Name))
	}
	rows.AppendRow(header)
	for _, group := range r.Table.Groups {
		inGroup := func(result *Result) bool { return r.caseOf(result.Case).Group == group.Name }
		if r.Counts(inGroup).Total() > 0 {
			rows.AppendRow(t.row(group.Name, inGroup))
		}
	}
	rows.AppendSeparator()
	rows.AppendRow(t.row("total", func(*Result) bool { return true }))
	t.line("%s", words.Indent(words.TrimLines(rows.Render()), "  "))
	t.line("  %s\n", t.paint.Dim("✓ all pass  ✗ some fail  ! could not be judged  ~ known to fail  - not run"))
}

func (t text) row(name string, keep func(*Result) bool) table.Row {
	row := table.Row{name}
	for _, b := range t.report.Builds {
		row = append(row, t.cell(t.report.Counts(func(r *Result) bool { return r.Build == b.Name && keep(r) })))
	}
	return row
}

func (t text) cell(c Counts) string {
	counts := fmt.Sprintf("%d/%d", c[Pass]+c[XPass], c.Total())
	switch {
	case c.Total() == 0:
		return t.paint.Dim("-")
	case c[Fail]+c[XPass] > 0:
		return t.paint.Red("✗ " + counts)
	case c[Error] > 0:
		return t.paint.Red("! " + counts)
	case c[XFail] > 0:
		return t.paint.Yellow("~ " + counts)
	case c[Skip] > 0:
		return t.paint.Dim("- " + counts)
	}
	return t.paint.Green("✓ " + counts)
}

func (t text) divergences() {
	for i := range t.report.Divergences {
		d := &t.report.Divergences[i]
		c := t.report.caseOf(d.Case)
		t.title(t.paint.Red("≠"), c, "builds differ in "+d.Field)
		t.clauses(c)
		for _, side := range d.Sides {
			t.line("    %s", t.paint.Bold(strings.Join(side.Builds, ", ")))
			t.line("%s", words.Indent(side.Value, "      "))
		}
		t.hint("trace", words.QuoteArg(c.ID), t.report.selects(d.Sides[0].Builds[0], d.Sides[1].Builds[0]))
		t.line("")
	}
}

// known lists what is not as it should be and yet not red.
func (t text) known() {
	shown := false
	for i := range t.report.Results {
		result := &t.report.Results[i]
		if result.Outcome == XFail || result.Outcome == Skip {
			t.line("%s %s %s: %s", t.paint.Yellow(fmt.Sprintf("%-5s", result.Outcome)), result.Build, result.Case, result.Reason)
			shown = true
		}
	}
	if shown {
		t.line("")
	}
}

func (t text) verdict() {
	r := t.report
	counts := r.Counts(nil)
	parts := []string{fmt.Sprintf("%d of %d passed", counts[Pass], counts.Total())}
	for _, p := range []struct {
		n    int
		text string
	}{
		{counts[Fail], "failed"}, {counts[Error], "could not be judged"}, {counts[XPass], "passed unexpectedly"},
		{counts[XFail], "known to fail"}, {counts[Skip], "skipped"},
	} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.text))
		}
	}
	if n := len(r.Divergences); n > 0 {
		parts = append(parts, words.Plural(n, "divergence")+" between builds")
	}
	switch sum := strings.Join(parts, ", "); {
	case r.Empty():
		t.line("%s: no case was run", t.paint.Red("nothing run"))
	case r.Conformant():
		t.line("%s: %s", t.paint.Green("conformant"), sum)
	default:
		t.line("%s: %s", t.paint.Red("not conformant"), sum)
	}
}

// caseOf finds a case; one that is not listed (a report edited by hand) still has its id.
func (r *Report) caseOf(id string) Case {
	if i := slices.IndexFunc(r.Cases, func(c Case) bool { return c.ID == id }); i >= 0 {
		return r.Cases[i]
	}
	return Case{ID: id}
}

func (r *Report) build(name string) Build {
	if i := slices.IndexFunc(r.Builds, func(b Build) bool { return b.Name == name }); i >= 0 {
		return r.Builds[i]
	}
	return Build{Name: name}
}
