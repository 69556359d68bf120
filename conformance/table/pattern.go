package table

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/goccy/go-yaml/ast"
)

// Form says how a Pattern compares a value.
type Form string

const (
	Exactly  Form = ""         // the value is the text, byte for byte
	Contains Form = "contains" // the text is somewhere in the value
	Matches  Form = "matches"  // the regular expression matches the whole value
	AnyValue Form = "any"      // all values are right
	Not      Form = "not"      // the only one of Parts is not true
	All      Form = "all"      // all of Parts are true
)

// Pattern is a wanted value: the bytes themselves, or what must be true of them where a case asks for that.
type Pattern struct {
	Form  Form
	Text  string // of Exactly and Contains; the RE2 expression of Matches
	Parts []Pattern
}

// expressions has what Matching and Match have compiled, by Text. A Pattern has no hidden field, because cases are sent to other
// processes.
var expressions sync.Map

// Exact is the pattern of one value alone.
func Exact(text string) Pattern { return Pattern{Text: text} }

// Matching is the pattern of all values that an RE2 expression matches as a whole.
func Matching(expression string) (Pattern, error) {
	expr, err := regexp.Compile(whole(expression))
	if err != nil { // it quotes the expression with what was added
		return Pattern{},
			fmt.Errorf("%s", strings.TrimPrefix(strings.ReplaceAll(err.Error(), whole(expression), expression),
				"error parsing regexp: "))
	}
	expressions.Store(expression, expr)
	return Pattern{Form: Matches, Text: expression}, nil
}

// whole is the expression that matches a value from its first byte to its last.
func whole(expression string) string { return `\A(?:` + expression + `)\z` }

// expression is compiled once in a process. Matching has accepted it before, here or in the process that sent the case.
func expression(text string) *regexp.Regexp {
	if known, ok := expressions.Load(text); ok {
		return known.(*regexp.Regexp)
	}
	expr := regexp.MustCompile(whole(text))
	expressions.Store(text, expr)
	return expr
}

// Match says whether a value is right.
func (p Pattern) Match(value string) bool {
	switch p.Form {
	case Contains:
		return strings.Contains(value, p.Text)
	case Matches:
		return expression(p.Text).MatchString(value)
	case AnyValue:
		return true
	case Not:
		return !p.Parts[0].Match(value)
	case All:
		for _, part := range p.Parts {
			if !part.Match(value) {
				return false
			}
		}
		return true
	}
	return value == p.Text
}

// String is the pattern as a text for people.
func (p Pattern) String() string {
	switch p.Form {
	case AnyValue:
		return "any value"
	case Not:
		return "not " + p.Parts[0].String()
	case All:
		parts := make([]string, len(p.Parts))
		for i, part := range p.Parts {
			parts[i] = part.String()
		}
		return strings.Join(parts, " and ")
	case Exactly:
		return strconv.Quote(p.Text)
	}
	return string(p.Form) + " " + strconv.Quote(p.Text)
}

// Equal says whether two patterns are written alike.
func (p Pattern) Equal(o Pattern) bool {
	if p.Form != o.Form || p.Text != o.Text || len(p.Parts) != len(o.Parts) {
		return false
	}
	for i := range p.Parts {
		if !p.Parts[i].Equal(o.Parts[i]) {
			return false
		}
	}
	return true
}

// pattern reads a wanted value: bytes, or {contains | matches | any | not | all}.
func (r *reader) pattern(n ast.Node) Pattern {
	if !isPattern(n) {
		return Exact(r.bytesText(n))
	}
	o, ok := r.object(n, patternShape)
	if !ok || o.unknownKey {
		return Pattern{Form: AnyValue}
	}
	if len(o.fields) != 1 {
		r.errorf(n, "a value with %d of the keys %s, expected exactly one, keep one or put them into all: [ ]", len(o.fields),
			strings.Join(patternShape.keys(), ", "))
		return Pattern{Form: AnyValue}
	}
	switch {
	case o.has("contains"):
		text := r.bytesText(o.fields["contains"])
		if text == "" {
			r.errorf(o.fields["contains"], "contains nothing, expected some bytes, write any: true if all values are right")
		}
		return Pattern{Form: Contains, Text: text}
	case o.has("matches"):
		text, ok := r.text(o.fields["matches"])
		if !ok {
			return Pattern{Form: AnyValue}
		}
		p, err := Matching(text)
		if err != nil {
			r.errorf(o.fields["matches"], "no regular expression: %v, expected RE2 syntax (as Envoy reads it), correct it", err)
			return Pattern{Form: AnyValue}
		}
		return p
	case o.has("any"):
		if !r.boolean(o.fields["any"]) {
			r.errorf(o.fields["any"], "any: false, expected true, change it")
		}
		return Pattern{Form: AnyValue}
	case o.has("not"):
		return Pattern{Form: Not, Parts: []Pattern{r.pattern(o.fields["not"])}}
	}
	return Pattern{Form: All, Parts: each(r.filled(o.fields["all"], "patterns", "add some"), r.pattern)}
}

// isPattern says whether a value is a mapping with a key of a pattern.
func isPattern(n ast.Node) bool {
	for _, p := range entries(n) {
		for _, key := range patternShape.keys() {
			if keyText(p) == key {
				return true
			}
		}
	}
	return false
}
