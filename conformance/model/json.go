package model

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
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
	case bytes.ContainsAny(b, controls) && isMessage(b):
		return v, "a protobuf message, not JSON: use google.protobuf.StringValue"
	case !utf8.Valid(b) || halfSurrogate(string(b)):
		return v, "not valid UTF-8"
	case strings.HasPrefix(string(b), "\ufeff"):
		return v, "starts with a byte order mark"
	case depth(string(b)) > maxDepth:
		return v, "nested deeper than 8 levels"
	}
	if !json.Valid(b) {
		return v, "not valid JSON"
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return parse(d), ""
}

// controls are the bytes below 0x20 that JSON does not have outside texts either.
const controls = "\x00\x01\x02\x03\x04\x05\x06\a\b\v\f\x0e\x0f" +
	"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"

// isMessage is the wire format of clause 1.2.9: numbers from 1 to 15 make tags of one byte, and 2 in its three lowest
// bits stands for a length.
func isMessage(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	number, wireType := b[0]>>3, b[0]%8
	length, size := binary.Uvarint(b[1:])
	if number < 1 || number > 15 || wireType != 2 || size < 1 || size > 3 {
		return false
	}
	b = b[1+size:]
	return length <= uint64(len(b)) && isMessage(b[length:])
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

// parse reads one value of a document that json.Valid accepts.
func parse(d *json.Decoder) (v value) {
	token, _ := d.Token()
	switch token := token.(type) {
	case json.Delim:
		v.kind = anArray
		if token == '{' {
			v.kind = anObject
		}
		for d.More() {
			if v.kind == anObject {
				key, _ := d.Token()
				v.keys = append(v.keys, key.(string))
			}
			v.values = append(v.values, parse(d))
		}
		_, _ = d.Token() // the closing bracket
	case string:
		v.kind, v.text = aString, token
	case json.Number:
		v.kind, v.text = aNumber, token.String()
	case bool:
		v.kind, v.text = aBoolean, strconv.FormatBool(token)
	default:
		v.kind = aNull
	}
	return v
}
