package model

import (
	"time"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// World is a case while it happens: plugin contexts, open streams, calls that wait.
type World struct {
	Case           table.Case     // what was done so far, and what must come of it
	now            *table.Step    // nil: the start
	answered       map[string]int // answers taken, by cluster, in this repetition
	answeredInCase map[string]int
	host           *Host
	passed         time.Duration // since the beginning, whatever the wall clock says
	contexts       map[string]*context
	all            []*context // old ones too, as long as they have streams
	streams        map[string]*stream
	calls          []*waiting // all that were made
	ticks          *time.Duration
}

// Begin starts a case. Its steps are still to be done.
func Begin(c table.Case) *World {
	w := &World{Case: c, streams: map[string]*stream{}, contexts: map[string]*context{}, answeredInCase: map[string]int{}}
	start := epoch
	if !c.Clock.IsZero() {
		start = c.Clock
	}
	w.host = &Host{Now: time.Duration(start.UnixNano()), Metrics: map[string]int64{}, Reached: map[string]bool{}}
	w.host.Unknown = func(name string) bool { c, _ := w.cluster(name); return c.State != table.Ready }
	w.host.faulty(c.Start.Faults)
	accepted := w.configure(table.Main, c.Config)
	effects := w.effects(map[string]int64{})
	w.Case.Start = table.Start{Accepted: accepted, Faults: c.Start.Faults, Logs: effects.Logs, Calls: effects.Calls,
		Metrics: effects.Metrics, TickEvery: effects.TickEvery}
	w.Case.Steps = nil
	return w
}

// Do does one more step, if it can be done.
func (w *World) Do(s table.Step) bool {
	if !w.Can(s) {
		return false
	}
	w.step(&s)
	w.Case.Steps = append(w.Case.Steps, s)
	return true
}

// context is a plugin context and what Envoy knows of it.
type context struct {
	*Plugin
	retired bool
	open    int
	every   time.Duration
	due     time.Duration
}

// waiting is a call and what Envoy knows of it.
type waiting struct {
	*Call
	context *context
	due     time.Duration
	done    bool
}

// stream is an exchange and how far it has come.
type stream struct {
	Stream
	context   *context
	request   *table.Request
	sent      []headermap.Header // the request's headers as they arrived
	came      []headermap.Header // the response's headers as they arrived
	begun     bool               // the response has
	arriving  bool               // the rest of the request is still to come
	responded bool               // the upstream has had its turn
}

// cluster is what a name stands for in this step, and how many answers were taken: a step's list begins again with each
// repetition, the case's serves the whole case.
func (w *World) cluster(name string) (table.Cluster, map[string]int) {
	if w.now != nil {
		for _, c := range w.now.Clusters {
			if c.Name == name && (c.Always || len(c.Answers) == 0 || w.answered[name] < len(c.Answers)) {
				return c, w.answered
			}
		}
	}
	for _, c := range w.Case.Clusters {
		if c.Name == name {
			return c, w.answeredInCase
		}
	}
	return table.Cluster{}, w.answered
}
