// Package conformance writes a report for people (Text) and for CI servers (JUnit).
package conformance

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/header-auth/header-auth/internal/units"
	"github.com/header-auth/header-auth/internal/words"
	"github.com/header-auth/header-auth/report"
)

// TextOptions say what the terminal can do.
type TextOptions struct {
	Color bool
	Quiet bool // only what is red, and the verdict
}

// detailed is how many findings of the same builds are shown in full, so that a build that fails every case does not
// hide the others.
const detailed = 20

// Text writes the report for people: what ran, a table of builds and groups, every red result with all that is needed
// to understand it, and the verdict as the last line.
func Text(w io.Writer, r *report.Report, o TextOptions) error {
	out := &words.Writer{To: w}
	t := text{w: out, report: newIndex(r), paint: words.Paint{On: o.Color}}
	if !o.Quiet {
		t.head()
		t.table()
	}
	t.red()
	if !o.Quiet {
		t.known()
	}
	t.verdict()
	return out.Err
}

type text struct {
	w      io.Writer
	report *index
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
		size, digest := units.Bytes(float64(b.Size)), "sha256 "+words.Short(b.SHA256)
		if b.SHA256 == "" {
			size, digest = "", "no module"
		}
		rows.AppendRow(table.Row{b.Name, size, digest, words.Join(", ", b.Toolchain, b.SDK)})
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
	engine := r.engine()
	for _, b := range r.Builds {
		header = append(header, t.paint.Bold(strings.TrimSuffix(b.Name, engine)))
	}
	rows.AppendRow(header)
	for _, group := range r.Table.Groups {
		if r.groups[group.Name] {
			rows.AppendRow(t.row(group.Name, func(build string) report.Counts {
				return r.ofGroup[groupAndBuild{group.Name, build}]
			}))
		}
	}
	rows.AppendSeparator()
	rows.AppendRow(t.row("total", func(build string) report.Counts { return r.ofBuild[build] }))
	t.line("%s", words.Indent(words.TrimLines(rows.Render()), "  "))
	t.line("  %s\n", t.paint.Dim("✓ all pass  ✗ some fail  ! could not be judged  ~ known to fail  - not run"))
}

// engine is the end that the names of all builds have in common, such as "@envoy-1.40.0"; "": there is none.
func (r *index) engine() string {
	common := ""
	for i, b := range r.Builds {
		_, engine, found := strings.Cut(b.Name, "@")
		switch {
		case !found || i > 0 && "@"+engine != common:
			return ""
		case i == 0:
			common = "@" + engine
		}
	}
	return common
}

func (t text) row(name string, counts func(build string) report.Counts) table.Row {
	row := table.Row{name}
	for _, b := range t.report.Builds {
		row = append(row, t.cell(counts(b.Name)))
	}
	return row
}

func (t text) cell(c report.Counts) string {
	counts := fmt.Sprintf("%d/%d", c[report.Pass]+c[report.XPass], c.Total())
	switch {
	case c.Total() == 0:
		return t.paint.Dim("-")
	case c[report.Fail]+c[report.XPass] > 0:
		return t.paint.Red("✗ " + counts)
	case c[report.Error] > 0:
		return t.paint.Red("! " + counts)
	case c[report.XFail] > 0:
		return t.paint.Yellow("~ " + counts)
	case c[report.Skip] > 0:
		return t.paint.Dim("- " + counts)
	}
	return t.paint.Green("✓ " + counts)
}

func (t text) divergence(d *report.Divergence) {
	c := t.report.caseOf(d.Case)
	t.title(t.paint.Red("≠"), c, "builds differ in "+d.Field)
	t.clauses(c)
	for _, side := range d.Sides {
		t.line("    %s", t.paint.Bold(strings.Join(side.Builds, ", ")))
		t.line("%s", words.Indent(side.Value, "      "))
	}
	t.traces(c.ID, d.Sides[0].Builds[0], d.Sides[1].Builds[0])
	t.line("")
}

// known lists the results that are neither pass nor red: each reason once, with its cases and builds.
func (t text) known() {
	taken := func(r *report.Result) bool { return r.Outcome == report.XFail || r.Outcome == report.Skip }
	always := func(*report.Result, *report.Result) bool { return true }
	cases := map[string][]string{}
	var titles []string
	for _, f := range t.alike(taken, always) {
		title := fmt.Sprintf("%s %s: %s", t.paint.Yellow(fmt.Sprintf("%-5s", f.Outcome)), t.of(f), f.Reason)
		if cases[title] == nil {
			titles = append(titles, title)
		}
		cases[title] = append(cases[title], f.Case)
	}
	for _, title := range titles {
		t.line("%s", title)
		t.line("%s", words.Indent(words.Wrap(strings.Join(cases[title], ", "), 110), "      "))
	}
	if len(titles) > 0 {
		t.line("")
	}
}

func (t text) verdict() {
	r := t.report
	counts := r.Counts()
	parts := []string{fmt.Sprintf("%d of %d passed", counts[report.Pass], counts.Total())}
	for _, p := range []struct {
		n    int
		text string
	}{
		{counts[report.Fail], "failed"}, {counts[report.Error], "could not be judged"}, {counts[report.XPass],
			"passed unexpectedly"},
		{counts[report.XFail], "known to fail"}, {counts[report.Skip], "skipped"},
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
