// pairs_test.go: serialized header maps that are right, cut, or lie. Twin: pairs_test.rs.

package main

import (
	"slices"
	"strings"
	"testing"
)

// sample is the map {a: bc, "": ""}.
const sample = "\x02\x00\x00\x00" + "\x01\x00\x00\x00\x02\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00" +
	"a\x00bc\x00" + "\x00\x00"

func TestSample(t *testing.T) {
	want := []pair{{"a", "bc"}, {"", ""}}
	if got := encodePairs(want); got != sample {
		t.Errorf("encoded %q, want %q", got, sample)
	}
	if got, ok := decoded(sample); !ok || !slices.Equal(got, want) {
		t.Errorf("decoded %q, %v", got, ok)
	}
}

func TestEmptyMaps(t *testing.T) {
	for _, buffer := range []string{"", "\x00\x00\x00\x00"} {
		if got, ok := decoded(buffer); !ok || len(got) != 0 {
			t.Errorf("%q: got %q, %v", buffer, got, ok)
		}
	}
}

func TestCut(t *testing.T) {
	for size := 1; size < len(sample); size++ {
		if _, ok := decoded(sample[:size]); ok {
			t.Errorf("cut to %d bytes: not malformed", size)
		}
	}
}

func TestLies(t *testing.T) {
	tests := []struct{ name, buffer string }{
		{"one pair more", with(0, "\x03")},
		{"one pair less", with(0, "\x01")},
		{"no pairs", with(0, "\x00")},
		{"most pairs", with(0, "\xff\xff\xff\xff")},
		{"count whose sizes overflow 32 bits to 0", with(0, "\x00\x00\x00\x20")},
		{"count whose sizes overflow 32 bits to 16", with(0, "\x02\x00\x00\x20")},
		{"name longer", with(4, "\x02")},
		{"name shorter", with(4, "\x00")},
		{"value longer", with(8, "\x03")},
		{"value shorter", with(8, "\x01")},
		{"longest name", with(4, "\xff\xff\xff\xff")},
		{"longest value", with(8, "\xff\xff\xff\xff")},
		{"sizes whose sum overflows 32 bits", with(4, "\xff\xff\xff\xff\x04\x00\x00\x00")},
		{"name of half the address space", with(4, "\x00\x00\x00\x80")},
		{"no NUL after the name", with(21, "x")},
		{"no NUL after the value", with(24, "x")},
		{"no NUL at the end", with(26, "x")},
		{"NUL moved", with(20, "\x00a")},
		{"trailing NUL", sample + "\x00"},
		{"trailing text", sample + "x"},
		{"twice", sample + sample},
	}
	for _, lie := range tests {
		t.Run(lie.name, func(t *testing.T) {
			if got, ok := decoded(lie.buffer); ok {
				t.Errorf("%q: got %q, want malformed", lie.buffer, got)
			}
		})
	}
}

func TestAnyBytes(t *testing.T) {
	want := []pair{{"\x00", "a\x00b\x00"}, {"\xff\r\n", strings.Repeat("\x00", 70000)}}
	if got, ok := decoded(encodePairs(want)); !ok || !slices.Equal(got, want) {
		t.Errorf("got %d pairs, %v", len(got), ok)
	}
}

// with is the sample with some bytes written over.
func with(at int, text string) string { return sample[:at] + text + sample[at+len(text):] }

func decoded(buffer string) ([]pair, bool) {
	var got []pair
	pairs := readPairs(buffer)
	for pairs.next() {
		got = append(got, pair{pairs.name, pairs.value})
	}
	return got, !pairs.malformed
}
