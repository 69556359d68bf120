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
	for _, s := range t.advice() {
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

// The margins of a table, and what lies between two columns.
const (
	gridIndent, columnGap = 4, 3
	fewestWidth           = 40 // columns: below that a table is not broken
	longestCell           = 60 // columns: a cell with more words is broken into lines when its table is too wide
)

// grid writes a table. Where it is wider than the terminal, columns of words go below their row, and what is still too wide
// becomes several tables with the same first column.
func (t terminal) grid(g grid) {
	if g.Caption != "" {
		t.line("\n  %s", printable(g.Caption))
	}
	below := 0
	if t.width >= fewestWidth && t.widthOf(g, t.every(g)) > t.width {
		below = g.Fold
	}
	for _, columns := range t.split(g, len(g.Head)-below) {
		t.table(g, columns, below)
		below = 0
	}
	indent, _ := t.margins(g)
	for _, note := range g.Notes {
		t.line("%s", t.paint.Dim(words.Indent(wrap(note, t.width-indent), strings.Repeat(" ", indent))))
	}
}

func (t terminal) every(g grid) []int {
	all := make([]int, len(g.Head))
	for i := range all {
		all[i] = i
	}
	return all
}

// widthOf is how many columns a table of these columns takes.
func (t terminal) widthOf(g grid, columns []int) int {
	indent, gap := t.margins(g)
	sum := indent - gap
	for _, c := range columns {
		sum += gap + t.columnWidth(g, c)
	}
	return sum
}

// margins are smaller where the table would not fit otherwise.
func (t terminal) margins(g grid) (indent, gap int) {
	indent, gap = gridIndent, columnGap
	sum := indent - gap
	for c := range g.Head {
		sum += gap + t.columnWidth(g, c)
	}
	if t.width >= fewestWidth && sum > t.width {
		return 2, 2
	}
	return indent, gap
}

func (t terminal) columnWidth(g grid, c int) int {
	widest := utf8.RuneCountInString(g.Head[c])
	for _, row := range g.Rows {
		if c < len(row) {
			widest = max(widest, utf8.RuneCountInString(words.OneLine(row[c].Text)))
		}
	}
	if t.width >= fewestWidth && len(g.Head) > 1 {
		widest = min(widest, max(longestCell, t.width-gridIndent-columnGap-utf8.RuneCountInString(g.Head[0])-20))
	}
	return widest
}

// split divides the first columns into groups that fit, each with the first column.
func (t terminal) split(g grid, kept int) [][]int {
	var groups [][]int
	group := []int{0}
	for c := 1; c < kept; c++ {
		if t.width >= fewestWidth && len(group) > 1 && t.widthOf(g, append(group[:len(group):len(group)], c)) > t.width {
			groups, group = append(groups, group), []int{0}
		}
		group = append(group, c)
	}
	return append(groups, group)
}

// table writes some columns, and under each row the last ones that are below.
func (t terminal) table(g grid, columns []int, below int) {
	indent, gap := t.margins(g)
	rows := words.NewTable()
	rows.Style().Box.PaddingRight = strings.Repeat(" ", gap)
	head := make(table.Row, len(columns))
	for i, c := range columns {
		head[i] = t.paint.Dim(printable(g.Head[c]))
	}
	rows.AppendRow(head)
	room := t.width - indent
	for _, c := range columns[:max(0, len(columns)-1)] {
		room -= gap + t.columnWidth(g, c)
	}
	for _, cells := range g.Rows {
		row := make(table.Row, 0, len(columns))
		for i, c := range columns {
			if c >= len(cells) {
				continue
			}
			shown := cells[c]
			shown.Text = words.OneLine(shown.Text)
			if below == 0 && i == len(columns)-1 && i > 0 && t.width >= fewestWidth {
				shown.Text = broken(shown.Text, max(20, room))
			}
			row = append(row, t.toned(shown))
		}
		rows.AppendRow(row)
	}
	lines := strings.Split(words.TrimLines(rows.Render()), "\n")
	margin := strings.Repeat(" ", indent)
	if below == 0 {
		t.line("%s", words.Indent(strings.Join(lines, "\n"), margin))
		return
	}
	for i, line := range lines {
		t.line("%s%s", margin, line)
		if i > 0 && i <= len(g.Rows) {
			t.line("%s", t.under(g.Below(g.Rows[i-1])))
		}
	}
}

// under is a line of words below a row.
func (t terminal) under(cells []cell) string {
	said := make([]string, len(cells))
	for i, c := range cells {
		said[i] = printable(words.OneLine(c.Text))
	}
	return t.paint.Dim(words.Indent(wrap(strings.Join(said, "; "), t.width-gridIndent), strings.Repeat(" ", gridIndent)))
}

// broken is a text of several lines, none longer than width; a word that is longer is cut.
func broken(s string, width int) string {
	var lines []string
	for _, line := range strings.Split(wrap(words.OneLine(s), width), "\n") {
		for utf8.RuneCountInString(line) > width {
			lines = append(lines, string([]rune(line)[:width]))
			line = string([]rune(line)[width:])
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// toned paints each line of a cell.
func (t terminal) toned(c cell) string {
	paint := func(s string) string { return s }
	switch c.Tone {
	case good:
		paint = t.paint.Green
	case bad:
		paint = t.paint.Red
	case warn:
		paint = t.paint.Yellow
	case dim:
		paint = t.paint.Dim
	}
	lines := strings.Split(printable(c.Text), "\n")
	for i, line := range lines {
		lines[i] = paint(line)
	}
	return strings.Join(lines, "\n")
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
