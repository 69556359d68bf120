package wasmfile

import (
	"fmt"
	"unicode/utf8"
)

// SyntaxError says where a module breaks the format.
type SyntaxError struct {
	Offset  int    // bytes from the start of the file
	Section string // "" outside of any
	Problem string // what was expected and what is there
}

func (e *SyntaxError) Error() string {
	where := ""
	if e.Section != "" {
		where = " (" + e.Section + " section)"
	}
	return fmt.Sprintf("malformed module at byte %d%s: %s", e.Offset, where, e.Problem)
}

// reader reads bytes[at:end]. After the first failure it keeps that error and gives zero values, so that a parser
// checks once per entry instead of once per field; done reports both ends of a loop.
type reader struct {
	bytes   []byte
	at, end int
	section string
	err     *SyntaxError
}

func (r *reader) failAt(offset int, format string, args ...any) {
	if r.err == nil {
		r.err = &SyntaxError{Offset: offset, Section: r.section, Problem: fmt.Sprintf(format, args...)}
	}
}

func (r *reader) left() int { return r.end - r.at }

func (r *reader) byte(what string) byte {
	if r.err != nil {
		return 0
	}
	if r.at >= r.end {
		r.failAt(r.at, "expected %s, found the end", what)
		return 0
	}
	r.at++
	return r.bytes[r.at-1]
}

// uint reads an unsigned LEB128 number of at most the given bits (core specification 5.2.2).
func (r *reader) uint(bits int, what string) uint64 {
	start := r.at
	var v uint64
	for shift := 0; ; shift += 7 {
		b := r.byte(what)
		if r.err != nil {
			return 0
		}
		if shift+7 > bits && b>>(bits-shift) != 0 {
			r.failAt(start, "expected %s of at most %d bits, found a longer number", what, bits)
			return 0
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
}

func (r *reader) u32(what string) uint32 { return uint32(r.uint(32, what)) }

// maxEntries is V8's limit on imports, exports, functions and types; it bounds the memory that a hostile file can ask
// for.
const maxEntries = 1_000_000

// count reads a number of entries, each of at least size bytes: a count that the rest of the section has no room for is
// an error.
func (r *reader) count(size int, what string) int {
	start := r.at
	n := r.u32("the number of " + what)
	if r.err == nil && n > maxEntries {
		r.failAt(start, "expected at most %d %s, as V8 does, found %d", maxEntries, what, n)
	}
	if r.err == nil && uint64(n) > uint64(r.left()/size) {
		r.failAt(start, "expected room for %d %s, found %d bytes", n, what, r.left())
	}
	if r.err != nil {
		return 0
	}
	return int(n)
}

// sub cuts off the next n bytes as a reader of their own.
func (r *reader) sub(n uint32, what string) reader {
	if r.err == nil && uint64(n) > uint64(r.left()) {
		r.failAt(r.at, "expected %d bytes of %s, found %d", n, what, r.left())
	}
	if r.err != nil {
		return reader{err: r.err, section: r.section}
	}
	s := reader{bytes: r.bytes, at: r.at, end: r.at + int(n), section: r.section}
	r.at = s.end
	return s
}

func (r *reader) name(what string) string {
	s := r.sub(r.u32("the length of "+what), what)
	if s.err != nil {
		return ""
	}
	text := s.bytes[s.at:s.end]
	if !utf8.Valid(text) {
		r.failAt(s.at, "expected %s in UTF-8", what)
		return ""
	}
	return string(text)
}

// finish fails when bytes are left over.
func (r *reader) finish(what string) {
	if r.err == nil && r.at != r.end {
		r.failAt(r.at, "expected the end of %s, found %d more bytes", what, r.left())
	}
}
