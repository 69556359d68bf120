package main

import (
	"fmt"
	"io"
	"time"
)

// progress shows what runs: on a terminal in one line that is rewritten, elsewhere in a new line each minute.
type progress struct {
	w        io.Writer
	terminal bool
	begun    time.Time
	last     time.Time
}

// The shortest time between two lines. On a terminal a faster change could not be read, and terminals are slow.
const (
	minRedraw = 50 * time.Millisecond
	minInPipe = time.Minute
)

func newProgress(w io.Writer) *progress {
	p := &progress{w: remarks(w), terminal: isTerminal(w) && !isQuiet(w), begun: time.Now()}
	if !p.terminal {
		p.last = time.Now() // a run of less than a minute needs no line
	}
	return p
}

func (p *progress) step(done, total int, build, id string) {
	p.say(fmt.Sprintf("%d/%d%s  %s %s", done, total, p.left(float64(done)/float64(max(total, 1))), build, id))
}

// enough is the share from which on the time that is left can be told from the time that was needed.
const enough = 0.01

// left is the time that is left when a share of the work is done, as a part of a line; "" when it cannot be told yet.
func (p *progress) left(done float64) string {
	if done < enough || done > 1 {
		return ""
	}
	needed := time.Since(p.begun)
	return fmt.Sprintf("  %s left", time.Duration(float64(needed)*(1-done)/done).Round(time.Second))
}

func (p *progress) say(line string) {
	if !p.terminal {
		if time.Since(p.last) >= minInPipe {
			p.last = time.Now()
			fmt.Fprintln(p.w, line)
		}
		return
	}
	if time.Since(p.last) < minRedraw {
		return
	}
	p.last = time.Now()
	if most := width(p.w) - 1; len(line) > most { // a line that wraps cannot be cleared
		line = line[:most]
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", line)
}

func (p *progress) clear() {
	if p.terminal && !p.last.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// share says how much of a measurement is done, how much time is left, and what runs.
func (p *progress) share(done float64, left time.Duration, what string) {
	p.say(fmt.Sprintf("%3.0f %%  %s left  %s", 100*done, left.Round(time.Second), what))
}
