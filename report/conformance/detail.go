package conformance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/internal/words"
	"github.com/header-auth/header-auth/report"
)

// finding is a red result, and the builds that have the same one.
type finding struct {
	*report.Result
	builds []string
}

// cause is why cases of a build could not be judged.
type cause struct{ build, reason string }

// errors are the cases that could not be judged, by cause.
func (t text) errors() map[cause][]string {
	cases := map[cause][]string{}
	for i := range t.report.Results {
		if r := &t.report.Results[i]; r.Outcome == report.Error {
			cases[cause{r.Build, r.Reason}] = append(cases[cause{r.Build, r.Reason}], r.Case)
		}
	}
	return cases
}

// findings are the red results in the order of the cases. Errors that a build has in several cases for the same reason,
// such as a module that does not load, are left out.
func (t text) findings(errors map[cause][]string) []finding {
	taken := func(r *report.Result) bool {
		return r.Outcome.Red() && (r.Outcome != report.Error || len(errors[cause{r.Build, r.Reason}]) < 2)
	}
	return t.alike(taken, func(a, b *report.Result) bool { return slices.Equal(a.Mismatches, b.Mismatches) })
}

// alike are the results that are taken, in the order of the cases. Those of a case are one finding when their outcomes
// and reasons are equal, and they are the same besides.
func (t text) alike(taken func(*report.Result) bool, same func(a, b *report.Result) bool) []finding {
	var all []finding
	for _, c := range t.report.Cases {
		first := len(all)
		for _, r := range t.report.byCase[c.ID] {
			if !taken(r) {
				continue
			}
			at := slices.IndexFunc(all[first:], func(f finding) bool {
				return f.Outcome == r.Outcome && f.Reason == r.Reason && same(f.Result, r)
			})
			if at >= 0 {
				f := &all[first+at]
				f.builds = append(f.builds, r.Build)
				continue
			}
			all = append(all, finding{r, []string{r.Build}})
		}
	}
	return all
}

// of names the builds of a finding.
func (t text) of(f finding) string {
	if n := len(f.builds); n > 1 && n == len(t.report.Builds) {
		return fmt.Sprintf("all %d builds", n)
	}
	return strings.Join(f.builds, ", ")
}

// part is one thing that makes a run red. It is written as a line with a title and indented lines below it.
type part struct {
	place report.Case // no File: it belongs to no case
	write func()
}

// parts are the findings, at most so many in full for each set of builds, then each error of several cases once, then
// the divergences. The findings that are left out are counted.
func (t text) parts() (all []part, hidden int) {
	errors := t.errors()
	shown := map[string]int{}
	for _, f := range t.findings(errors) {
		key := strings.Join(f.builds, ", ")
		if shown[key]++; shown[key] > detailed {
			hidden++
			continue
		}
		all = append(all, part{t.report.caseOf(f.Case), func() { t.finding(f) }})
	}
	for i := range t.report.Results {
		r := &t.report.Results[i]
		cases := errors[cause{r.Build, r.Reason}]
		if r.Outcome == report.Error && len(cases) > 1 && cases[0] == r.Case {
			all = append(all, part{write: func() {
				t.line("%s %s · %s and %s", t.paint.Red("!"), t.paint.Bold(r.Build), r.Case,
					words.Plural(len(cases)-1, "more case"))
				t.line("%s\n", words.Indent(r.Reason, "    "))
			}})
		}
	}
	for i := range t.report.Divergences {
		d := &t.report.Divergences[i]
		all = append(all, part{t.report.caseOf(d.Case), func() { t.divergence(d) }})
	}
	return all, hidden
}

// red shows everything that makes the run red.
func (t text) red() {
	all, hidden := t.parts()
	for _, p := range all {
		p.write()
	}
	if hidden > 0 {
		t.line("%s %s\n", t.paint.Red("✗"), notShown(hidden))
	}
}

func notShown(findings int) string {
	return words.Plural(findings, "more finding") + " not shown: --case selects one, --format json has them all"
}

func (t text) finding(f finding) {
	c := t.report.caseOf(f.Case)
	mark := "✗"
	if f.Outcome == report.Error {
		mark = "!"
	}
	t.title(t.paint.Red(mark), c, t.of(f))
	t.explain(c, f.Result)
	t.hint("check", "--case "+words.QuoteArg(c.ID), t.report.selects(f.builds...))
	t.traces(c.ID, f.builds[0])
	t.line("")
}

// Explain is what Text writes about one result of a report after its title: the clauses that the case tests, why it
// matters, what breaks in production, and what went wrong.
func Explain(r *report.Report, result *report.Result) string {
	var b strings.Builder
	t := text{w: &b, report: newIndex(r)}
	t.explain(t.report.caseOf(result.Case), result)
	return b.String()
}

func (t text) explain(c report.Case, result *report.Result) {
	t.clauses(c)
	switch result.Outcome {
	case report.Error:
		t.line("%s", words.Indent(result.Reason, "    "))
	case report.XPass:
		t.line("    %s", xpassText(result.Reason))
	}
	t.details(result)
}

// selects are the flags that select the builds again, each flag with its value once.
func (x *index) selects(builds ...string) []string {
	var flags []string
	for _, name := range builds {
		for pair := range slices.Chunk(x.build(name).Select, 2) {
			known := false
			for had := range slices.Chunk(flags, 2) {
				known = known || slices.Equal(had, pair)
			}
			if !known {
				flags = append(flags, pair...)
			}
		}
	}
	return flags
}

// title is one line: the case, what is said about it, and its place in the table.
func (t text) title(mark string, c report.Case, about string) {
	where := ""
	if c.File != "" {
		where = t.paint.Dim(fmt.Sprintf("  %s:%d", c.File, c.Line))
	}
	t.line("%s %s · %s%s", mark, t.paint.Bold(c.ID), about, where)
}

// clauses are the sentences of the contract that the case tests, why it matters and what breaks in production.
func (t text) clauses(c report.Case) {
	for _, id := range c.Clauses {
		for _, clause := range t.report.Table.Clauses {
			if clause.ID == id {
				t.line("    clause %s: %s", id, words.OneLine(clause.Text))
			}
		}
	}
	if c.Why != "" {
		t.line("    why: %s", words.OneLine(c.Why))
	}
	for _, group := range t.report.Table.Groups {
		if group.Name == c.Group && group.Breaks != "" {
			t.line("    in production: %s", words.OneLine(group.Breaks))
		}
	}
}

// details are the mismatches of a result, and its crossings.
func (t text) details(result *report.Result) {
	for _, m := range result.Mismatches {
		t.line("    %s  %s %s", t.paint.Bold(m.Field), t.paint.Red("- wanted"), t.paint.Green("+ got"))
		for _, l := range diffLines(m.Wanted, m.Got) {
			switch l.mark {
			case '-':
				t.line("      %s", t.paint.Red("- "+l.text))
			case '+':
				t.line("      %s", t.paint.Green("+ "+l.text))
			default:
				t.line("        %s", l.text)
			}
		}
	}
	if len(result.Trace) > 0 {
		t.line("    calls between host and plugin")
		for _, c := range result.Trace {
			t.line("      %s%s", strings.Repeat("  ", c.Depth), c.Text)
		}
	}
}

// traces names the command that traces a case on builds. There are traces of package host alone, and none of an Envoy.
func (t text) traces(id string, builds ...string) {
	builds = slices.DeleteFunc(builds, func(name string) bool {
		return slices.ContainsFunc(t.report.build(name).Select, func(s string) bool { return strings.HasPrefix(s, "envoy@") })
	})
	if len(builds) > 0 {
		t.hint("trace", words.QuoteArg(id), t.report.selects(builds...))
	}
}

// hint is a command that shows more.
func (t text) hint(command, what string, selects []string) {
	line := []string{"parity", command, what}
	for _, s := range selects {
		line = append(line, words.QuoteArg(s))
	}
	t.line("    %s", t.paint.Dim(strings.Join(line, " ")))
}

func xpassText(reason string) string {
	return "passes, though it is listed as known to fail: " + reason + ". Remove the entry."
}
