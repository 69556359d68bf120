package main

import (
	"bytes"
	"testing"
)

// TestConsole: what controls a terminal arrives as text, but for the codes of this program.
func TestConsole(t *testing.T) {
	for in, want := range map[string]string{
		"plain é \t\n":                               "plain é \t\n",
		"\x1b[31mred\x1b[0m \r\x1b[Kagain":           "\x1b[31mred\x1b[0m \r\x1b[Kagain",
		"\x1b]0;title\x07\x1b[2J\rover\u009b31m\x7f": `\u001b]0;title\u0007\u001b[2J\u000dover\u009b31m\u007f`,
		"\xff\x00": "\xff\\u0000",
	} {
		var out bytes.Buffer
		c := &console{to: &out}
		if n, err := c.Write([]byte(in)); n != len(in) || err != nil || out.String() != want {
			t.Errorf("%q: %d, %v, %q, want %q", in, n, err, out.String(), want)
		}
	}
}
