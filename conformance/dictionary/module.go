package dictionary

import (
	"encoding/binary"
	"fmt"
	"sort"
	"strings"

	"github.com/header-auth/header-auth/host/wasmfile"
)

// longest is the size in bytes of the longest word: what a client is expected to type is shorter.
const longest = 64

// window is how many constants apart an address and its length, or the parts of a text, may stand in a function.
const window = 8

// A Word is a text with what is known about its use.
type Word struct {
	Text string
	Near []string // texts of the same functions, at most a few: a name's value is likely among them
	How  How
}

// How says how a word was found, the surest first.
type How int

const (
	Spoken   How = iota // handed to a host function
	Compared            // in the code as numbers
	Referred            // by address and length
	Lying               // only printable bytes in a row
)

// Of gives the words of a module, each once, those that it was heard to say among them. The error says why it can't be
// read.
func Of(wasm []byte, heard []string) ([]Word, error) {
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
	for _, text := range heard {
		if printable([]byte(text)) {
			found.add(text, Spoken)
		}
	}
	for _, constants := range functions {
		var here []string
		for _, text := range inlined(constants) {
			here = append(here, found.add(text, Compared)...)
		}
		for _, text := range m.referred(constants) {
			here = append(here, found.add(text, Referred)...)
		}
		found.neighbours(here)
	}
	for _, s := range m {
		for _, text := range m.headers(s.Bytes) {
			found.add(text, Referred)
		}
	}
	for _, s := range segments {
		for _, run := range runs(s.Bytes) {
			found.add(run, Lying)
		}
	}
	return found.words(), nil
}

// memory is what the module starts with.
type memory []wasmfile.Segment

// text is what lies at an address, if it is printable.
func (m memory) text(at, size uint64) (string, bool) {
	if size == 0 || size > longest {
		return "", false
	}
	i := sort.Search(len(m), func(i int) bool { return m[i].At+uint64(len(m[i].Bytes)) > at })
	if i == len(m) || at < m[i].At || at+size > m[i].At+uint64(len(m[i].Bytes)) {
		return "", false
	}
	b := m[i].Bytes[at-m[i].At:][:size]
	return string(b), printable(b)
}

// holds says whether an address lies in the data.
func (m memory) holds(at uint64) bool {
	i := sort.Search(len(m), func(i int) bool { return m[i].At+uint64(len(m[i].Bytes)) > at })
	return i < len(m) && at >= m[i].At
}

// referred are the texts that a function gives the address and length of.
func (m memory) referred(constants []wasmfile.Constant) (all []string) {
	for i, address := range constants {
		if at := unsigned(address); at > longest && m.holds(at) {
			for _, size := range constants[max(0, i-window):min(len(constants), i+window+1)] {
				if text, ok := m.text(at, unsigned(size)); ok {
					all = append(all, text)
				}
			}
		}
	}
	return all
}

// headers are the texts that words in the data refer to: an address and a length, of 4 bytes each (C, Rust, TinyGo) or
// of 8 (Go).
func (m memory) headers(data []byte) (all []string) {
	for i := 0; i+8 <= len(data); i += 4 {
		if text, ok := m.text(uint64(binary.LittleEndian.Uint32(data[i:])), uint64(binary.LittleEndian.Uint32(data[i+4:]))); ok {
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

// runs are the printable bytes in a row, four at least, and the names in them.
func runs(data []byte) (all []string) {
	for start, i := 0, 0; i <= len(data); i++ {
		if i < len(data) && printable(data[i:i+1]) {
			continue
		}
		if i-start >= 4 {
			run := string(data[start:i])
			if len(run) <= longest {
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

// nameByte says whether a byte can be in a header name (RFC 9110, token).
func nameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}
