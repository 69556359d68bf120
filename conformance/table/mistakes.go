package table

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Mistakes that are made often get one error, which says what to write. The general errors would name the rule that is
// broken, once for each part of the mistake.

// colonWithoutSpace is a key with its value right behind it.
var colonWithoutSpace = regexp.MustCompile(`^[ ]*(?:- +)*([a-z_]+):[^\s:/]`)

// reserved is the library's word on a character with which no plain text begins.
var reserved = regexp.MustCompile(`^'(.)' is a reserved character`)

// open are the library's words on what does not end, and what is missing.
var open = map[string]string{
	"could not find end character of double-quoted text": `a text that begins with " and does not end, ` +
		`expected another ", add it`,
	"could not find end character of single-quoted text": `a text that begins with ' and does not end, ` +
		`expected another ', add it`,
	"could not find flow mapping end token '}'": "a { that is not closed, expected a }, add it",
	"could not find flow map content":           "a { that is not closed, expected a }, add it",
	"sequence end token ']' not found":          "a [ that is not closed, expected a ], add it",
	"',' or ']' must be specified": "a list that goes on without a comma, expected a " +
		"comma or ] before this, add one",
	"',' or '}' must be specified": "a mapping that goes on without a comma, expected a " +
		"comma or } before this, add one",
}

// syntaxError reports what the YAML library finds wrong.
func (r *reader) syntaxError(at Position, what string) {
	line := ""
	if at.Line <= len(r.lines) {
		line = r.lines[at.Line-1]
	}
	body := strings.TrimLeft(line, " \t\u00a0")
	indent := line[:len(line)-len(body)]
	switch m := reserved.FindStringSubmatch(what); {
	case strings.Contains(indent, "\u00a0"):
		at.Column = len([]rune(indent[:strings.Index(indent, "\u00a0")])) + 1
		r.errorAt(at, "a no-break space (U+00A0) in the indentation, expected spaces, write one in its place")
	case strings.Contains(indent, "\t") || strings.Contains(what, "tab character") && strings.Contains(line, "\t"):
		at.Column = len([]rune(line[:strings.Index(line, "\t")])) + 1
		r.errorAt(at, "a tab, expected spaces, write them in its place")
	case m != nil:
		r.errorAt(at, "a text that begins with %s, expected quotes around it, add them", m[1])
	case colonWithoutSpace.MatchString(line):
		r.errorAt(at, "the key %s with its value right behind the colon, expected a space between them, add it",
			colonWithoutSpace.FindStringSubmatch(line)[1])
	case open[what] != "":
		r.errorAt(at, "%s", open[what])
	case strings.HasPrefix(what, "value is not allowed in this context") && r.misplaced(at, body, len(indent)):
	default:
		r.errorAt(at, "not YAML: %s, expected one YAML document, correct the syntax here", what)
	}
}

// beginsKey says whether a line begins with a key.
var beginsKey = regexp.MustCompile(`^["']?[A-Za-z0-9_-]+["']?:(\s|$)`)

// misplaced reports a line that is indented as no line is which it could belong to.
func (r *reader) misplaced(at Position, body string, indent int) bool {
	dash := strings.HasPrefix(body, "- ") || body == "-"
	if !dash && !beginsKey.MatchString(body) {
		return false
	}
	nearest, where := -1, 0
	for i := at.Line - 2; i >= 0; i-- {
		text := strings.TrimLeft(r.lines[i], " ")
		column := len(r.lines[i]) - len(text)
		for strings.HasPrefix(text, "- ") { // a key, or another dash, may stand behind it
			if dash && better(column, nearest, indent) {
				nearest, where = column, i+1
			}
			text = strings.TrimLeft(text[1:], " ")
			column = len(r.lines[i]) - len(text)
		}
		if !dash && beginsKey.MatchString(text) && better(column, nearest, indent) {
			nearest, where = column, i+1
		}
	}
	if nearest < 0 || nearest == indent {
		return false
	}
	r.errorAt(at, "a line that is indented by %d, expected %d as in line %d (or as in another line that it belongs "+
		"to), change its indentation", indent, nearest, where)
	return true
}

// better says whether a column is nearer than the nearest so far; -1: there is none.
func better(column, nearest, to int) bool {
	away := func(n int) int { return max(n-to, to-n) }
	return nearest < 0 || away(column) < away(nearest)
}

// pairNodes are the items of a list of headers.
func (r *reader) pairNodes(n ast.Node) []ast.Node {
	if all := entries(n); len(all) > 0 {
		r.errorf(n, "a mapping, expected a list of pairs (a name may come twice), write it like [%s]", asPair(all[0]))
		return nil
	}
	if s, ok := n.(*ast.SequenceNode); ok && len(s.Values) == 2 &&
		!slices.ContainsFunc(s.Values, func(n ast.Node) bool { return !isScalar(n) }) {
		if name := s.Values[0].String(); !strings.Contains(name, ": ") {
			r.errorf(n, "a pair, expected a list of pairs, write [[%s, %s]]", name, s.Values[1])
			return nil
		}
	}
	return r.list(n, "pairs [name, value]")
}

// strangePair reports what stands in place of a pair, and says whether it did.
func (r *reader) strangePair(n ast.Node) bool {
	if s, ok := n.(*ast.StringNode); ok {
		write := "[name, value]"
		if name, value, ok := strings.Cut(s.Value, ":"); ok {
			write = fmt.Sprintf("[%q, %q]", strings.TrimSpace(name), strings.TrimSpace(value))
		}
		r.errorf(n, "%s, expected a pair, write %s", kind(n), write)
		return true
	}
	if all := entries(n); len(all) == 1 && !slices.Contains(pairShape.keys(), keyText(all[0])) {
		r.errorf(n, "a mapping, expected a pair, write %s", asPair(all[0]))
		return true
	}
	return false
}

// asPair is an entry of a mapping as a pair.
func asPair(p *ast.MappingValueNode) string {
	value := "value"
	switch v := p.Value.(type) {
	case *ast.StringNode:
		value = strconv.Quote(v.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		value = strconv.Quote(v.String())
	}
	return fmt.Sprintf("[%q, %s]", keyText(p), value)
}

func isScalar(n ast.Node) bool {
	switch n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return true
	}
	return false
}

// missing reports keys that a mapping lacks.
func (r *reader) missing(n ast.Node, keys []string, of, expected string) {
	if len(keys) == 0 {
		return
	}
	quoted := make([]string, len(keys))
	for i, key := range keys {
		quoted[i] = strconv.Quote(key)
	}
	r.errorf(n, "no %s %s in this %s, expected %s, add %s", pick(len(keys) == 1, "key", "keys"),
		strings.Join(quoted, ", "), of, expected, pick(len(keys) == 1, "it", "them"))
}

// otherWords are what authors call keys, by the shape and by their word for the key.
var otherWords = map[string]map[string][]string{
	"file": {"tests": {"cases"}},
	"case": {"name": {"id"}, "requests": {"steps"}, "configuration": {"config"}},
	"step": {"expect": {"want"}, "expected": {"want"}, "then": {"want"},
		"response": {"request: {response: …}", "want: {response: …}"}, "headers": {"request: {headers: …}"},
		"path": {"request: {path: …}"}, "decision": {"want: {decision: …}"}, "reply": {"want: {reply: …}"}},
	"request": {"url": {"path"}, "uri": {"path"}, "host": {"authority"}, "verb": {"method"}},
	"want": {"headers": {"forwarded", "response"}, "status": {"reply", "response"},
		"body": {"forwarded_body", "response_body"}, "trailers": {"forwarded_trailers", "response_trailers"}},
	"pair":  {"key": {"name"}},
	"reply": {"code": {"status"}},
}

// asks is the question whether one of some words was meant.
func asks(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = strconv.Quote(word)
	}
	return "did you mean " + strings.Join(quoted, " or ") + "?"
}

// unknown reports keys that a mapping may not have. It returns the missing ones that were probably meant by them.
func (r *reader) unknown(keys []*ast.MappingValueNode, s shape, missing []string) (meant []string) {
	for _, p := range keys {
		key := keyText(p)
		cure := r.suggest(key, s.keys(), "")
		if likely := otherWords[s.name][key]; likely != nil {
			cure = asks(likely)
		} else if cure == "" && s.name == bytesShape.name { // or a pattern
			cure = r.suggest(key, patternShape.keys(), "")
		}
		if cure == "" {
			r.errorf(p, "unknown key %q, expected one of %s, remove it", key, strings.Join(s.keys(), ", "))
			continue
		}
		r.errorf(p, "unknown key %q, expected a key of this %s, %s", key,
			pick(s.name == bytesShape.name, "value", s.name), cure)
		for _, m := range missing {
			if strings.Contains(cure, strconv.Quote(m)) {
				meant = append(meant, m)
			}
		}
	}
	return meant
}
