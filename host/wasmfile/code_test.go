package wasmfile

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// function is a body with two locals.
func function(code string) string {
	body := "\x01\x02\x7f" + code + "\x0b"
	return string(rune(len(body))) + body
}

// withCode is a module whose functions have this code.
func withCode(bodies ...string) []byte {
	types, all := "", ""
	for _, b := range bodies {
		types, all = types+"\x00", all+function(b)
	}
	n := string(rune(len(bodies)))
	return module(section(sectionType, "\x01\x60\x00\x00"), section(sectionFunction, n+types), section(sectionCode, n+all))
}

func TestConstants(t *testing.T) {
	minusOne := ^uint64(0)
	for _, test := range []struct {
		name, code string
		want       []Constant
	}{
		{"both sizes", "\x41\x7f\x1a\x42\xe4\x00\x1a", []Constant{{Value: minusOne, Bits: 32}, {Value: 100, Bits: 64}}},
		{"after a load", "\x20\x00\x2d\x00\x05\x41\xe4\x00\x47\x1a\x41\x01\x1a",
			[]Constant{{Value: 100, Bits: 32, Loaded: true, Offset: 5}, {Value: 1, Bits: 32}}},
		// Before the number, operands of every kind, each with the byte of i32.const in it.
		{"control and numbers",
			"\x02\x40\x0b\x0e\x01\x41\x41\x11\x41\x41\x1c\x01\x7f\x43AAAA\x44AAAAAAAA\xd0\x70\x1f\x40\x01\x00\x41\x41\x0b\x41\x07\x1a", []Constant{{Value: 7, Bits: 32}}},
		{"memory and vectors",
			"\xfc\x08AA\xfc\x0bA\xfd\x0cAAAAAAAAAAAAAAAA\xfd\x15A\xfd\x54\x01AA\xfe\x03A\xfe\x10\x01A\x28\x42AA\x41\x07\x1a",
			[]Constant{{Value: 7, Bits: 32, Loaded: true, Offset: 0x41}}},
		{"what is no instruction ends it", "\x41\x01\xff\x41\x02", []Constant{{Value: 1, Bits: 32}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			wasm := withCode(test.code, "\x41\x2a\x1a")
			f, err := Parse(wasm)
			if err != nil {
				t.Fatal(err)
			}
			want := [][]Constant{test.want, {{Value: 42, Bits: 32}}}
			if got, err := f.Constants(wasm); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got %v, %v\nwant %v", got, err, want)
			}
		})
	}
}

// TestRealCode: every function of every build is read to its end.
func TestRealCode(t *testing.T) {
	files, _ := filepath.Glob("../../dist/*.wasm")
	if len(files) == 0 {
		t.Skip("no modules in dist: make build")
	}
	for _, file := range files {
		wasm, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Parse(wasm)
		if err != nil {
			t.Fatal(err)
		}
		s, n := f.entries(wasm, sectionCode, 2, "function bodies")
		for i := range n {
			body := s.sub(s.u32("a size"), "a body")
			for range body.count(2, "locals") {
				body.u32("a number of locals")
				body.valType()
			}
			last := instruction{}
			for body.err == nil && body.left() > 0 {
				last = body.instruction()
			}
			if body.err != nil || last.op != opEnd {
				t.Fatalf("%s: function %d: %v, last instruction 0x%02x", file, i, body.err, last.op)
			}
		}
		segments, err := f.Data(wasm)
		if err != nil || len(segments) == 0 {
			t.Errorf("%s: %d data segments, %v", file, len(segments), err)
		}
	}
}

func TestData(t *testing.T) {
	data := section(sectionData, "\x05"+
		"\x00\x41\x80\x08\x0b\x03abc"+ // at 1024
		"\x01\x02pq"+ // passive
		"\x02\x00\x42\x90\x08\x0b\x01z"+ // memory 0, at 1040
		"\x00\x23\x00\x0b\x01g"+ // at a global's value
		"\x00\x41\x01\x41\x02\x6a\x0b\x01s") // at a sum
	wasm := module(data)
	f, err := Parse(wasm)
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.Data(wasm)
	want := []Segment{{true, 1024, []byte("abc")}, {false, 0, []byte("pq")}, {true, 1040, []byte("z")},
		{false, 0, []byte("g")}, {false, 0, []byte("s")}}
	for i := range got {
		if !got[i].Placed {
			got[i].At = 0
		}
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v\nwant %v", got, err, want)
	}
	image := Image(got)
	if len(image) != 1 || image[0].At != 1024 || string(image[0].Bytes) != "abc"+string(make([]byte, 13))+"z" {
		t.Errorf("the image is %v", image)
	}
	broken := module(section(sectionData, "\x01\x00\x41\x00\x0b\x7fabc"))
	if f, err = Parse(broken); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Data(broken); err == nil {
		t.Error("a segment that is longer than the section is taken")
	}
}
