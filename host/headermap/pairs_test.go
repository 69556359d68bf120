package headermap

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/host/wasmtest"
)

func TestParsePairs(t *testing.T) {
	good := wasmtest.Pairs("a", "b\x00c", "", "")
	tests := []struct {
		name  string
		bytes string
		want  []Header
	}{
		{"good", good, Of("a", "b\x00c", "", "")},
		{"nothing", "", nil},
		{"too short", "\x01\x00\x00", nil},
		{"no pairs", "\x00\x00\x00\x00", nil},
		{"trailing byte", good + "x", nil},
		{"cut", good[:len(good)-1], nil},
		{"no NUL behind a name", strings.Replace(good, "a\x00", "ax", 1), nil},
		{"length beyond the end", "\x01\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00", nil},
		{"count beyond the end", "\xff\xff\xff\xff", nil},
		{"1025 pairs", wasmtest.Pairs(make([]string, 2*1025)...), nil},
		{"over 1 MiB", wasmtest.Pairs("a", strings.Repeat("b", maxPairsBytes)), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []Header
			for _, p := range ParsePairs(nil, []byte(test.bytes)) {
				got = append(got, Header{Name: string(p.Name), Value: string(p.Value)})
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("pairs (-want +got):\n%s", diff)
			}
			if len(got) > 0 {
				b := make([]byte, PairsSize(got))
				PutPairs(b, got)
				if string(b) != test.bytes {
					t.Errorf("written again: %q", b)
				}
			}
		})
	}
}
