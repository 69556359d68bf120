package record

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// source is the text of a file of cases, its lines ended by \n, with changes that are made in the end. What is not
// changed stays byte for byte: the YAML library would write the same values again, but without empty lines and with
// some comments elsewhere.
type source struct {
	text  []byte
	begin []int                // of each line
	words []*token.Token       // without comments
	place map[*token.Token]int // in words
	edits []edit
	crlf  bool // as the lines of the file end
}

// edit puts text in place of the bytes from one offset to another.
type edit struct {
	from, to int
	text     string
}

// parse gives the cases of a file besides.
func parse(text []byte) (*source, *ast.SequenceNode, error) {
	crlf := bytes.Contains(text, []byte("\r\n"))
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) // the parser counts \r as a line in some places
	words := lexer.Tokenize(string(text))
	s := &source{crlf: crlf, text: text, begin: []int{0}, place: map[*token.Token]int{}}
	for _, t := range words { // the parser changes their links where a value is missing
		if t.Type != token.CommentType {
			s.place[t], s.words = len(s.words), append(s.words, t)
		}
	}
	file, err := parser.Parse(words, 0)
	if err != nil {
		return nil, nil, err
	}
	for i, b := range text {
		if b == '\n' {
			s.begin = append(s.begin, i+1)
		}
	}
	if len(file.Docs) > 0 {
		if list, ok := valueOf(file.Docs[0].Body, "cases").(*ast.SequenceNode); ok {
			return s, list, nil
		}
	}
	return nil, nil, errors.New("the file has no list of cases")
}

// pairs are those of a mapping.
func pairs(n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode: // a mapping of one key
		return []*ast.MappingValueNode{n}
	}
	return nil
}

func keyOf(p *ast.MappingValueNode) string {
	if s, ok := p.Key.(*ast.StringNode); ok {
		return s.Value // without its quotes
	}
	return p.Key.String()
}

func find(n ast.Node, key string) *ast.MappingValueNode {
	for _, p := range pairs(n) {
		if keyOf(p) == key {
			return p
		}
	}
	return nil
}

func valueOf(n ast.Node, key string) ast.Node {
	if p := find(n, key); p != nil {
		return p.Value
	}
	return nil
}

// closing is the bracket that ends a value; nil: the value is not in brackets.
func closing(n ast.Node) *token.Token {
	switch n := n.(type) {
	case *ast.MappingNode:
		if n.IsFlowStyle {
			return n.End
		}
	case *ast.SequenceNode:
		if n.IsFlowStyle {
			return n.End
		}
	}
	return nil
}

// first is the token with which a value begins. The parser's own for a mapping in lines is its first colon.
func first(n ast.Node) *token.Token {
	if all := pairs(n); len(all) > 0 && closing(n) == nil {
		return all[0].Key.GetToken()
	}
	return n.GetToken()
}

// last is the token with which a value ends.
func last(n ast.Node) *token.Token {
	if end := closing(n); end != nil {
		return end
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		if len(n.Values) > 0 {
			return last(n.Values[len(n.Values)-1])
		}
	case *ast.MappingValueNode:
		if n.Value.GetToken().Type == token.ImplicitNullType {
			return n.Start
		}
		return last(n.Value)
	case *ast.SequenceNode:
		if len(n.Values) > 0 {
			return last(n.Values[len(n.Values)-1])
		}
	case *ast.LiteralNode:
		return n.Value.GetToken()
	}
	return n.GetToken()
}

// before and after are the neighbours of a token; nil: there is none.
func (s *source) before(t *token.Token) *token.Token { return s.near(t, -1) }

func (s *source) after(t *token.Token) *token.Token { return s.near(t, 1) }

func (s *source) near(t *token.Token, by int) *token.Token {
	at, ok := s.place[t]
	if at += by; !ok || at < 0 || at >= len(s.words) {
		return nil
	}
	return s.words[at]
}

// offset is where a token begins.
func (s *source) offset(t *token.Token) int {
	at := s.begin[t.Position.Line-1]
	for range t.Position.Column - 1 { // in characters
		_, size := utf8.DecodeRune(s.text[at:])
		at += size
	}
	return at
}

// line is the text of a line, counted from 0, without its end.
func (s *source) line(i int) string {
	end := len(s.text)
	if i+1 < len(s.begin) {
		end = s.begin[i+1]
	}
	return string(bytes.TrimRight(s.text[s.begin[i]:end], "\n"))
}

// lines are the first and the last line of a value that is written in lines, from 0. Empty lines and comments behind it
// belong to what follows, unless the comments are indented deeper than the value.
func (s *source) lines(from *token.Token, n ast.Node) (low, high int) {
	low, high = from.Position.Line-1, len(s.begin)-1
	end := last(n)
	if next := s.after(end); next != nil {
		high = next.Position.Line - 2
	}
	literal := s.before(end)
	keep := literal != nil && (literal.Type == token.LiteralType || literal.Type == token.FoldedType) &&
		strings.Contains(literal.Value, "+")
	for ; high > low; high-- {
		text := strings.TrimLeft(s.line(high), " \t")
		comment := strings.HasPrefix(text, "#") && len(s.line(high))-len(text) < from.Position.Column
		if !comment && (text != "" || keep) {
			break
		}
	}
	return low, high
}

func (s *source) edit(from, to int, text string) { s.edits = append(s.edits, edit{from, to, text}) }

// insertLine puts a line behind one of the file.
func (s *source) insertLine(behind int, text string) {
	at := s.begin[behind] + len(s.line(behind))
	s.edit(at, at, "\n"+text)
}

// hide makes comments of lines, the first of which begins at a column, in characters from 1.
func (s *source) hide(low, high, column int) {
	for i := low; i <= high; i++ {
		text := s.line(i)
		indent := len(text) - len(strings.TrimLeft(text, " \t"))
		if indent == len(text) {
			continue // empty
		}
		at := s.begin[i] + min(indent, column-1)
		if i == low {
			at = s.begin[i] + column - 1 // a dash may stand before it
		}
		s.edit(at, at, "# ")
	}
}

// remove takes a member of a list or mapping in brackets out, with its comma.
func (s *source) remove(from, to *token.Token) {
	low, high := s.offset(from), s.offset(to)+1
	switch before, after := s.before(from), s.after(to); {
	case before.Type == token.CollectEntryType:
		low = s.offset(before)
	case after.Type == token.CollectEntryType:
		high = s.offset(after) + 1
	}
	s.edit(low, high, "")
}

// add puts a member at the end of a mapping in brackets.
func (s *source) add(end *token.Token, text string) {
	if b := s.before(end); b.Type != token.CollectEntryType && b.Type != token.MappingStartType {
		text = ", " + text
	}
	at := s.offset(end)
	// the bracket has a line of its own
	if indent := string(s.text[s.begin[end.Position.Line-1]:at]); strings.TrimSpace(indent) == "" {
		text = "  " + text + "\n" + indent
	}
	s.edit(at, at, text)
}

// changed is the text with all changes.
func (s *source) changed() []byte {
	slices.SortStableFunc(s.edits, func(a, b edit) int { return a.from - b.from })
	var out []byte
	at := 0
	for _, e := range s.edits {
		e.from, e.to = max(e.from, at), max(e.to, at) // two neighbours may both be removed with the comma between them
		out = append(append(out, s.text[at:e.from]...), e.text...)
		at = e.to
	}
	out = append(out, s.text[at:]...)
	if len(out) > 0 && out[len(out)-1] != '\n' {
		out = append(out, '\n')
	}
	if s.crlf {
		return bytes.ReplaceAll(out, []byte("\n"), []byte("\r\n"))
	}
	return out
}
