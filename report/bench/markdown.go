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
	headlines(out, v)
	if len(f.Headline) == 0 {
		fmt.Fprintln(out, "Nothing can be said from this run.")
	}
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
	for _, s := range v.sections() {
		markdownSection(out, s)
	}
	fmt.Fprint(out, "\n### What would change this\n")
	bullets(out, v.changes())
	return out.Err
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

func markdownSection(w io.Writer, s section) {
	fmt.Fprintf(w, "\n### %s\n", escape(s.Title))
	for _, lead := range s.Lead {
		fmt.Fprintf(w, "\n%s\n", escape(lead))
	}
	for _, g := range s.Grids {
		folded := s.Detail || g.Detail
		switch {
		case folded:
			fmt.Fprintf(w, "\n<details><summary>%s</summary>\n", escape(words.Join(": ", s.Title, g.Caption)))
		case g.Caption != "":
			fmt.Fprintf(w, "\n**%s**\n", escape(g.Caption))
		}
		markdownGrid(w, g)
		if folded {
			fmt.Fprint(w, "\n</details>\n")
		}
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
			if c.Tone == bad || c.Tone == warn {
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

var markdownEscapes = strings.NewReplacer("\\", "\\\\", "|", "\\|", "<", "&lt;", ">", "&gt;", "&", "&amp;", "*", "\\*", "_", "\\_", "`", "\\`",
	"](", "\\](", "@", "&#64;")
