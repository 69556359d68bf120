// Package mutants tests the request table: would it notice a fault in a plugin? It makes one small change at a time
// in the sources of both plugins, builds each changed plugin and runs the table on it until a case fails.
//
// Both languages are changed by the same operators, in their syntax trees: go/ast reads Go here, syn reads Rust in the
// program of the folder rustreader.
package mutants

import (
	"fmt"
	"slices"
	"strings"
)

// Operator is a way to change a program.
type Operator string

const (
	Comparison Operator = "comparison"
	Boundary   Operator = "boundary"
	Logic      Operator = "and, or"
	Condition  Operator = "condition"
	Number     Operator = "number"
	Text       Operator = "text"
	Name       Operator = "named value"
	Return     Operator = "return"
	HostCall   Operator = "host call"
	Arithmetic Operator = "arithmetic"
	Arm        Operator = "arm"
	Statement  Operator = "statement"
)

// changesOf says what each operator does, in Markdown.
var changesOf = map[Operator]string{
	Comparison: "`<` becomes `>=`, `==` becomes `!=`",
	Boundary:   "`<` becomes `<=`; a range with its end becomes one without",
	Logic:      "and becomes or; one side is taken for granted; a `!` is left out",
	Condition:  "a condition is always true, or always false",
	Number:     "a number is one higher, or one lower; a character is the next, or the one before",
	Text:       "a text gets one more character",
	Name:       "a constant becomes the one declared beside it; true becomes false",
	Return:     "an early return is left out",
	HostCall:   "a call of the host is left out: it seems to have succeeded, or to have failed",
	Arithmetic: "`+` becomes `-`, `<<` becomes `>>`, min becomes max",
	Arm:        "an arm of a switch or match is left out, or one value of it",
	Statement:  "an assignment or a call is left out",
}

// operators are all of them, in the order of a summary.
func operators() []Operator {
	return []Operator{Comparison, Boundary, Logic, Condition, Number, Text, Name, Return, HostCall, Arithmetic,
		Arm, Statement}
}

// Mutant is one change in one file: the bytes from Offset to End become Text.
type Mutant struct {
	File        string // from the repository's root, with slashes
	Operator    Operator
	Offset, End int
	Text        string
	Function    string // that it is in: function or Type.method; "": none
	Line        int    // counted from 1
	Change      string // `function: line → line`; it stays the same when the function moves
}

// ID identifies a mutant, while the function keeps its name and the line its text.
func (m Mutant) ID() string { return m.File + ": " + m.Change }

// apply returns the changed file.
func (m Mutant) apply(source []byte) []byte {
	return slices.Concat(source[:m.Offset], []byte(m.Text), source[m.End:])
}

// mutator collects the mutants of one file.
type mutator struct {
	file     string
	source   string
	function string // the one that is being changed; "": none
	found    []Mutant
}

func (m *mutator) replace(op Operator, offset, end int, text string) {
	if m.source[offset:end] != text {
		m.found = append(m.found, Mutant{File: m.file, Operator: op, Offset: offset, End: end, Text: text,
			Function: m.function})
	}
}

// wrap puts texts before and after what is there.
func (m *mutator) wrap(op Operator, offset, end int, before, after string) {
	m.replace(op, offset, end, before+m.source[offset:end]+after)
}

// always makes a condition true and then false. The condition stays in the code after the answer, because Go requires
// that every variable is used.
func (m *mutator) always(op Operator, offset, end int, answers ...bool) {
	for _, answer := range answers {
		if answer {
			m.wrap(op, offset, end, "true || (", ")")
		} else {
			m.wrap(op, offset, end, "false && (", ")")
		}
	}
}

// done gives the mutants in the order of the file, each with its description.
func (m *mutator) done() []Mutant {
	slices.SortStableFunc(m.found, func(a, b Mutant) int { return a.Offset - b.Offset })
	unique := m.found[:0]
	changes, texts := map[string]int{}, map[string]bool{}
	for _, x := range m.found {
		same := fmt.Sprint(x.Offset, " ", x.End, " ", x.Text)
		if texts[same] {
			continue
		}
		texts[same] = true
		x.Line = 1 + strings.Count(m.source[:x.Offset], "\n")
		x.Change = m.describe(x)
		changes[x.Change]++
		if n := changes[x.Change]; n > 1 {
			x.Change += fmt.Sprintf(" #%d", n)
		}
		unique = append(unique, x)
	}
	return unique
}

// describe shows a change by the lines that it changes, without their numbers.
func (m *mutator) describe(x Mutant) string {
	start := strings.LastIndexByte(m.source[:x.Offset], '\n') + 1
	end := len(m.source)
	if i := strings.IndexByte(m.source[x.End:], '\n'); i >= 0 {
		end = x.End + i
	}
	before := oneLine(m.source[start:end])
	after := oneLine(m.source[start:x.Offset] + x.Text + m.source[x.End:end])
	before, after = excerpt(before, after)
	if after == "" {
		after = "nothing"
	}
	change := before + " → " + after
	if x.Function != "" {
		change = x.Function + ": " + change
	}
	return change
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// excerpt shortens two texts to the part around their first difference.
func excerpt(a, b string) (string, string) {
	const most, lead = 110, 50
	x, y := []rune(a), []rune(b)
	same := 0
	for same < min(len(x), len(y)) && x[same] == y[same] {
		same++
	}
	start := 0
	if max(len(x), len(y)) > most {
		start = max(0, same-lead)
	}
	cut := func(r []rune) string {
		text := r[min(start, len(r)):]
		head, tail := "", ""
		if start > 0 {
			head = "…"
		}
		if len(text) > most {
			text, tail = text[:most], "…"
		}
		return head + string(text) + tail
	}
	return cut(x), cut(y)
}
