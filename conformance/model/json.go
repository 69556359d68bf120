package model

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// kind is the kind of a JSON value, as a refusal names it.
type kind string

const (
	anObject kind = "an object"
	anArray  kind = "an array"
	aString  kind = "a string"
	aNumber  kind = "a number"
	aBoolean kind = "a boolean"
	aNull    kind = "null"
	maxBytes      = 65536
	maxDepth      = 8
)

// value is a JSON value. Members keep the order of the document, repeated keys too.
type value struct {
	kind   kind
	text   string   // of a string, escapes resolved; of a number or boolean, as written
	keys   []string // of an object, beside its values
	values []value  // of an object or array
}

// document parses a configuration and checks its form (1.2.2).
func document(b []byte) (v value, refusal string) {
	switch {
	case len(b) > maxBytes:
		return v, "longer than 65536 bytes"
	case !utf8.Valid(b) || halfSurrogate(string(b)):
		return v, "not valid UTF-8"
	case strings.HasPrefix(string(b), "\ufeff"):
		return v, "starts with a byte order mark"
	case depth(string(b)) > maxDepth:
		return v, "nested deeper than 8 levels"
	}
	p := parser{rest: string(b)}
	v = p.value()
	p.blanks()
	if p.failed || p.rest != "" {
		return v, "not valid JSON"
	}
	return v, ""
}

// split separates the texts of a document from the rest. It looks only at quotes and backslashes, so that it works for
// documents that are not JSON too.
func split(doc string) (inside []string, outside string) {
	var text, rest strings.Builder
	inText := false
	for i := 0; i < len(doc); i++ {
		switch c := doc[i]; {
		case inText && c == '\\' && i+1 < len(doc):
			text.WriteString(doc[i : i+2])
			i++
		case c == '"':
			if inText {
				inside = append(inside, text.String())
			}
			inText = !inText
			text.Reset()
		case inText:
			text.WriteByte(c)
		default:
			rest.WriteByte(c)
		}
	}
	if inText {
		inside = append(inside, text.String())
	}
	return inside, rest.String()
}

// halfSurrogate finds an escaped surrogate without its other half.
func halfSurrogate(doc string) bool {
	texts, _ := split(doc)
	for _, text := range texts {
		for text != "" {
			code, isEscape := unicodeEscape(text)
			switch {
			case isEscape && 0xd800 <= code && code <= 0xdbff:
				low, isEscape := unicodeEscape(text[6:])
				if !isEscape || low < 0xdc00 || low > 0xdfff {
					return true
				}
				text = text[12:]
			case isEscape && 0xdc00 <= code && code <= 0xdfff:
				return true
			case isEscape:
				text = text[6:]
			case text[0] == '\\' && len(text) > 1:
				text = text[2:]
			default:
				text = text[1:]
			}
		}
	}
	return false
}

// unicodeEscape reads \uXXXX at the beginning of a text.
func unicodeEscape(s string) (code uint64, ok bool) {
	if len(s) < 6 || s[:2] != `\u` {
		return 0, false
	}
	for _, c := range s[2:6] {
		if !strings.ContainsRune("0123456789abcdefABCDEF", c) {
			return 0, false
		}
	}
	code, err := strconv.ParseUint(s[2:6], 16, 32)
	return code, err == nil
}

// depth is the greatest number of brackets that are open at the same time. A closing bracket without an opening one is
// ignored.
func depth(doc string) int {
	_, outside := split(doc)
	open, most := 0, 0
	for _, c := range outside {
		switch c {
		case '{', '[':
			open++
			most = max(most, open)
		case '}', ']':
			open = max(0, open-1)
		}
	}
	return most
}

// parser follows the grammar of RFC 8259, rule by rule. Anything else sets failed.
type parser struct {
	rest   string
	failed bool
}

func (p *parser) fail() value {
	p.failed, p.rest = true, ""
	return value{}
}

func (p *parser) blanks() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// take removes a token if the rest begins with it.
func (p *parser) take(token string) bool {
	rest, ok := strings.CutPrefix(p.rest, token)
	p.rest = rest
	return ok
}

func (p *parser) value() value {
	p.blanks()
	switch {
	case p.take("{"):
		return p.object()
	case p.take("["):
		return p.array()
	case p.take(`"`):
		return value{kind: aString, text: p.text()}
	case p.take("true"):
		return value{kind: aBoolean, text: "true"}
	case p.take("false"):
		return value{kind: aBoolean, text: "false"}
	case p.take("null"):
		return value{kind: aNull}
	}
	return p.number()
}

func (p *parser) object() value {
	v := value{kind: anObject}
	p.blanks()
	if p.take("}") {
		return v
	}
	for !p.failed {
		p.blanks()
		if !p.take(`"`) {
			return p.fail()
		}
		v.keys = append(v.keys, p.text())
		p.blanks()
		if !p.take(":") {
			return p.fail()
		}
		v.values = append(v.values, p.value())
		p.blanks()
		if p.take("}") {
			return v
		}
		if !p.take(",") {
			return p.fail()
		}
	}
	return v
}

func (p *parser) array() value {
	v := value{kind: anArray}
	p.blanks()
	if p.take("]") {
		return v
	}
	for !p.failed {
		v.values = append(v.values, p.value())
		p.blanks()
		if p.take("]") {
			return v
		}
		if !p.take(",") {
			return p.fail()
		}
	}
	return v
}

var escapes = map[byte]string{
	'"': `"`, '\\': `\`, '/': "/", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t",
}

// text reads a string after its first quote. Every surrogate has its other half: document has checked it.
func (p *parser) text() string {
	var b strings.Builder
	for p.rest != "" {
		c := p.rest[0]
		code, isEscape := unicodeEscape(p.rest)
		switch {
		case c == '"':
			p.rest = p.rest[1:]
			return b.String()
		case c < 0x20:
			p.fail()
		case c != '\\':
			b.WriteByte(c)
			p.rest = p.rest[1:]
		case isEscape && 0xd800 <= code && code <= 0xdbff:
			low, _ := unicodeEscape(p.rest[6:])
			b.WriteRune(rune(0x10000 + (code-0xd800)*0x400 + (low - 0xdc00)))
			p.rest = p.rest[12:]
		case isEscape:
			b.WriteRune(rune(code))
			p.rest = p.rest[6:]
		case len(p.rest) > 1 && escapes[p.rest[1]] != "":
			b.WriteString(escapes[p.rest[1]])
			p.rest = p.rest[2:]
		default:
			p.fail()
		}
	}
	p.fail()
	return ""
}

func (p *parser) number() value {
	whole := p.rest
	p.take("-")
	if !p.take("0") && p.digits() == 0 {
		return p.fail()
	}
	if p.take(".") && p.digits() == 0 {
		return p.fail()
	}
	if p.take("e") || p.take("E") {
		if !p.take("+") {
			p.take("-")
		}
		if p.digits() == 0 {
			return p.fail()
		}
	}
	return value{kind: aNumber, text: whole[:len(whole)-len(p.rest)]}
}

// digits removes all digits at the beginning, and returns their number.
func (p *parser) digits() int {
	rest := strings.TrimLeft(p.rest, "0123456789")
	n := len(p.rest) - len(rest)
	p.rest = rest
	return n
}
