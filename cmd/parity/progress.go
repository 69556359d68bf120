package main

import (
	"fmt"
	"io"
	"time"
)

// progress is one line on a terminal that says what runs; anywhere else it is silent.
type progress struct {
	w    io.Writer // nil: silent
	last time.Time
}

// between is how often the line changes at most: faster than that nobody can read, and terminals are slow.
const between = 50 * time.Millisecond

func newProgress(w io.Writer) *progress {
	if !isTerminal(w) {
		w = nil
	}
	return &progress{w: w}
}

func (p *progress) step(done, total int, build, id string) {
	p.say(fmt.Sprintf("%d/%d %s %s", done, total, build, id))
}

func (p *progress) say(line string) {
	if p.w == nil || time.Since(p.last) < between {
		return
	}
	p.last = time.Now()
	if most := width(p.w) - 1; len(line) > most { // a line that wraps can't be taken back
		line = line[:most]
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", line)
}

func (p *progress) clear() {
	if p.w != nil && !p.last.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
