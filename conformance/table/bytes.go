package table

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// The limits of one value and of one list, so that a wrong `times` is an error and does not use up the memory.
const (
	maxBytes = 16 << 20
	maxPairs = 1 << 20
)

// bytes reads a byte string: a text, a mapping {text | hex | base64 | parts | numbered | file, times}, or a list of
// these, which are joined. It never returns nil, which means absent.
func (r *reader) bytes(n ast.Node) []byte {
	switch n := n.(type) {
	case *ast.SequenceNode:
		return r.concat(n)
	case *ast.MappingNode, *ast.MappingValueNode:
		return r.bytesMapping(n)
	}
	s, _ := r.text(n)
	return []byte(s)
}

// bytesText is bytes as a string.
func (r *reader) bytesText(n ast.Node) string { return string(r.bytes(n)) }

func (r *reader) bytesMapping(n ast.Node) []byte {
	o, ok := r.object(n, bytesShape)
	if !ok {
		return []byte{}
	}
	text := func(n ast.Node) []byte {
		s, _ := r.text(n)
		return []byte(s)
	}
	one, forms := []byte{}, 0
	for _, form := range []struct {
		key  string
		read func(ast.Node) []byte
	}{{"text", text}, {"hex", r.hex}, {"base64", r.base64}, {"parts", r.concat}, {"numbered", text}, {"file", r.content}} {
		if o.has(form.key) {
			forms++
			one = form.read(o.fields[form.key])
		}
	}
	if forms == 0 && o.unknownKey {
		return []byte{} // reported
	}
	if forms != 1 {
		r.errorf(n, "%d of the keys text, hex, base64, parts, numbered, file, expected exactly one, keep one", forms)
		return []byte{}
	}
	return r.repeated(n, one, r.times(o, maxBytes), o.has("numbered"))
}

// repeated is a value as often as asked for, with its number in the place of each verb if it is numbered.
func (r *reader) repeated(n ast.Node, one []byte, times int, numbered bool) []byte {
	size := len(one)
	if numbered {
		size = numberedSize(one, times)
	}
	if size *= times; size > maxBytes {
		r.errorf(n, "a value of %d bytes, expected at most %d, lower times", size, maxBytes)
		return []byte{}
	}
	if !r.charge(n, size) {
		return []byte{}
	}
	parts := numberedParts(one)
	if !numbered || len(parts) == 1 {
		return bytes.Repeat(one, times)
	}
	all := make([]byte, 0, size)
	for i := range times {
		all = appendNumbered(all, parts, i+1)
	}
	return all
}

func (r *reader) concat(n ast.Node) []byte {
	all := []byte{}
	for _, part := range r.filled(n, "byte strings", `write "" for no bytes`) {
		all = append(all, r.bytes(part)...)
		if len(all) > maxBytes {
			r.errorf(n, "a value of more than %d bytes, expected fewer, lower times", maxBytes)
			return []byte{}
		}
	}
	return all
}

// content reads a file beside the table.
func (r *reader) content(n ast.Node) []byte {
	name, ok := r.text(n)
	if !ok {
		return []byte{}
	}
	if !fs.ValidPath(name) || name == "." {
		r.errorf(n, "the file %q, expected one in the folder of the table, write its path from there, with /", name)
		return []byte{}
	}
	if r.used.made > maxMade {
		return []byte{} // reported
	}
	content, err := r.folder.read(name)
	if err != nil {
		r.errorf(n, "the file %q can't be read: %v, expected one in the folder of the table, write it", name,
			errors.Unwrap(err))
		return []byte{}
	}
	return content
}

func (r *reader) hex(n ast.Node) []byte {
	s, ok := r.text(n)
	if !ok {
		return []byte{}
	}
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		r.errorf(n, `the text %q, expected pairs of hexadecimal digits, write it like "74ff" or "74 ff"`, s)
		return []byte{}
	}
	return b
}

func (r *reader) base64(n ast.Node) []byte {
	s, ok := r.text(n)
	if !ok {
		return []byte{}
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		r.errorf(n, `the text %q, expected base64 with its padding, write it like "CgNib2I="`, s)
		return []byte{}
	}
	return b
}

// times reads the key times; it is 1 if there is none.
func (r *reader) times(o object, most int) int {
	times := 1
	set(&times, o, "times", r.number(1, most))
	return times
}
