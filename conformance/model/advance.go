package model

import (
	"slices"
	"time"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// settle gives the new calls the answers of their clusters.
func (w *World) settle(c *context) {
	for len(w.calls) < w.host.made {
		call := w.host.calls[len(w.host.calls)-(w.host.made-len(w.calls))]
		waits := &waiting{httpCall: call, context: c, due: w.passed + time.Duration(call.TimeoutMS)*time.Millisecond}
		w.calls = append(w.calls, waits)
		if !sendable(call.Headers) {
			w.host.reach("call that can't be sent")
			w.deliver(waits, table.Answer{Headers: envoyAnswer(call, "503")})
			continue
		}
		cluster, answered := w.cluster(call.Cluster)
		answers := cluster.Answers
		if !cluster.Always {
			n := answered[call.Cluster]
			answered[call.Cluster]++
			answers = answers[min(n, len(answers)):]
		}
		if len(answers) > 0 && answers[0].Kind != table.None {
			w.deliver(waits, answers[0])
		}
	}
}

// deliver gives an answer to the plugin.
func (w *World) deliver(call *waiting, a table.Answer) {
	call.done = true
	if !call.context.alive() {
		w.host.reach("answer for a context that is gone")
		return
	}
	var headers, trailers []headermap.Header
	switch a.Kind {
	case table.Reset:
	case table.Answers:
		headers, trailers = arrived(a.Headers, "grpc-status"), arrived(a.Trailers, "grpc-status")
		if len(named(headers, serviceTime)) == 0 { // Envoy adds it to every answer of a service
			headers = append(headers, headermap.Header{Name: serviceTime, Value: "0"})
		}
	default:
		w.host.reach("call failed")
		headers = arrived(envoyAnswer(call.httpCall, statusOfFailure(a.Kind)))
	}
	held := call.context.onAnswer(call.httpCall, headers, trailers)
	w.settle(call.context)
	if held == nil {
		return
	}
	for _, s := range w.streams {
		if &s.exchange == held {
			w.progress(s)
		}
	}
}

// answer is the step that answers a call that waits.
func (w *World) answer(a *table.Answered) {
	for i, call := range w.calls {
		if a.Call == i+1 || a.Call == 0 && !call.done {
			w.deliver(call, a.Answer)
			return
		}
	}
}

// advance moves the clock. Ticks and time-outs happen in the order of time; at the same time, ticks are first.
func (w *World) advance(d time.Duration) {
	end := w.passed + d
	for {
		at, happens := end+1, func() {}
		for _, c := range w.all {
			if c.alive() && c.every > 0 && c.due < at {
				at, happens = c.due, func() {
					c.due += c.every
					c.onTick()
					w.settle(c)
				}
			}
		}
		for _, call := range w.calls {
			if !call.done && call.due < at {
				at, happens = call.due, func() {
					w.host.reach("call timed out")
					w.deliver(call, table.Answer{Kind: table.TimedOut})
				}
			}
		}
		if at > end {
			break
		}
		w.host.now += at - w.passed
		w.passed = at
		happens()
	}
	w.host.now += end - w.passed
	w.passed = end
}

// progress sends the response of a refused request through the plugin.
func (w *World) progress(s *stream) {
	if s.decision == table.Refuse && !s.begun {
		s.begun = true
		s.responseHeaders = composed(&s.exchange)
		s.came = slices.Clone(s.responseHeaders)
		s.context.onResponseHeaders(&s.exchange)
	}
}

// respond sends the upstream's response through the plugin.
func (w *World) respond(s *stream) {
	if s.decision == table.Allow && !s.begun {
		s.begun = true
		s.responseHeaders = arrived(s.request.Response.Headers)
		s.came = slices.Clone(s.responseHeaders)
		if s.context.retired {
			w.host.reach("response under an old configuration")
		}
		s.context.onResponseHeaders(&s.exchange)
	}
}

func (w *World) end(s *stream) {
	s.gone = true
	s.context.openStreams--
}
