package bench

import (
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/header-auth/header-auth/internal/words"
)

// The margins of a table, and what lies between two columns.
const (
	gridIndent, columnGap = 4, 3
	fewestWidth           = 40 // columns: below that a table is not broken
	longestCell           = 60 // columns: a cell with more words is broken into lines when its table is too wide
)

// grid writes a table. Where it is wider than the terminal, columns of words go below their row, and what is still too
// wide becomes several tables with the same first column.
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
