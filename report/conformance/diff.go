package conformance

import (
	"strings"

	"github.com/header-auth/header-auth/internal/diff"
)

// diffLine is one line of a difference: '-' wanted only, '+' got only, ' ' in both.
type diffLine struct {
	mark byte
	text string
}

// diffLines aligns two texts. An empty text is shown as the line "(nothing)", because a reader misses an empty line.
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
