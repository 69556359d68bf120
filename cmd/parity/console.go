package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"sync"
	"unicode/utf8"
)

// console is standard output or standard error as the commands see it. It keeps the first error, so that a full disk is
// an error of every command, also of those that print without looking.
type console struct {
	to    io.Writer
	quiet bool // --quiet
	mu    sync.Mutex
	err   error
}

func setQuiet(w io.Writer) {
	if c, ok := w.(*console); ok {
		c.quiet = true
	}
}

func isQuiet(w io.Writer) bool {
	c, ok := w.(*console)
	return ok && c.quiet
}

// remarks is where a command writes what is no error: nowhere with --quiet.
func remarks(stderr io.Writer) io.Writer {
	if isQuiet(stderr) {
		return io.Discard
	}
	return stderr
}

func (c *console) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.to.Write(harmless(b))
	if c.err == nil {
		c.err = err
	}
	return len(b), err
}

// ownCodes are what this program itself writes to control a terminal: colours, and a line that is written again.
var ownCodes = regexp.MustCompile(`^(?:\x1b\[[0-9;]*m|\r\x1b\[K)`)

// harmless writes control characters as text, so that no name or message of a module, a table or a
// registry controls the terminal.
func harmless(b []byte) []byte {
	var out []byte // nil as long as nothing was changed
	for i := 0; i < len(b); {
		char, size := utf8.DecodeRune(b[i:])
		if char == '\x1b' || char == '\r' {
			if own := len(ownCodes.Find(b[i:])); own > 0 {
				size, char = own, ' '
			}
		}
		if control := char < ' ' && char != '\n' && char != '\t' || char >= 0x7f && char < 0xa0; control {
			if out == nil {
				out = append(make([]byte, 0, len(b)+16), b[:i]...)
			}
			out = fmt.Appendf(out, "\\u%04x", char) // as in JSON, which may be what is written
		} else if out != nil {
			out = append(out, b[i:i+size]...)
		}
		i += size
	}
	if out == nil {
		return b
	}
	return out
}

// fileOf is the file behind an output; nil: there is none.
func fileOf(w io.Writer) *os.File {
	if c, ok := w.(*console); ok {
		w = c.to
	}
	f, _ := w.(*os.File)
	return f
}

// unwrapped is what a child process should write to: it may want to know whether that is a terminal.
func unwrapped(w io.Writer) io.Writer {
	if f := fileOf(w); f != nil {
		return f
	}
	return w
}
