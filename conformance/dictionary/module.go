package dictionary

import (
	"encoding/binary"
	"fmt"
	"sort"
	"strings"

	"github.com/header-auth/header-auth/host/wasmfile"
)

// maxLength is the number of bytes in the longest word. A text that a client has to type is shorter.
const maxLength = 64

// maxDistance is how many constants of a function may lie between an address and its length, or between the parts of
// a text.
const maxDistance = 8

// A Word is a text of a module, and how the module uses it.
type Word struct {
	Text       string
	Neighbours []string // some texts of the same functions; the value that belongs to a name is probably among them
	How        How
}

// How says how a word was found, the most certain way first.
type How int

const (
	PassedToHost How = iota // passed to a host function
	Compared                // compared in the code, as numbers
	Referenced              // referenced by address and length
	Printable               // only a sequence of printable bytes
)

// Words gives the words of a module, each once. Passed are the texts that the module has passed to the host. The
// error says why the module can't be read.
func Words(wasm []byte, passed []string) ([]Word, error) {
	f, err := wasmfile.Parse(wasm)
	if err != nil {
		return nil, fmt.Errorf("read module: %w", err)
	}
	segments, err := f.Data(wasm)
	if err != nil {
		return nil, fmt.Errorf("read data of the module: %w", err)
	}
	functions, err := f.Constants(wasm)
	if err != nil {
		return nil, fmt.Errorf("read code of the module: %w", err)
	}
	m := memory(wasmfile.Image(segments))
	found := newCollection()
	for _, text := range passed {
		if printable([]byte(text)) {
			found.add(text, PassedToHost)
		}
	}
	for _, constants := range functions {
		var here []string
		for _, text := range inlined(constants) {
			here = append(here, found.add(text, Compared)...)
		}
		for _, text := range m.referencedByCode(constants) {
			here = append(here, found.add(text, Referenced)...)
		}
		found.neighbours(here)
	}
	for _, s := range m {
		for _, text := range m.referencedByData(s.Bytes) {
			found.add(text, Referenced)
		}
	}
	for _, s := range segments {
		for _, run := range printableRuns(s.Bytes) {
			found.add(run, Printable)
		}
	}
	return found.words(), nil
}

// memory is the module's memory at its start.
type memory []wasmfile.Segment

// text is the printable text at an address.
func (m memory) text(at, size uint64) (string, bool) {
	if size == 0 || size > maxLength {
		return "", false
	}
	i := sort.Search(len(m), func(i int) bool { return m[i].At+uint64(len(m[i].Bytes)) > at })
	if i == len(m) || at < m[i].At || at+size > m[i].At+uint64(len(m[i].Bytes)) {
		return "", false
	}
	b := m[i].Bytes[at-m[i].At:][:size]
	return string(b), printable(b)
}

// contains says whether an address is in the data.
func (m memory) contains(at uint64) bool {
	i := sort.Search(len(m), func(i int) bool { return m[i].At+uint64(len(m[i].Bytes)) > at })
	return i < len(m) && at >= m[i].At
}

// referencedByCode are the texts whose address and length a function contains.
func (m memory) referencedByCode(constants []wasmfile.Constant) (all []string) {
	for i, address := range constants {
		if at := unsigned(address); at > maxLength && m.contains(at) {
			for _, size := range constants[max(0, i-maxDistance):min(len(constants), i+maxDistance+1)] {
				if text, ok := m.text(at, unsigned(size)); ok {
					all = append(all, text)
				}
			}
		}
	}
	return all
}

// referencedByData are the texts to which the data refers by address and length, of 4 bytes each (C, Rust, TinyGo) or
// of 8 bytes each (Go).
func (m memory) referencedByData(data []byte) (all []string) {
	for i := 0; i+8 <= len(data); i += 4 {
		if text, ok := m.text(uint64(binary.LittleEndian.Uint32(data[i:])),
			uint64(binary.LittleEndian.Uint32(data[i+4:]))); ok {
			all = append(all, text)
		}
		if i+16 <= len(data) {
			if text, ok := m.text(binary.LittleEndian.Uint64(data[i:]), binary.LittleEndian.Uint64(data[i+8:])); ok {
				all = append(all, text)
			}
		}
	}
	return all
}

func unsigned(c wasmfile.Constant) uint64 {
	if c.Bits == 32 {
		return uint64(uint32(c.Value))
	}
	return c.Value
}

// printableRuns are the sequences of at least four printable bytes, and the names in them.
func printableRuns(data []byte) (all []string) {
	for start, i := 0, 0; i <= len(data); i++ {
		if i < len(data) && printable(data[i:i+1]) {
			continue
		}
		if i-start >= 4 {
			run := string(data[start:i])
			if len(run) <= maxLength {
				all = append(all, run)
			}
			all = append(all, strings.FieldsFunc(run, func(c rune) bool { return !nameByte(byte(c)) && c != '/' })...)
		}
		start = i + 1
	}
	return all
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < 0x20 || c > 0x7e {
			return false
		}
	}
	return true
}

// nameByte says whether a byte may occur in a header name (RFC 9110, token).
func nameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}
