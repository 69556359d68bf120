package dictionary

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/header-auth/header-auth/host/wasmtest"
)

// number is what a load of these bytes gives.
func number(s string) int64 {
	var b [8]byte
	copy(b[:], s)
	return int64(binary.LittleEndian.Uint64(b[:]))
}

// compares is code that compares the byte at an offset.
func compares(offset int, with wasmtest.Code) wasmtest.Code {
	return wasmtest.Join(wasmtest.Get(0), wasmtest.Load8(uint32(offset)), with, wasmtest.Ne, wasmtest.Drop)
}

func TestWords(t *testing.T) {
	m := wasmtest.Module{Pages: 1}
	m.Data(1024, "hello x-debug-allowtruecontent-typepanic: out of range")
	// "x-de"… 30 bytes in, 4 of them, by words of 4 bytes
	m.Data(2048, "\x1e\x04\x00\x00\x04\x00\x00\x00")
	m.Data(4096, "\x00\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00") // by words of 8
	drop := wasmtest.Drop
	m.Func("referred", "i", "", 0, wasmtest.I32(13), drop, wasmtest.I32(1030), drop, wasmtest.I32(1043), drop,
		wasmtest.I32(4), drop)
	m.Func("whole", "i", "", 0, wasmtest.I64(number("x-secret")), drop)
	m.Func("overlapping", "i", "", 0, wasmtest.I32(11), drop, wasmtest.I64(number("x-letmei")), drop,
		wasmtest.I64(number("etmein-1")), drop)
	m.Func("spelled", "i", "", 0, compares(0, wasmtest.I32('t')), compares(1, wasmtest.I32('r')),
		compares(2, wasmtest.I32('a')), compares(3, wasmtest.I32('c')),
		compares(0, wasmtest.I32('o')), compares(1, wasmtest.I32('n')))
	m.Func("branched", "i", "", 0, compares(1, wasmtest.I32('u')), compares(2, wasmtest.I32('r')),
		compares(3, wasmtest.I32('g')), compares(4, wasmtest.I32('e')))
	m.Func("folded", "i", "", 0, wasmtest.I64(number("sesaame1")), drop)
	m.Func("suffix", "i", "", 0, compares(0, wasmtest.I32('=')), compares(0, wasmtest.I32('y')))
	words, err := Words(m.Bytes(), []string{"x-passed", "with \x00"})
	if err != nil {
		t.Fatal(err)
	}
	for text, how := range map[string]How{"x-debug-allow": Referenced, "true": Referenced, "hello": Referenced,
		"x-secret": Compared, "x-letmein-1": Compared,
		"trac": Compared, "on": Compared, "purge": Compared, "=y": Compared, "sesame1": Compared, "x-passed": PassedToHost,
		"panic:": -1, "range": Printable, "nope": -1, "with \x00": -1} {
		i := slices.IndexFunc(words, func(w Word) bool { return w.Text == text })
		switch {
		case i < 0 && how >= 0:
			t.Errorf("%q is not found", text)
		case i >= 0 && words[i].How != how:
			t.Errorf("%q was found as %d, expected %d", text, words[i].How, how)
		}
	}
	door := words[slices.IndexFunc(words, func(w Word) bool { return w.Text == "x-debug-allow" })]
	if !slices.Contains(door.Neighbours, "true") {
		t.Errorf("near x-debug-allow is %q, expected true among it", door.Neighbours)
	}
}

func TestWordsFaults(t *testing.T) {
	for _, wasm := range [][]byte{nil, []byte("text"), []byte("\x00asm\x01\x00\x00\x00\x0b\x05\x01\x07\x00\x00\x00")} {
		if words, err := Words(wasm, nil); err == nil {
			t.Errorf("%q has the words %v", wasm, words)
		}
	}
}

func TestRank(t *testing.T) {
	words := []Word{{Text: "src/panic.rs", How: Referenced}, {Text: "already borrowed: mutable", How: Referenced},
		{Text: "authorization", How: Referenced}, {Text: "PP0", How: Compared},
		{Text: "x-debug", How: Referenced, Neighbours: []string{"authorization"}}, {Text: "other", How: Compared}}
	ranked := Rank(words, func(s string) bool { return s == "authorization" }, 5)
	var got []string
	for _, w := range ranked {
		got = append(got, w.Text)
	}
	want := []string{"x-debug", "other", "already borrowed: mutable", "PP0", "src/panic.rs"}
	if !slices.Equal(got[:2], want[:2]) || len(got) != 5 || slices.Contains(got, "authorization") {
		t.Errorf("ranked %q, expected %q first and authorization left out", got, want[:2])
	}
}
