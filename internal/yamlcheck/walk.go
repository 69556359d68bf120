package yamlcheck

import (
	"fmt"

	"github.com/goccy/go-yaml/token"
)

// walk is where in a source the words that were taken end.
type walk struct {
	open             []frame
	marks, documents int
	anchored         int          // how many are open around the value of an anchor that has not ended; -1: there is none
	before           *token.Token // nil: at the beginning
}

// frame is an open list or mapping; the column is 0 for one in brackets.
type frame struct {
	column  int
	mapping bool
	keys    int
}

// take takes a word, and says what is wrong with it; "": nothing.
func (w *walk) take(t *token.Token) (fault string) {
	switch t.Type {
	case token.SequenceStartType, token.MappingStartType:
		w.open = append(w.open, frame{})
	case token.SequenceEndType, token.MappingEndType:
		if !w.inBrackets() {
			return fmt.Sprintf("not YAML: %s without its beginning, expected one YAML document, remove it", t.Value)
		}
		w.open = w.open[:len(w.open)-1]
	case token.CollectEntryType:
		if w.before != nil && w.before.Type == token.CollectEntryType {
			return "not YAML: two commas, expected a value between them, remove one"
		}
	case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType:
		fault = w.entry(t)
	case token.DocumentHeaderType, token.DocumentEndType:
		w.open = w.open[:0]
		if w.documents++; w.documents > 2 {
			return "several documents, expected one in a file, remove the --- and ... lines"
		}
	case token.TagType, token.AnchorType, token.AliasType:
		return w.mark(t)
	default:
		return ""
	}
	if len(w.open) <= w.anchored { // the anchor's value has ended
		w.anchored = -1
	}
	return fault
}

// top is the list or mapping that was opened last.
func (w *walk) top() *frame {
	if len(w.open) == 0 {
		return &frame{}
	}
	return &w.open[len(w.open)-1]
}

func (w *walk) inBrackets() bool { return len(w.open) > 0 && w.top().column == 0 }

// entry takes the sign that begins a member: of what is open in brackets, or in lines, where its column says of what.
func (w *walk) entry(t *token.Token) (fault string) {
	counted := true // the library's time grows with the square of a mapping's keys, and not of a list's members
	if !w.inBrackets() {
		mapping, column := t.Type != token.SequenceEntryType, t.Position.Column
		if t.Type == token.MappingValueType && w.before != nil && w.before.Position.Line == t.Position.Line {
			column = w.before.Position.Column // of the key
		}
		ended := func(f *frame) bool {
			return f.column > column || f.column == column && f.mapping != mapping && mapping
		}
		for len(w.open) > 0 && ended(w.top()) {
			w.open = w.open[:len(w.open)-1]
		}
		if len(w.open) == 0 || w.top().column < column || w.top().mapping != mapping {
			w.open = append(w.open, frame{column: column, mapping: mapping})
		}
		counted = mapping
	}
	if w.top().keys++; counted && w.top().keys > maxKeys {
		return fmt.Sprintf("more than %d keys in a mapping, expected fewer, remove some", maxKeys)
	}
	return ""
}

// mark takes a tag, an anchor or an alias.
func (w *walk) mark(t *token.Token) (fault string) {
	if w.marks++; w.marks > maxMarks {
		return fmt.Sprintf("more than %d tags, anchors and aliases, expected none, write the values out", maxMarks)
	}
	if t.Type == token.AliasType && w.anchored >= 0 && len(w.open) > w.anchored {
		return "an alias inside the value of an anchor, expected the value itself there, write it out"
	}
	if t.Type == token.AnchorType && w.anchored < 0 {
		w.anchored = len(w.open)
	}
	return ""
}
