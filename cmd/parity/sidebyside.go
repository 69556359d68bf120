package main

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/internal/diff"
)

// sideBySide prints two traces in two columns, lines that say the same next to each other.
type sideBySide struct {
	left, right traced
	width       int // of both together
	colour      bool
}

func (s sideBySide) write(b *strings.Builder) {
	fmt.Fprintf(b, "%s\n", s.left.id)
	s.row(b, ' ', s.left.name, s.right.name)
	for _, place := range s.places() {
		fmt.Fprintf(b, "\n%s\n", s.left.title(place))
		s.passage(b, s.left.at(place), s.right.at(place))
	}
	if s.left.end != "" || s.right.end != "" {
		b.WriteString("\n")
		s.row(b, '|', s.left.end, s.right.end)
	}
}

// places are the parts of the case that either side came to, in order.
func (s sideBySide) places() []suite.Place {
	longest := s.left
	if len(s.right.passages) > len(s.left.passages) {
		longest = s.right
	}
	var places []suite.Place
	for _, p := range longest.passages {
		places = append(places, p.Place)
	}
	return places
}

// passage aligns two lists of lines. Lines that differ stand next to each other as far as they go.
func (s sideBySide) passage(b *strings.Builder, left, right []string) {
	var onlyLeft, onlyRight []string
	flush := func() {
		both := min(len(onlyLeft), len(onlyRight))
		for i := range both {
			s.row(b, '|', onlyLeft[i], onlyRight[i])
		}
		for _, l := range onlyLeft[both:] {
			s.row(b, '<', l, "")
		}
		for _, r := range onlyRight[both:] {
			s.row(b, '>', "", r)
		}
		onlyLeft, onlyRight = nil, nil
	}
	for _, l := range diff.Lines(left, right) {
		switch l.Mark {
		case '-':
			onlyLeft = append(onlyLeft, left[l.A])
		case '+':
			onlyRight = append(onlyRight, right[l.B])
		default:
			flush()
			s.row(b, ' ', left[l.A], right[l.B])
		}
	}
	flush()
}

func (s sideBySide) row(b *strings.Builder, mark byte, left, right string) {
	column := max(10, (s.width-3)/2)
	left, right = fit(left, column), fit(right, column)
	pad := strings.Repeat(" ", column-text.StringWidth(left))
	if s.colour && mark != ' ' {
		left, right = "\x1b[31m"+left+"\x1b[0m", "\x1b[32m"+right+"\x1b[0m"
	}
	fmt.Fprintf(b, "%s\n", strings.TrimRight(fmt.Sprintf("%s%s %c %s", left, pad, mark, right), " "))
}

// fit cuts a line to a number of columns.
func fit(line string, columns int) string {
	if text.StringWidth(line) <= columns {
		return line
	}
	return text.Trim(line, columns-1) + "…"
}
