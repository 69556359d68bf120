// document.go: from bytes to one JSON object. What could make two JSON libraries differ (encoding, depth, lone
// surrogates) is settled here, before the library looks at the grammar. Twin: document.rs.

package main

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	documentBytesMax  = 65536
	documentLevelsMax = 8
)

// readDocument checks a document as a whole and gives its one value, an object.
func readDocument(document string) (jsonValue, error) {
	if len(document) > documentBytesMax {
		return nil, fault(tooLong)
	}
	if isProtobuf(document) {
		return nil, fault(protobuf)
	}
	levels, ok := scan(document)
	switch {
	case !utf8.ValidString(document) || !ok:
		return nil, fault(notUTF8)
	case strings.HasPrefix(document, "\ufeff"):
		return nil, fault(byteOrderMark)
	case levels > documentLevelsMax:
		return nil, fault(tooDeep)
	}
	d := newDecoder([]byte(document))
	v, err := d.ReadValue()
	if err != nil {
		return nil, fault(notJSON)
	}
	v = v.Clone()
	if _, err := d.ReadToken(); err != io.EOF {
		return nil, fault(notJSON)
	}
	if v.Kind() != jsontext.KindBeginObject {
		return nil, fault(expectedObject)
	}
	return v, nil
}

// isProtobuf recognises what Envoy hands over for a Struct, or for any message that is not a StringValue: fields in
// protobuf's wire format. A text does not have the control bytes that their tags and lengths are.
func isProtobuf(document string) bool {
	return strings.ContainsFunc(document, isControl) && isMessage(document)
}

func isControl(c rune) bool { return c < ' ' && c != '\t' && c != '\n' && c != '\r' }

// isMessage says whether a document has length-delimited fields with numbers from 1 to 15, and nothing else.
func isMessage(document string) bool {
	for document != "" {
		tag := document[0]
		size, rest, ok := readSize(document[1:])
		if !ok || tag&0x87 != 2 || tag == 2 || size > len(rest) {
			return false
		}
		document = rest[size:]
	}
	return true
}

// readSize reads a length, a varint of at most three bytes, and gives what follows it.
func readSize(text string) (size int, rest string, ok bool) {
	for i := 0; i < 3 && i < len(text); i++ {
		size |= int(text[i]&0x7f) << (7 * i)
		if text[i] < 0x80 {
			return size, text[i+1:], true
		}
	}
	return 0, "", false
}

// newDecoder leaves repeated keys to readObject, which knows their place in the order of faults.
func newDecoder(text []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true))
}

// scan gives the most brackets open at once outside strings, unless a string escapes half a surrogate pair.
// The document may be anything: what is no JSON is found later.
func scan(document string) (levels int, ok bool) {
	depth, quoted := 0, false
	for i := 0; i < len(document); {
		step := 1
		switch c := document[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			if step, ok = escape(document[i:]); !ok {
				return levels, false
			}
		case quoted:
		case c == '{' || c == '[':
			depth++
			levels = max(levels, depth)
		case c == '}' || c == ']':
			depth = max(depth-1, 0)
		}
		i += step
	}
	return levels, true
}

// escape gives the size of the escape that text starts with, a surrogate pair being one, unless it is half of one.
func escape(text string) (size int, ok bool) {
	unit, ok := escapedUnit(text)
	switch {
	case !ok:
		return 2, true
	case 0xdc00 <= unit && unit <= 0xdfff:
		return 0, false
	case 0xd800 <= unit && unit <= 0xdbff:
		low, ok := escapedUnit(text[6:])
		return 12, ok && 0xdc00 <= low && low <= 0xdfff
	}
	return 6, true
}

// escapedUnit reads the UTF-16 code unit of a \uXXXX that text starts with.
func escapedUnit(text string) (unit uint32, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	for i := 2; i < 6; i++ {
		digit, ok := hexDigit(text[i])
		if !ok {
			return 0, false
		}
		unit = unit<<4 | digit
	}
	return unit, true
}

func hexDigit(c byte) (uint32, bool) {
	switch {
	case '0' <= c && c <= '9':
		return uint32(c - '0'), true
	case 'a' <= c && c <= 'f':
		return uint32(c-'a') + 10, true
	case 'A' <= c && c <= 'F':
		return uint32(c-'A') + 10, true
	}
	return 0, false
}
