package main

import (
	"io"
	"os"
	"sync"
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
	n, err := c.to.Write(b)
	if c.err == nil {
		c.err = err
	}
	return n, err
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
