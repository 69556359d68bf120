package bench

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/words"
)

// TextOptions describe the terminal.
type TextOptions struct {
	Color bool
	Width int // columns at which sentences are broken; 0: not at all
}

// Text writes the report for a terminal: the verdict and the check that allows it first, then the tables that matter
// for a choice. Markdown and HTML have the rest.
func Text(w io.Writer, r *evidence.Report, f *verdict.Findings, o TextOptions) error {
	out := &words.Writer{To: w}
	t := terminal{view{r, f}, out, words.Paint{On: o.Color}, o.Width}
	t.head()
	for _, s := range t.sections() {
		if !s.Detail {
			t.section(s)
		}
	}
	t.title("What would change this")
	for _, c := range t.changes() {
		t.prose("  · ", c)
	}
	return out.Err
}

type terminal struct {
	view
	w     io.Writer
	paint words.Paint
	width int
}

func (t terminal) line(format string, args ...any) { fmt.Fprintf(t.w, format+"\n", args...) }

func (t terminal) title(s string) { t.line("\n%s", t.paint.Bold(printable(s))) }

// prose writes a paragraph after a mark, its further lines indented to its first word.
func (t terminal) prose(mark, s string) {
	hang := strings.Repeat(" ", utf8.RuneCountInString(mark))
	t.line("%s", mark+strings.ReplaceAll(wrap(s, t.width-len(hang)), "\n", "\n"+hang))
}

// wrap breaks a text at spaces so that no line is longer than width.
func wrap(s string, width int) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(printable(s)) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case width > 0 && column+1+n > width:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}

func (t terminal) head() {
	t.line("%s", t.paint.Bold(question))
	for _, c := range t.headline() {
		t.prose("  · ", sentence(c.Text))
		if len(c.Evidence) > 0 {
			t.line("%s", t.paint.Dim(words.Indent(wrap(strings.Join(c.Evidence, "; "), t.width-4), "    ")))
		}
	}
	if len(t.f.Headline) == 0 {
		t.line("  Nothing can be said from this run.")
	}
	t.line("")
	if t.f.Gate.Passed {
		t.line("%s %s", t.paint.Green("A/A check passed:"), printable(gateText(t.f.Gate)))
	} else {
		t.line("%s %s", t.paint.Red("A/A check failed, no verdict on speed:"), printable(gateText(t.f.Gate)))
		for _, reason := range gateFaults(t.f.Gate) {
			t.line("%s", t.paint.Red(words.Indent(wrap(sentence(reason), t.width-2), "  ")))
		}
	}
	for _, warning := range t.warnings() {
		t.line("%s", t.paint.Yellow(wrap("warning: "+sentence(warning), t.width)))
	}
}

func (t terminal) section(s section) {
	t.title(s.Title)
	for _, lead := range s.Lead {
		t.line("%s", t.paint.Dim(words.Indent(wrap(lead, t.width-2), "  ")))
	}
	for _, g := range s.Grids {
		if !g.Detail {
			t.grid(g)
		}
	}
}

func (t terminal) grid(g grid) {
	if g.Caption != "" {
		t.line("\n  %s", printable(g.Caption))
	}
	rows := words.NewTable()
	head := make(table.Row, len(g.Head))
	for i, h := range g.Head {
		head[i] = t.paint.Dim(printable(h))
	}
	rows.AppendRow(head)
	for _, cells := range g.Rows {
		row := make(table.Row, len(cells))
		for i, c := range cells {
			row[i] = t.toned(c)
		}
		rows.AppendRow(row)
	}
	t.line("%s", words.Indent(words.TrimLines(rows.Render()), "    "))
	for _, note := range g.Notes {
		t.line("%s", t.paint.Dim(words.Indent(wrap(note, t.width-4), "    ")))
	}
}

func (t terminal) toned(c cell) string {
	s := printable(words.OneLine(c.Text))
	switch c.Tone {
	case good:
		return t.paint.Green(s)
	case bad:
		return t.paint.Red(s)
	case warn:
		return t.paint.Yellow(s)
	case dim:
		return t.paint.Dim(s)
	}
	return s
}

// printable replaces control characters, so that a name cannot move the cursor or change colours. Line breaks stay.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 {
			return '·'
		}
		return r
	}, s)
}
