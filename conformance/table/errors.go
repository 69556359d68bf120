package table

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Position is a place in a file of the table. Line and Column count from 1, the column in characters; both are 0 when
// the place is the file or the folder as a whole.
type Position struct {
	File         string
	Line, Column int
}

// String gives file:line:column, which editors and terminals turn into a link.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Error is one error in a table: what is there, what was expected, how to correct it.
type Error struct {
	Position
	Text string
}

// Error gives the place and the text in one line.
func (e Error) Error() string { return e.Position.String() + ": " + e.Text }

// Errors are all errors of a table, sorted by place.
type Errors []Error

// mostLines is how many errors are shown at once.
const mostLines = 100

// Error gives one line for each error, of the first hundred.
func (e Errors) Error() string {
	var lines []string
	for i, err := range e {
		if i == mostLines {
			lines = append(lines, fmt.Sprintf("and %d more errors", len(e)-i))
			break
		}
		lines = append(lines, err.Error())
	}
	return strings.Join(lines, "\n")
}

func (e Errors) sort() {
	slices.SortStableFunc(e, func(a, b Error) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
