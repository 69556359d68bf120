package table

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// text reads a string. A number or a boolean is an error, because YAML may have changed its spelling already.
func (r *reader) text(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		r.checkEscapes(n)
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
		r.errorf(n, "%s, expected a text, put it in quotes", kind(n))
	default:
		r.errorf(n, "%s, expected a text, write it out in quotes", kind(n))
	}
	return "", false
}

// sentence returns a function that reads a string which must not be empty.
func (r *reader) sentence(key string) func(ast.Node) string {
	return func(n ast.Node) string {
		s, ok := r.text(n)
		if ok && strings.TrimSpace(s) == "" {
			r.errorf(n, "an empty %s, expected a sentence, write it", key)
		}
		return s
	}
}

// checkEscapes reports YAML's \x escapes from \x80 on: \xff is the character U+00FF, which is two
// bytes, and not the byte ff.
func (r *reader) checkEscapes(n *ast.StringNode) {
	at := n.Token.Position
	if n.Token.Type != token.DoubleQuoteType || at.Line > len(r.lines) {
		return
	}
	line := r.line(at.Line)
	for i := at.Column; i+2 < len(line) && line[i] != '"'; i++ {
		if line[i] != '\\' {
			continue
		}
		i++
		if line[i] == 'x' && strings.ContainsRune("89abcdefABCDEF", line[i+1]) {
			r.errorf(n, `an escape %s, expected one below \x80 (it would be two bytes of UTF-8), write the bytes as {hex: …}`,
				string(line[i-1:min(i+3, len(line))]))
			return
		}
	}
}

// line gives the characters of a line. A file may have all of its texts in one.
func (r *reader) line(number int) []rune {
	if r.runesOf != number {
		r.runes, r.runesOf = []rune(r.lines[number-1]), number
	}
	return r.runes
}

func (r *reader) boolean(n ast.Node) bool {
	b, ok := n.(*ast.BoolNode)
	if !ok {
		r.errorf(n, "%s, expected true or false, write one of them without quotes", kind(n))
		return false
	}
	return b.Value
}

// integer reads a whole number; it returns low on an error.
func (r *reader) integer(n ast.Node, low, high int) int {
	i, ok := n.(*ast.IntegerNode)
	if !ok {
		r.errorf(n, "%s, expected a whole number from %d to %d, write it without quotes", kind(n), low, high)
		return low
	}
	v, err := strconv.Atoi(i.Token.Value)
	if err != nil || v < low || v > high {
		r.errorf(n, "the number %s, expected a whole decimal number from %d to %d, change it", i.Token.Value, low, high)
		return low
	}
	return v
}

// number returns a function that reads a whole number from low to high.
func (r *reader) number(low, high int) func(ast.Node) int {
	return func(n ast.Node) int { return r.integer(n, low, high) }
}

// list returns the items of a sequence.
func (r *reader) list(n ast.Node, of string) []ast.Node {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		cure := "put it in [ ]"
		switch m := n.(type) {
		case nil, *ast.NullNode:
			cure = "write it"
		case *ast.MappingValueNode:
			cure = "begin it with a dash"
		case *ast.MappingNode:
			if !m.IsFlowStyle {
				cure = "begin it with a dash"
			}
		}
		r.errorf(n, "%s, expected a list of %s, %s", kind(n), of, cure)
		return nil
	}
	return s.Values
}

// filled returns the items of a sequence that must have some; cure says what to do about an empty one.
func (r *reader) filled(n ast.Node, of, cure string) []ast.Node {
	if s, ok := n.(*ast.SequenceNode); ok && len(s.Values) == 0 {
		r.errorf(n, "an empty list, expected %s, %s", of, cure)
	}
	return r.list(n, of)
}

// each reads every item. It never returns nil.
func each[T any](items []ast.Node, read func(ast.Node) T) []T {
	all := make([]T, len(items))
	for i, item := range items {
		all[i] = read(item)
	}
	return all
}

func (r *reader) duration(n ast.Node) time.Duration {
	if i, ok := n.(*ast.IntegerNode); ok {
		r.errorf(n, `the number %[1]s, expected a time with its unit, write it like "%[1]ss" or "%[1]sms"`, i.Token.Value)
		return 0
	}
	s, ok := r.text(n)
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		r.errorf(n, `the text %q, expected a time above zero, write it like "1500ms" or "2s"`, s)
	}
	return d
}

var sizePattern = regexp.MustCompile(`^(0|[1-9][0-9]{0,9})(B|KiB|MiB)$`)

func (r *reader) size(n ast.Node) int {
	s, ok := r.text(n)
	if !ok {
		return 0
	}
	m := sizePattern.FindStringSubmatch(s)
	if m == nil {
		r.errorf(n, `the text %q, expected a size, write it like "0B", "64KiB" or "2MiB"`, s)
		return 0
	}
	v, _ := strconv.Atoi(m[1])
	return v * map[string]int{"B": 1, "KiB": 1 << 10, "MiB": 1 << 20}[m[2]]
}

func (r *reader) status32(n ast.Node) uint32 { return uint32(r.integer(n, 0, math.MaxUint32)) }
