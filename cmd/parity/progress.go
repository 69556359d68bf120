package main

import (
	"fmt"
	"io"
	"time"
)

// progress is one line on a terminal that says what runs; anywhere else it is a line a minute.
type progress struct {
	w        io.Writer
	terminal bool
	last     time.Time
}

// How often the line changes at most: on a terminal, which is slow, faster than that could not be read.
const (
	between       = 50 * time.Millisecond
	betweenInPipe = time.Minute
)

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, terminal: isTerminal(w)}
	if !p.terminal {
		p.last = time.Now() // what takes less than a minute needs no line
	}
	return p
}

func (p *progress) step(done, total int, build, id string) {
	p.say(fmt.Sprintf("%d/%d %s %s", done, total, build, id))
}

func (p *progress) say(line string) {
	if !p.terminal {
		if time.Since(p.last) >= betweenInPipe {
			p.last = time.Now()
			fmt.Fprintln(p.w, line)
		}
		return
	}
	if time.Since(p.last) < between {
		return
	}
	p.last = time.Now()
	if most := width(p.w) - 1; len(line) > most { // a line that wraps can't be taken back
		line = line[:most]
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", line)
}

func (p *progress) clear() {
	if p.terminal && !p.last.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
