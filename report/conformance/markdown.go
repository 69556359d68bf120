package conformance

import (
	"fmt"
	"html"
	"io"
	"path/filepath"
	"strings"

	"github.com/header-auth/header-auth/internal/words"
	"github.com/header-auth/header-auth/report"
)

// Markdown writes the report for a pull request or the summary of a CI job: the verdict, a table of builds and groups,
// and each red result in a part that can be opened.
func Markdown(w io.Writer, r *report.Report) error {
	out := &words.Writer{To: w}
	var inner strings.Builder
	t := text{w: &inner, report: newIndex(r)}
	take := func() string { // what was written as text since the last time
		defer inner.Reset()
		return inner.String()
	}
	t.verdict()
	fmt.Fprintf(out, "## %s: %s\n", cell(r.Table.Name), cell(strings.TrimSpace(take())))
	if len(r.Builds) > 0 {
		t.markdownTable(out)
	}
	all, hidden := t.parts()
	for _, part := range all {
		part.write()
		title, rest, _ := strings.Cut(take(), "\n")
		fmt.Fprintf(out, "<details><summary>%s</summary>\n\n%s\n\n</details>\n\n", html.EscapeString(title),
			fence(outdent(rest)))
	}
	if hidden > 0 {
		fmt.Fprintf(out, "%s\n", notShown(hidden))
	}
	return out.Err
}

func (t text) markdownTable(out io.Writer) {
	r := t.report
	head, line := "\n| group |", "|---|"
	for _, b := range r.Builds {
		head, line = head+" "+cell(b.Name)+" |", line+"---|"
	}
	fmt.Fprintf(out, "%s\n%s\n", head, line)
	row := func(name string, counts func(build string) report.Counts) {
		fmt.Fprintf(out, "| %s |", name)
		for _, b := range r.Builds {
			fmt.Fprintf(out, " %s |", t.cell(counts(b.Name)))
		}
		fmt.Fprintln(out)
	}
	for _, g := range r.Table.Groups {
		if r.groups[g.Name] {
			row(cell(g.Name), func(build string) report.Counts { return r.ofGroup[groupAndBuild{g.Name, build}] })
		}
	}
	row("**total**", func(build string) report.Counts { return r.ofBuild[build] })
	fmt.Fprintln(out)
}

// cell is a text in a table or a heading.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "_", `\_`, "<", "&lt;", "\n", " ").Replace(s)
}

// outdent takes out the indentation below a title.
func outdent(s string) string {
	return strings.TrimPrefix(strings.ReplaceAll("\n"+s, "\n    ", "\n"), "\n")
}

// fence is a text as it is, in a fence that does not occur in it.
func fence(s string) string {
	mark := "```"
	for strings.Contains(s, mark) {
		mark += "`"
	}
	return mark + "text\n" + strings.TrimRight(s, "\n") + "\n" + mark
}

// from is a file, which is named from the working directory, as it is named from the folder root; "": as it is.
func from(root, file string) string {
	if root == "" {
		return file
	}
	whole, err := filepath.Abs(file)
	if err != nil {
		return file
	}
	if near, err := filepath.Rel(root, whole); err == nil && filepath.IsLocal(near) {
		return filepath.ToSlash(near)
	}
	return file
}

// GitHub writes a workflow command of GitHub Actions for each red result and each divergence: an annotation at the
// case's line, in a file that is named from the folder root: there GitHub looks for it. The verdict is the last line.
//
// Source: docs.github.com, "Workflow commands for GitHub Actions".
func GitHub(w io.Writer, r *report.Report, root string) error {
	out := &words.Writer{To: w}
	var inner strings.Builder
	t := text{w: &inner, report: newIndex(r)}
	all, hidden := t.parts()
	for _, part := range all {
		part.write()
		title, rest, _ := strings.Cut(inner.String(), "\n")
		inner.Reset()
		if i := strings.LastIndex(title, "  "); i > 0 && part.place.File != "" {
			title = title[:i] // the place is in the annotation
		}
		at := "title=" + property(title)
		if part.place.File != "" {
			at = fmt.Sprintf("file=%s,line=%d,%s", property(from(root, part.place.File)), part.place.Line, at)
		}
		fmt.Fprintf(out, "::error %s::%s\n", at, data(strings.TrimSpace(outdent(rest))))
	}
	if hidden > 0 {
		t.line("%s", notShown(hidden))
	}
	t.verdict()
	_, _ = io.WriteString(out, inner.String())
	return out.Err
}

// data and property are texts in a workflow command.
func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
