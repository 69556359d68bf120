package model

import (
	"slices"
	"time"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// settle lets calls that were just made meet the clusters that answer at once.
func (w *World) settle(c *context) {
	for len(w.calls) < w.host.Made {
		call := w.host.Calls[len(w.host.Calls)-(w.host.Made-len(w.calls))]
		waits := &waiting{Call: call, context: c, due: w.passed + time.Duration(call.TimeoutMS)*time.Millisecond}
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

// deliver brings an answer to the plugin.
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
	default:
		w.host.reach("call failed")
		headers = arrived(envoyAnswer(call.Call, statusOfFailure(a.Kind)))
	}
	held := call.context.Answer(call.Call, headers, trailers)
	w.settle(call.context)
	if held == nil {
		return
	}
	for _, s := range w.streams {
		if &s.Stream == held {
			w.progress(s)
		}
	}
}

// answer is a step's answer to a call that waits.
func (w *World) answer(a *table.Answered) {
	for i, call := range w.calls {
		if a.Call == i+1 || a.Call == 0 && !call.done {
			w.deliver(call, a.Answer)
			return
		}
	}
}

// advance moves the clock. Ticks and time-outs happen in the order of time; at one time, ticks first.
func (w *World) advance(d time.Duration) {
	end := w.passed + d
	for {
		at, happens := end+1, func() {}
		for _, c := range w.all {
			if c.alive() && c.every > 0 && c.due < at {
				at, happens = c.due, func() {
					c.due += c.every
					c.Tick()
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
		w.host.Now += at - w.passed
		w.passed = at
		happens()
	}
	w.host.Now += end - w.passed
	w.passed = end
}

// progress sends a refusal on its way, through the plugin.
func (w *World) progress(s *stream) {
	if s.Decision == table.Refuse && !s.begun {
		s.begun = true
		s.Response = composed(&s.Stream)
		s.came = slices.Clone(s.Response)
		s.context.ResponseHeaders(&s.Stream)
	}
}

// respond brings the upstream's response.
func (w *World) respond(s *stream) {
	if s.Decision == table.Allow && !s.begun {
		s.begun = true
		s.Response = arrived(s.request.Response.Headers)
		s.came = slices.Clone(s.Response)
		if s.context.retired {
			w.host.reach("response under an old configuration")
		}
		s.context.ResponseHeaders(&s.Stream)
	}
}

func (w *World) end(s *stream) {
	s.Gone = true
	s.context.open--
}
