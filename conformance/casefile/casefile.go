// Package casefile writes files of a table: YAML that package table reads, a case as a few lines
// that people can cut down.
package casefile

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Map is a mapping whose keys keep their order. A value is a Map, a List, a Block, a string (a text, in quotes where
// YAML would read something else), Bytes, an int, an int64, a float64 or a bool.
type Map []Entry

// Entry is a key with its value.
type Entry struct {
	Key   string
	Value any
}

// List is a sequence in one line; Block is one with a line, or more, for each member.
type (
	List  []any
	Block []any
)

// Bytes are written as a text where they are one, and else in hexadecimal digits.
type Bytes string

// Add appends a key.
func (m *Map) Add(key string, value any) { *m = append(*m, Entry{key, value}) }

// Pair is a header.
func Pair(name, value string) List { return List{Bytes(name), Bytes(value)} }

// YAML is a document with the entries of m, each on lines of its own.
func (m Map) YAML() []byte {
	var b strings.Builder
	m.block(&b, "")
	return []byte(b.String())
}

// Flow is m in one line, in brackets.
func (m Map) Flow() string { return flow(m) }

// Line is the entries of m in one line, without brackets.
func (m Map) Line() string {
	parts := make([]string, len(m))
	for i, e := range m {
		parts[i] = text(e.Key) + ": " + flow(e.Value)
	}
	return strings.Join(parts, ", ")
}

// block writes each entry on a line of its own; the first is behind what stands in the line already.
func (m Map) block(b *strings.Builder, indent string) {
	for i, e := range m {
		if i > 0 || indent == "" {
			b.WriteString(indent)
		}
		b.WriteString(text(e.Key) + ":")
		list, ok := e.Value.(Block)
		if !ok {
			b.WriteString(" " + flow(e.Value) + "\n")
			continue
		}
		b.WriteString("\n")
		for _, item := range list {
			b.WriteString(indent + "  - ")
			if inner, ok := item.(Map); ok && len(inner) > 0 {
				inner.block(b, indent+"    ")
			} else {
				b.WriteString(flow(item) + "\n")
			}
		}
	}
}

// flow is a value in one line.
func flow(v any) string {
	switch v := v.(type) {
	case Map:
		return "{" + v.Line() + "}"
	case List:
		return flowList(v)
	case Block:
		return flowList(v)
	case Bytes:
		return bytes(string(v))
	case string:
		return text(v)
	case nil:
		return "null"
	}
	return fmt.Sprint(v)
}

func flowList(all []any) string {
	parts := make([]string, len(all))
	for i, item := range all {
		parts[i] = flow(item)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// plain are texts that YAML reads as themselves, in brackets too.
var plain = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9_./-]*$`)

func text(s string) string {
	if plain.MatchString(s) && !reserved[strings.ToLower(s)] {
		return s
	}
	var b strings.Builder
	e := json.NewEncoder(&b) // a JSON string is YAML
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string has no error
	return strings.TrimSuffix(b.String(), "\n")
}

// reserved are words that some version of YAML takes for a boolean or for nothing.
var reserved = map[string]bool{"true": true, "false": true, "yes": true, "no": true, "on": true, "off": true,
	"y": true, "n": true, "null": true, "nan": true, "inf": true}

func bytes(s string) string {
	printable := utf8.ValidString(s)
	for _, r := range s {
		printable = printable && (r == '\n' || r == '\t' || r == '\r' || unicode.IsPrint(r))
	}
	if printable {
		return text(s)
	}
	return "{hex: " + strconv.Quote(hex.EncodeToString([]byte(s))) + "}"
}
