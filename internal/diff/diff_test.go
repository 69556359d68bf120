package diff

import (
	"strings"
	"testing"
)

func TestLines(t *testing.T) {
	tests := []struct{ name, a, b, want string }{
		{"equal", "a b", "a b", " a  b"},
		{"one changed", "a b c", "a x c", " a -b +x  c"},
		{"one more", "a", "a b", " a +b"},
		{"one more of the same", "a c", "a a c", " a +a  c"},
		{"one less", "a b", "b", "-a  b"},
		{"nothing alike", "a", "b", "-a +b"},
		{"swapped", "a b", "b a", "-a  b +a"},
		{"longest", "a b c d e", "c x d e a b", "-a -b  c +x  d  e +a +b"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, b := strings.Fields(test.a), strings.Fields(test.b)
			var got []string
			for _, l := range Lines(a, b) {
				switch {
				case l.Mark == ' ' && a[l.A] != b[l.B]:
					t.Errorf("%q and %q are not the same line", a[l.A], b[l.B])
				case l.B < 0:
					got = append(got, string(l.Mark)+a[l.A])
				default:
					got = append(got, string(l.Mark)+b[l.B])
				}
			}
			if got := strings.Join(got, " "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestLinesTooLongToAlign(t *testing.T) {
	a, b := make([]string, 3000), make([]string, 3000)
	for i := range a {
		a[i], b[i] = "a", "b"
	}
	a[0], b[2999] = "same", "same"
	if got := len(Lines(a, b)); got != 6000 {
		t.Errorf("%d lines, want each of the 6000", got)
	}
}
