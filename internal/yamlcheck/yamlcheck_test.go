package yamlcheck

import (
	"errors"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
)

// TestFile: what is refused, and what is not. The limits of a table have their tests in its package.
func TestFile(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{"a: &x [b, c]\nd: *x\ne: &y {f: g}\nh: *y\n", ""},
		{"a: &x\n  - b\nc:\n  - *x\n", ""},
		{"- &x a\n- *x\n- [&y b, *y]\n", ""},
		{"a: &x [b]\nc: &y [*x, *x]\n", "2:8: an alias inside the value of an anchor"},
		{"a: &x b\nc: &y\n  d: *x\n", "3:6: an alias inside the value of an anchor"},
		{"a: &x b\nc: &y\n- *x\n", "3:3: an alias inside the value of an anchor"},
		{"a: &x\n  b: *x\n", "2:6: an alias inside the value of an anchor"},
		{strings.Repeat("- a\n", 30_000), "more than 50000 texts and signs in the file, expected fewer, remove some"},
		{strings.Repeat("#", MaxSource+1), "1:1: more than 2097152 bytes"},
		{strings.Repeat("[", 101), "1:101: more than 100 lists"},
		{"a: \x01", "1:4: the control character 01"},
	} {
		f := File([]byte(test.source))
		if f == nil && test.want != "" || f != nil && (test.want == "" || !strings.Contains(f.Error(), test.want)) {
			t.Errorf("%.60q: %v, want %q", test.source, f, test.want)
		}
	}
}

func TestMessage(t *testing.T) {
	_, err := parser.ParseBytes([]byte("a: b\n  c: d\n"), 0)
	if f := Message(err); f.Line != 1 && f.Line != 2 || strings.Contains(f.Text, "\n") || f.Text == "" {
		t.Errorf("%+v", f)
	}
	var to struct{ A int }
	f := Message(yaml.UnmarshalWithOptions([]byte("a: 1\nb: 2\n"), &to, yaml.Strict()))
	if f.Error() != `2:1: unknown field "b"` {
		t.Errorf("%v", f)
	}
	if f := Message(errors.New("one\ntwo")); f.Error() != "1:1: one" {
		t.Errorf("%v", f)
	}
}
