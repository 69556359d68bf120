package bench

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

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
	t.statements()
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

// head is the first screen: the table, the sentences, and the check that allows them.
func (t terminal) head() {
	t.line("%s", t.paint.Bold(question))
	if g := t.first(); len(g.Rows) > 0 {
		t.line("")
		t.grid(g)
	}
	t.line("")
	t.advise()
	t.line("")
	state, colour := "A/A check passed:", t.paint.Green
	if !t.f.Gate.Passed {
		state, colour = "A/A check failed, no verdict on speed:", t.paint.Red
	}
	t.line("%s", strings.Replace(wrap(state+" "+gateText(t.f.Gate), t.width), state, colour(state), 1))
	if !t.f.Gate.Passed {
		for _, reason := range gateFaults(t.f.Gate) {
			t.line("%s", t.paint.Red(words.Indent(wrap(sentence(reason), t.width-2), "  ")))
		}
	}
	for _, warning := range t.warnings() {
		t.line("%s", t.paint.Yellow(wrap("warning: "+sentence(warning), t.width)))
	}
}

func (t terminal) advise() {
	for _, s := range append(t.advice(), t.onEnvoyAdvice()...) {
		t.prose("  · ", sentence(s))
	}
}

// statements are all claims, each with how sure it is.
func (t terminal) statements() {
	if len(t.f.Headline) == 0 {
		return
	}
	t.title("Each statement, and how sure it is")
	for _, c := range t.headline() {
		t.prose("  · ", sentence(c.Text))
		if len(c.Evidence) > 0 {
			t.line("%s", t.paint.Dim(words.Indent(wrap(strings.Join(c.Evidence, "; "), t.width-4), "    ")))
		}
	}
}

// Ending is what a run ends with on a terminal: the sentences of the first screen, and what is above its limit.
func Ending(w io.Writer, r *evidence.Report, f *verdict.Findings, o TextOptions) error {
	out := &words.Writer{To: w}
	t := terminal{view{r, f}, out, words.Paint{On: o.Color}, o.Width}
	t.advise()
	for _, p := range t.places() {
		t.prose("  · ", p)
	}
	for _, b := range f.Budgets {
		if b.Broken() {
			t.prose("  · ", "Budget broken: "+t.brokenBudget(b))
		}
	}
	return out.Err
}

func (t terminal) brokenBudget(b verdict.Budget) string {
	write := in(b.Unit)
	s := fmt.Sprintf("%s: %s", b.Where, words.Join(" ", b.Build, b.What, b.Scenario))
	if b.State == verdict.Above {
		return s + fmt.Sprintf(" is %s, the limit is %s.", within(b.Got, write), write(b.Limit))
	}
	return sentence(s + ": " + budgetReason(b))
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

// printable replaces control characters, so that a name cannot move the cursor or change colours. Line breaks stay.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 {
			return '·'
		}
		return r
	}, s)
}
