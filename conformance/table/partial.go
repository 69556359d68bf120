package table

import (
	"github.com/goccy/go-yaml/ast"

	"github.com/header-auth/header-auth/host/headermap"
)

// Where a case says all that must be observed, Want has plain values. Where it asks for less, or for patterns, the
// field beside it with Partial in its name is set, and counts in its place.

// Header is a wanted header.
type Header struct {
	Name  string // as written; names are compared in lower case
	Value Pattern
}

// Headers is what must be true of a list of headers. One of its parts is set: Any, List, an edit (Remove,
// Add, Set), or Has and Lacks.
type Headers struct {
	Any      bool     // all lists are right
	List     []Header // the whole list, in order
	Remove   []string // an Edit of the headers as they were sent
	Add, Set []Header
	Has      []Header // each is there
	Lacks    []Header // none is there
}

// Edits says whether the headers are those that were sent, with changes.
func (h *Headers) Edits() bool { return h.Remove != nil || h.Add != nil || h.Set != nil }

// Some says whether only some headers are looked at.
func (h *Headers) Some() bool { return h.Has != nil || h.Lacks != nil }

// PartialReply is what of a local reply need not be exactly so. A field that is not set is compared as Reply has it.
type PartialReply struct {
	AnyStatus bool
	Headers   *Headers
	Body      *Pattern
	Details   *Pattern
}

// PartialCall is what of an outgoing call need not be exactly so.
type PartialCall struct {
	Cluster    *Pattern
	Headers    *Headers
	Body       *Pattern
	AnyTimeout bool
}

// WantedLog is a line that must be written.
type WantedLog struct {
	Level string // AnyLevel: every level is right
	Text  Pattern
}

// AnyLevel is the level of a WantedLog that does not say which.
const AnyLevel = "any"

// Match says whether a line is that one.
func (w WantedLog) Match(l Log) bool {
	return (w.Level == AnyLevel || w.Level == l.Level) && w.Text.Match(l.Text)
}

// PartialLogs is what must be true of the lines. One of its parts is set: List, or Has and Lacks.
type PartialLogs struct {
	List  []WantedLog // all lines, in order
	Has   []WantedLog // each is written at least once, in any order
	Lacks []WantedLog // none is written
}

// exact are headers whose values are all said, nil and false if one is a pattern.
func exact(headers []Header) ([]headermap.Header, bool) {
	if headers == nil {
		return nil, true
	}
	all := make([]headermap.Header, len(headers))
	for i, h := range headers {
		if h.Value.Form != Exactly {
			return nil, false
		}
		all[i] = headermap.Header{Name: h.Name, Value: h.Value.Text}
	}
	return all, true
}

// Wanted are headers as a Headers has them.
func Wanted(headers []headermap.Header) []Header {
	all := make([]Header, len(headers))
	for i, h := range headers {
		all[i] = Header{h.Name, Exact(h.Value)}
	}
	return all
}

// wantedHeaders reads a whole list, {remove, add, set}, {has, lacks}, or any. One of the three results is set.
func (r *reader) wantedHeaders(n ast.Node) ([]headermap.Header, *Edit, *Headers) {
	switch s := n.(type) {
	case *ast.StringNode:
		if s.Value == "any" {
			return nil, nil, &Headers{Any: true}
		}
	case *ast.MappingNode, *ast.MappingValueNode:
		return r.someHeaders(n)
	}
	list := r.wantedPairs(n)
	if all, ok := exact(list); ok {
		return all, nil, nil
	}
	return nil, nil, &Headers{List: list}
}

func (r *reader) someHeaders(n ast.Node) ([]headermap.Header, *Edit, *Headers) {
	var h Headers
	o, ok := r.object(n, editShape)
	if ok && len(o.fields) == 0 && !o.unknownKey {
		r.errorf(n, "an empty edit, expected remove, add or set (or has and lacks), remove it")
	}
	partial := o.has("has") || o.has("lacks")
	if partial && (o.has("remove") || o.has("add") || o.has("set")) {
		r.errorf(n, "has or lacks beside remove, add or set, expected some headers or changes of all, keep one kind")
	}
	if o.has("remove") {
		h.Remove = each(r.list(o.fields["remove"], "header names"), r.bytesText)
	}
	set(&h.Add, o, "add", r.wantedPairs)
	set(&h.Set, o, "set", r.wantedPairs)
	set(&h.Has, o, "has", r.wantedPairs)
	set(&h.Lacks, o, "lacks", r.lackedPairs)
	if partial {
		return nil, nil, &h
	}
	add, addExact := exact(h.Add)
	change, setExact := exact(h.Set)
	if !addExact || !setExact {
		return nil, nil, &h
	}
	return nil, &Edit{Remove: h.Remove, Add: add, Set: change}, nil
}

// wantedPairs reads pairs whose values may be patterns.
func (r *reader) wantedPairs(n ast.Node) []Header {
	all := []Header{}
	for _, item := range r.pairNodes(n) {
		name, value := pairOf(item)
		if name == nil || !isPattern(value) {
			all = append(all, Wanted(r.pair(item))...)
			continue
		}
		if !isList(item) {
			if o, ok := r.object(item, pairShape); ok && o.has("times") {
				r.errorf(o.fields["times"], "times beside a pattern, expected it with a value that is said, remove it")
			}
		}
		all = append(all, Header{r.bytesText(name), r.pattern(value)})
	}
	return all
}

// lackedPairs reads what must not be there: a name, or a pair [name, value].
func (r *reader) lackedPairs(n ast.Node) []Header {
	all := []Header{}
	for _, item := range r.list(n, "names, or pairs [name, value]") {
		switch item.(type) {
		case *ast.StringNode, *ast.LiteralNode:
			all = append(all, Header{r.bytesText(item), Pattern{Form: AnyValue}})
		default:
			if pair, ok := item.(*ast.SequenceNode); ok && len(pair.Values) == 2 {
				all = append(all, Header{r.bytesText(pair.Values[0]), r.pattern(pair.Values[1])})
				continue
			}
			r.errorf(item, "%s, expected a name or a pair [name, value], write one of them", kind(item))
		}
	}
	return all
}

func isList(n ast.Node) bool {
	_, ok := n.(*ast.SequenceNode)
	return ok
}

// pairOf are the two nodes of a pair, nil for something that is none.
func pairOf(n ast.Node) (name, value ast.Node) {
	if s, ok := n.(*ast.SequenceNode); ok && len(s.Values) == 2 {
		return s.Values[0], s.Values[1]
	}
	for _, p := range entries(n) {
		switch keyText(p) {
		case "name":
			name = p.Value
		case "value":
			value = p.Value
		}
	}
	if name == nil || value == nil {
		return nil, nil
	}
	return name, value
}

// logLines reads a list of lines; exact is false when one of them is a pattern.
func (r *reader) logLines(n ast.Node, of string) (lines []WantedLog, plain bool) {
	plain = true
	for _, item := range r.list(n, of) {
		line := r.namedLog(item)
		plain = plain && line.Level != AnyLevel && line.Text.Form == Exactly
		lines = append(lines, line)
	}
	return lines, plain
}

// someLogs reads {has, lacks}.
func (r *reader) someLogs(n ast.Node) Logs {
	o, ok := r.object(n, someLogsShape)
	if !ok {
		return Logs{}
	}
	if len(o.fields) == 0 && !o.unknownKey {
		r.errorf(n, "an empty mapping, expected has or lacks, add one (or write any)")
	}
	p := &PartialLogs{Has: []WantedLog{}}
	if o.has("has") {
		p.Has, _ = r.logLines(o.fields["has"], "log lines")
	}
	if o.has("lacks") {
		p.Lacks, _ = r.logLines(o.fields["lacks"], "log lines")
	}
	return Logs{Partial: p}
}
