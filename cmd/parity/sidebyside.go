package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/internal/diff"
)

// sideBySide prints two traces in two columns, with equal lines next to each other.
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
		s.step(b, withoutAddresses(s.left.at(place)), withoutAddresses(s.right.at(place)))
	}
	if s.left.end != "" || s.right.end != "" {
		b.WriteString("\n")
		s.row(b, '|', s.left.end, s.right.end)
		for i := range max(len(s.left.details), len(s.right.details)) {
			s.row(b, '|', "  "+nth(s.left.details, i), "  "+nth(s.right.details, i))
		}
	}
}

// places are the steps that at least one side reached, in order.
func (s sideBySide) places() []suite.Place {
	longest := s.left
	if len(s.right.steps) > len(s.left.steps) {
		longest = s.right
	}
	var places []suite.Place
	for _, p := range longest.steps {
		places = append(places, p.Place)
	}
	return places
}

// step aligns the lines of both sides. Lines that differ are printed in pairs.
func (s sideBySide) step(b *strings.Builder, left, right []string) {
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

// row prints a line of each side. If they differ, all of both is shown, on several lines if they are long; if they are
// equal, a long line is cut.
func (s sideBySide) row(b *strings.Builder, mark byte, left, right string) {
	column := max(10, (s.width-3)/2)
	lefts, rights := []string{fit(left, column)}, []string{fit(right, column)}
	if mark != ' ' {
		lefts, rights = wrap(left, column), wrap(right, column)
	}
	for i := range max(len(lefts), len(rights)) {
		l, r := nth(lefts, i), nth(rights, i)
		pad := strings.Repeat(" ", column-text.StringWidth(l))
		if s.colour && mark != ' ' {
			l, r = "\x1b[31m"+l+"\x1b[0m", "\x1b[32m"+r+"\x1b[0m"
		}
		fmt.Fprintf(b, "%s\n", strings.TrimRight(fmt.Sprintf("%s%s %c %s", l, pad, mark, r), " "))
	}
}

func nth(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// wrap breaks a line into pieces of at most that many columns. The pieces after the first are indented more.
func wrap(line string, columns int) []string {
	indent := strings.Repeat(" ", min(len(line)-len(strings.TrimLeft(line, " "))+4, columns/2))
	var out []string
	for piece := line; ; {
		cut, width := len(piece), 0
		for i, r := range piece {
			if width += text.RuneWidth(r); width > columns {
				cut = i
				break
			}
		}
		out = append(out, piece[:cut])
		if cut == len(piece) {
			return out
		}
		piece = indent + piece[cut:]
	}
}

// fit cuts a line to a number of columns.
func fit(line string, columns int) string {
	if text.StringWidth(line) <= columns {
		return line
	}
	return text.Trim(line, columns-1) + "…"
}

// addresses differ between any two builds and say nothing about their behaviour.
var addresses = regexp.MustCompile(`= 0x[0-9a-f]+$`)

func withoutAddresses(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = addresses.ReplaceAllString(l, "= an address")
	}
	return out
}
