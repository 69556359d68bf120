package report

import (
	"strings"

	"github.com/header-auth/header-auth/internal/diff"
)

// diffLine is one line of a difference: '-' only wanted, '+' only got, ' ' in both.
type diffLine struct {
	mark byte
	text string
}

// diffLines aligns two texts. An absent text is shown as one line that says so, because an empty line would be
// overlooked.
func diffLines(wanted, got string) []diffLine {
	a, b := lines(wanted), lines(got)
	var out []diffLine
	for _, l := range diff.Lines(a, b) {
		if l.B >= 0 {
			out = append(out, diffLine{l.Mark, b[l.B]})
		} else {
			out = append(out, diffLine{l.Mark, a[l.A]})
		}
	}
	return out
}

func lines(s string) []string {
	if s == "" {
		return []string{"(nothing)"}
	}
	return strings.Split(s, "\n")
}
