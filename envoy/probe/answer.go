package probe

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/host/envoy"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/internal/diff"
)

// Answer is what a script did, a line for each thing that was seen, the lines of an event behind that event.
type Answer []string

// Crash is the last line of an Answer whose script has ended the Envoy, Hang of one that its
// worker never came back from.
const (
	Crash = "crash"
	Hang  = "hang"
)

// Crashed says whether the script has ended the Envoy, or would end it.
func (a Answer) Crashed() bool { return a.last() == Crash }

// Hung says whether the script has kept the worker for ever.
func (a Answer) Hung() bool { return a.last() == Hang }

func (a Answer) last() string {
	if len(a) == 0 {
		return ""
	}
	return a[len(a)-1]
}

// Equal compares two answers. Of an event that ends in a crash, or never, nothing else is compared: how far
// Envoy came in it is chance.
func (a Answer) Equal(b Answer) bool { return slices.Equal(a.known(), b.known()) }

func (a Answer) known() Answer {
	if !a.Crashed() && !a.Hung() {
		return a
	}
	at := len(a) - 1
	for at > 0 && !strings.HasPrefix(a[at], "> ") {
		at--
	}
	return append(slices.Clone(a[:at+1]), a.last())
}

// Compare shows two answers as one list: with - what a has alone, with + what b has alone.
func Compare(a, b Answer) string {
	var out strings.Builder
	for _, l := range diff.Lines(a, b) {
		from, at := a, l.A
		if l.Mark == '+' {
			from, at = b, l.B
		}
		fmt.Fprintf(&out, "%c%s\n", l.Mark, from[at])
	}
	return out.String()
}

func (a Answer) String() string { return strings.Join(a, "\n") + "\n" }

// side is what has been seen of a message at one place, upstream or client or service.
type side struct {
	lines    []string // since the last event
	body     []byte
	client   bool
	http1    bool
	bodiless bool // a client of HTTP/1.1 reads no body behind the status
}

func (s *side) headers(h []headermap.Header) {
	s.flush()
	kept := make([]headermap.Header, 0, len(h))
	for _, e := range h {
		switch {
		case e.Name == "date", // Envoy adds it
			s.http1 && (e.Name == "connection" || e.Name == "transfer-encoding"), // framing
			s.http1 && e.Name == "content-length" && e.Value == "0":
		default:
			kept = append(kept, e)
		}
	}
	if s.http1 { // the client's library keeps no order
		slices.SortStableFunc(kept, func(a, b headermap.Header) int { return cmp.Compare(a.Name, b.Name) })
	}
	s.bodiless = s.http1 && len(h) > 0 && h[0].Name == ":status" && bodiless(envoy.Number(h[0].Value))
	s.lines = append(s.lines, "headers "+list(kept))
}

// bodiless says whether no body follows that status in HTTP/1.1.
func bodiless(status int) bool { return status == 204 || status == 304 }

func (s *side) trailers(h []headermap.Header) {
	s.flush()
	s.lines = append(s.lines, "trailers "+list(h))
}

func (s *side) data(b []byte) {
	if !s.bodiless {
		s.body = append(s.body, b...)
	}
}

func (s *side) end() {
	s.flush()
	s.lines = append(s.lines, "end")
}

func (s *side) reset() {
	s.flush()
	s.lines = append(s.lines, "reset")
}

func (s *side) flush() {
	if len(s.body) > 0 {
		s.lines = append(s.lines, fmt.Sprintf("body %q", s.body))
		s.body = nil
	}
}

// take gives what was seen since it was called last, each line behind the side's name.
func (s *side) take(name string) (lines []string) {
	lines = s.peek(name)
	s.lines, s.body = nil, nil
	return lines
}

func (s *side) peek(name string) (lines []string) {
	for _, l := range s.lines {
		lines = append(lines, name+" "+l)
	}
	if len(s.body) > 0 {
		lines = append(lines, fmt.Sprintf("%s body %q", name, s.body))
	}
	return lines
}

func list(h []headermap.Header) string {
	all := make([]string, len(h))
	for i, e := range h {
		all[i] = fmt.Sprintf("%q=%q", e.Name, e.Value)
	}
	return strings.Join(all, " ")
}

// requestHeaders are those of a request: what every request has, and what the event adds.
func (e Event) requestHeaders() []headermap.Header {
	h := headermap.Of(":authority", "a.example", ":path", "/p", ":method", e.Args[0].Text, ":scheme", "http",
		"x-forwarded-proto", "http")
	return append(h, e.more(1)...)
}

func (e Event) responseHeaders() []headermap.Header {
	return append(headermap.Of(":status", e.Args[0].Text), e.more(1)...)
}

// more are the names and values from an argument on. An odd one is left out.
func (e Event) more(from int) (h []headermap.Header) {
	for i := from; i+1 < len(e.Args); i += 2 {
		h = append(h, headermap.Header{Name: e.Args[i].Text, Value: e.Args[i+1].Text})
	}
	return h
}
