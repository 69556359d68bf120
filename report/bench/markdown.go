package bench

import (
	"fmt"
	"io"
	"strings"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/words"
)

// Markdown writes the report for a pull request, in GitHub's dialect. Long tables are folded.
func Markdown(w io.Writer, r *evidence.Report, f *verdict.Findings) error {
	out := &words.Writer{To: w}
	v := view{r, f}
	fmt.Fprintf(out, "## %s\n\n", question)
	firstScreen(out, v)
	state := "passed"
	if !f.Gate.Passed {
		state = "failed, no verdict on speed"
	}
	fmt.Fprintf(out, "\n**A/A check %s**: %s.\n", state, escape(gateText(f.Gate)))
	bullets(out, gateFaults(f.Gate))
	if len(f.Warnings) > 0 {
		fmt.Fprint(out, "\n**Warnings**\n")
		bullets(out, v.warnings())
	}
	if len(f.Headline) > 0 {
		fmt.Fprint(out, "\n<details><summary>Each statement, and how sure it is</summary>\n\n")
		headlines(out, v)
		fmt.Fprint(out, "\n</details>\n")
	}
	for _, s := range v.sections() {
		markdownSection(out, s)
	}
	fmt.Fprint(out, "\n<details><summary>What would change this</summary>\n")
	bullets(out, v.changes())
	fmt.Fprint(out, "\n</details>\n")
	return out.Err
}

// firstScreen is the table and the sentences with which every form begins.
func firstScreen(out io.Writer, v view) {
	if g := v.first(); len(g.Rows) > 0 {
		notes := g.Notes
		g.Notes = nil
		markdownGrid(out, g)
		for _, n := range notes {
			fmt.Fprintf(out, "\n<sub>%s</sub>\n", escape(n))
		}
	}
	fmt.Fprintln(out)
	for _, s := range v.advice() {
		fmt.Fprintf(out, "- **%s**\n", escape(sentence(s)))
	}
	for _, s := range v.onEnvoyAdvice() {
		fmt.Fprintf(out, "- %s\n", escape(sentence(s)))
	}
}

func headlines(out io.Writer, v view) {
	for _, c := range v.headline() {
		fmt.Fprintf(out, "- **%s**", escape(sentence(c.Text)))
		if len(c.Evidence) > 0 {
			fmt.Fprintf(out, " %s", escape(sentence(strings.Join(c.Evidence, "; "))))
		}
		fmt.Fprintln(out)
	}
}

func bullets(w io.Writer, lines []string) {
	if len(lines) > 0 {
		fmt.Fprintln(w)
	}
	for _, l := range lines {
		fmt.Fprintf(w, "- %s\n", escape(sentence(l)))
	}
}

// markdownSection writes a section folded: the first screen has what decides.
func markdownSection(w io.Writer, s section) {
	fmt.Fprintf(w, "\n<details><summary>%s</summary>\n", escape(s.Title))
	markdownBody(w, s)
	fmt.Fprint(w, "\n</details>\n")
}

// markdownBody writes a section without its title.
func markdownBody(w io.Writer, s section) {
	for _, lead := range s.Lead {
		fmt.Fprintf(w, "\n%s\n", escape(lead))
	}
	for _, g := range s.Grids {
		if g.Caption != "" {
			fmt.Fprintf(w, "\n**%s**\n", escape(g.Caption))
		}
		markdownGrid(w, g)
	}
}

func markdownGrid(w io.Writer, g grid) {
	heads := make([]string, len(g.Head))
	for i, h := range g.Head {
		heads[i] = escape(h)
	}
	fmt.Fprintf(w, "\n| %s |\n|%s\n", strings.Join(heads, " | "), strings.Repeat("---|", len(heads)))
	for _, row := range g.Rows {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = escape(c.Text)
			if c.Tone == bad || c.Tone == warn || strings.HasSuffix(c.Text, best) {
				cells[i] = "**" + cells[i] + "**"
			}
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
	bullets(w, g.Notes)
}

// escape makes Markdown show a text as it is, in a cell of a table too.
func escape(s string) string {
	return markdownEscapes.Replace(words.OneLine(printable(s)))
}

var markdownEscapes = strings.NewReplacer("\\", "\\\\", "|", "\\|", "<", "&lt;", ">", "&gt;", "&", "&amp;", "*", "\\*",
	"_", "\\_", "`", "\\`", "](", "\\](", "@", "&#64;")
