package model

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/header-auth/header-auth/conformance/table"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Expect replaces what a case wants by what the contract says. Steps that are not possible are left out. It never wants
// a trap, because no configuration and no request may make the plugin trap.
func Expect(c table.Case) table.Case {
	w := Begin(c)
	for _, s := range c.Steps {
		w.Do(s)
	}
	return w.Case
}

// step does one step as often as it says, and sets what must be observed.
func (w *World) step(s *table.Step) {
	w.now = s
	before := map[string]int64{}
	for name, value := range w.host.metrics {
		before[name] = value
	}
	earlier := w.states()
	var want table.Want
	for range max(1, s.Times) {
		w.answered = map[string]int{}
		w.host.setFaults(s.Faults)
		w.host.logs, w.host.calls = nil, nil
		want = w.act(s)
	}
	effects := w.effects(before)
	want.Logs, want.Calls, want.Metrics, want.TickEvery = effects.Logs, effects.Calls, effects.Metrics, effects.TickEvery
	for name, state := range w.states() {
		if old, known := earlier[name]; known && name != s.StreamName() && !reflect.DeepEqual(old, state) {
			want.Streams = append(want.Streams, table.StreamWant{Stream: name, Want: state})
		}
	}
	slices.SortFunc(want.Streams, func(a, b table.StreamWant) int { return strings.Compare(a.Stream, b.Stream) })
	want.MemoryBounded, want.MemoryGrowth = s.Want.MemoryBounded, s.Want.MemoryGrowth
	s.Want = want
	w.host.setFaults(nil)
}

func (w *World) act(s *table.Step) (want table.Want) {
	name := s.StreamName()
	open := w.streams[name]
	switch {
	case s.Request != nil:
		open = &stream{context: w.contexts[cmp.Or(s.Plugin, table.Main)], request: s.Request}
		open.requestHeaders = arrived(s.Request.Headers, oncePerRequest...)
		open.sent = asSent(s.Request.Headers)
		open.arriving = s.HeadersOnly
		open.context.openStreams++
		if name != "" {
			w.streams[name] = open
		}
		open.context.onRequestHeaders(&open.exchange)
		w.settle(open.context)
		w.progress(open)
		if name == "" {
			w.respond(open)
			defer w.end(open)
		}
	case s.Upload != "":
		open.arriving = false
	case s.Respond != "":
		open.responded = true
		w.respond(open)
	case s.Finish != "":
		open.arriving, open.responded = false, true
		w.respond(open)
		defer w.end(open)
		delete(w.streams, name)
	case s.Close != "":
		defer w.end(open)
		delete(w.streams, name)
	case s.Answer != nil:
		w.answer(s.Answer)
	case s.Configure != nil:
		want.Refused = !w.configure(cmp.Or(s.Configure.Plugin, table.Main), s.Configure.Config)
	case s.Jump != 0:
		w.host.now += s.Jump
	default:
		w.advance(s.Advance)
	}
	if open == nil {
		return want
	}
	return open.state()
}

// configure makes a plugin context. It replaces another of the same name.
func (w *World) configure(name string, configuration []byte) bool {
	w.host.tick = 0
	p, accepted := onConfigure(w.host, configuration)
	if !accepted {
		return false
	}
	if old := w.contexts[name]; old != nil {
		old.retired = true
		if old.openStreams > 0 {
			w.host.reach("update while a stream is open")
		}
	}
	c := &context{plugin: p, every: w.host.tick, due: w.passed + w.host.tick}
	if c.every > 0 {
		w.ticks = &c.every
	}
	w.contexts[name] = c
	w.all = append(w.all, c)
	return true
}

// alive says whether a context still gets callbacks.
func (c *context) alive() bool { return !c.retired || c.openStreams > 0 }
