package table

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/header-auth/header-auth/internal/yamlcheck"
)

// reader walks the tree of one file and collects its errors. Its methods return the zero value for a value that is
// wrong, so that the walk goes on and one run shows all errors.
type reader struct {
	file       string
	lines      []string // of the source
	runes      []rune   // of the line with the number runesOf
	runesOf    int
	contract   *Contract       // what cases may cite
	known      map[string]bool // the ids of its clauses, once a case was read
	ids        []string        // the same
	noContract bool            // the contract could not be read, so citations are not checked
	earlier    earlier         // cases
	base       Defaults        // what a case has that does not say otherwise
	folder     *folder
	recording  bool // a step need not say what it wants
	warnings   *[]Error
	open       streams // of the case that is read
	plugins    map[string]bool
	errors     *Errors
	used       *used
}

// parse returns the one document of a file, nil when there is none or it is no YAML.
func (r *reader) parse(source []byte) ast.Node {
	if source == nil { // readFile has reported it
		return nil
	}
	source = bytes.ReplaceAll(source, []byte("\r\n"), []byte("\n")) // the parser counts \r as a line in some places
	if !r.bounded(source) {
		return nil
	}
	r.lines, r.runesOf = strings.Split(string(source), "\n"), 0
	// The parser would stop at the first repeated key. object reports all of them, each with both places.
	file, err := parser.ParseBytes(source, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		m := yamlcheck.Message(err)
		r.syntaxError(Position{r.file, m.Line, m.Column}, m.Text)
		return nil
	}
	if len(file.Docs) > 1 {
		r.errorf(file.Docs[1].Body, "a second document, expected one in a file, remove the --- line")
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		r.errorAt(Position{File: r.file, Line: 1, Column: 1},
			"an empty file, expected a mapping, write the keys or remove the file")
		return nil
	}
	return file.Docs[0].Body
}

// mostText is how many bytes an error shows, the beginning and the end: it may quote a value of megabytes.
const mostText = 2000

func (r *reader) errorAt(p Position, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if len(text) > mostText {
		text = strings.ToValidUTF8(text[:mostText/2]+" … "+text[len(text)-mostText/2:], "")
	}
	*r.errors = append(*r.errors, Error{p, text})
}

func (r *reader) errorf(n ast.Node, format string, args ...any) {
	r.errorAt(r.position(n), format, args...)
}

// position is where a value begins. The parser's own token for a block mapping is its first colon.
func (r *reader) position(n ast.Node) Position {
	at := Position{File: r.file, Line: 1, Column: 1}
	var t *token.Token
	switch n := n.(type) {
	case nil:
		return at
	case *ast.MappingNode:
		t = n.Start
		if !n.IsFlowStyle && len(n.Values) > 0 {
			t = n.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		t = n.Key.GetToken()
	default:
		t = n.GetToken()
	}
	if t != nil && t.Position != nil {
		at.Line, at.Column = t.Position.Line, t.Position.Column
	}
	return at
}

// object is one mapping with the keys of its shape.
type object struct {
	ast.Node
	fields     map[string]ast.Node
	unknownKey bool     // it has one, so that a key that seems to be missing may be misspelt
	meant      []string // missing keys that were probably meant by unknown ones, which is reported
}

// has says whether the key is there.
func (o object) has(key string) bool { return o.fields[key] != nil }

// set reads a key into a field, if the key is there.
func set[T any](field *T, o object, key string, read func(ast.Node) T) {
	if o.has(key) {
		*field = read(o.fields[key])
	}
}

// object reads a mapping of the given shape; ok is false when the value is no mapping.
func (r *reader) object(n ast.Node, s shape) (o object, ok bool) {
	o = object{Node: n, fields: map[string]ast.Node{}}
	expected := s.name + " with the keys " + strings.Join(s.keys(), ", ")
	if s.example != "" {
		expected = s.name + ", write it like " + s.example
	}
	pairs, ok := r.pairs(n, expected)
	if !ok {
		return o, false
	}
	var unknown []*ast.MappingValueNode
	for _, p := range pairs {
		key := keyText(p)
		if !slices.Contains(s.keys(), key) {
			unknown, o.unknownKey = append(unknown, p), true
			continue
		}
		if first := o.fields[key]; first != nil {
			r.errorf(p, "repeated key %q, expected it once, remove this one or that of line %d", key, r.position(first).Line)
			continue
		}
		o.fields[key] = p.Value
	}
	lacks := slices.DeleteFunc(slices.Clone(s.required), o.has)
	o.meant = r.unknown(unknown, s, slices.Concat(lacks, s.likely))
	lacks = slices.DeleteFunc(lacks, func(key string) bool { return slices.Contains(o.meant, key) })
	expected = strings.Join(s.required, ", ")
	if s.example != "" {
		expected += " as in " + s.example
	}
	r.missing(n, lacks, s.name, expected)
	return o, true
}

// pairs returns the entries of a mapping.
func (r *reader) pairs(n ast.Node, expected string) ([]*ast.MappingValueNode, bool) {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return entries(n), true
	}
	r.errorf(n, "%s, expected a mapping: %s", kind(n), expected)
	return nil, false
}

// entries are those of a mapping, none of another value.
func entries(n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	return nil
}

// keyText is the text of a key, which may be in quotes as in JSON.
func keyText(p *ast.MappingValueNode) string {
	if s, ok := p.Key.(*ast.StringNode); ok {
		return s.Value
	}
	return p.Key.String()
}

// kind names the kind of a value for an error message.
func kind(n ast.Node) string {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return "nothing"
	case *ast.StringNode:
		return fmt.Sprintf("the text %q", n.Value)
	case *ast.LiteralNode:
		return "a text"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "the number " + n.String()
	case *ast.BoolNode:
		return "the boolean " + n.String()
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.AnchorNode, *ast.AliasNode:
		return "an anchor or alias"
	case *ast.TagNode:
		return "a tag"
	}
	return "another value"
}
