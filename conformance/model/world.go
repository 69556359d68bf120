package model

import (
	"time"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// World is a case that is running: plugin contexts, open streams, calls that wait.
type World struct {
	Case           table.Case     // what was done so far, and what must be observed
	now            *table.Step    // nil: the start
	answered       map[string]int // answers taken, by cluster, in this repetition
	answeredInCase map[string]int
	host           *host
	passed         time.Duration // since the beginning, without jumps of the clock
	contexts       map[string]*context
	all            []*context // old ones with open streams too
	streams        map[string]*stream
	calls          []*waiting // all that were made
	ticks          *time.Duration
}

// Begin starts a case. Do does its steps.
func Begin(c table.Case) *World {
	w := &World{Case: c, streams: map[string]*stream{}, contexts: map[string]*context{}, answeredInCase: map[string]int{}}
	start := epoch
	if !c.Clock.IsZero() {
		start = c.Clock
	}
	w.host = &host{now: time.Duration(start.UnixNano()), metrics: map[string]int64{}, reached: map[string]bool{}}
	w.host.unknown = func(name string) bool { c, _ := w.cluster(name); return c.State != table.Ready }
	w.host.setFaults(c.Start.Faults)
	accepted := w.configure(table.Main, c.Config)
	effects := w.effects(map[string]int64{})
	w.Case.Start = table.Start{Accepted: accepted, Faults: c.Start.Faults, Logs: effects.Logs, Calls: effects.Calls,
		Metrics: effects.Metrics, TickEvery: effects.TickEvery}
	w.Case.Steps = nil
	return w
}

// Do does a step if it is possible, and says whether it was.
func (w *World) Do(s table.Step) bool {
	if !w.Possible(s) {
		return false
	}
	w.step(&s)
	w.Case.Steps = append(w.Case.Steps, s)
	return true
}

// context is a plugin context and what Envoy knows of it.
type context struct {
	*plugin
	retired     bool // replaced by another of its name
	openStreams int
	every       time.Duration // between ticks
	due         time.Duration // of the next tick
}

// waiting is a call and what Envoy knows of it.
type waiting struct {
	*httpCall
	context *context
	due     time.Duration
	done    bool
}

// stream is an exchange and what Envoy knows of it.
type stream struct {
	exchange
	context   *context
	request   *table.Request
	sent      []headermap.Header // the request's headers as they arrived
	came      []headermap.Header // the response's headers as they arrived
	begun     bool               // the response has begun
	arriving  bool               // the rest of the request has not arrived
	responded bool               // the upstream has responded
}

// cluster is the cluster of a name in this step, and the number of its answers that were used: a step's list begins
// again with each repetition, the case's is for the whole case.
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
