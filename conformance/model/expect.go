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

// Expect writes into a case what the contract says must be observed, whatever stood there before. A VM that traps is
// beyond it: no configuration and no request makes the plugin do so.
func Expect(c table.Case) table.Case {
	w := &world{c: &c, streams: map[string]*stream{}, contexts: map[string]*context{}}
	start := epoch
	if !c.Clock.IsZero() {
		start = c.Clock
	}
	w.host = &Host{Now: time.Duration(start.UnixNano()), Metrics: map[string]int64{}}
	w.answeredInCase = map[string]int{}
	w.host.Unknown = func(name string) bool { c, _ := w.cluster(name); return c.State != table.Ready }

	w.host.faulty(c.Start.Faults)
	accepted := w.configure(table.Main, c.Config)
	effects := w.effects(map[string]int64{})
	c.Start = table.Start{Accepted: accepted, Faults: c.Start.Faults, Logs: effects.Logs, Calls: effects.Calls,
		Metrics: effects.Metrics, TickEvery: effects.TickEvery}
	c.Steps = slices.Clone(c.Steps)
	if !accepted {
		c.Steps = nil
	}
	for i := range c.Steps {
		w.step(&c.Steps[i])
	}
	return c
}

// world is a case while it happens: plugin contexts, open streams, calls that wait.
type world struct {
	c              *table.Case
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
	context  *context
	request  *table.Request
	sent     []Header // the request's headers as they arrived
	came     []Header // the response's headers as they arrived
	begun    bool     // the response has
	arriving bool     // the rest of the request is still to come
}

// cluster is what a name stands for in this step, and how many answers were taken: a step's list begins again with each
// repetition, the case's serves the whole case.
func (w *world) cluster(name string) (table.Cluster, map[string]int) {
	if w.now != nil {
		for _, c := range w.now.Clusters {
			if c.Name == name && (c.Always || len(c.Answers) == 0 || w.answered[name] < len(c.Answers)) {
				return c, w.answered
			}
		}
	}
	for _, c := range w.c.Clusters {
		if c.Name == name {
			return c, w.answeredInCase
		}
	}
	return table.Cluster{}, w.answered
}

// step does one step as often as it says, and writes down what must come of it.
func (w *world) step(s *table.Step) {
	w.now = s
	before := map[string]int64{}
	for name, value := range w.host.Metrics {
		before[name] = value
	}
	earlier := w.states()
	var want table.Want
	for range max(1, s.Times) {
		w.answered = map[string]int{}
		w.host.faulty(s.Faults)
		w.host.Logs, w.host.Calls = nil, nil
		want = w.act(s)
	}
	effects := w.effects(before)
	want.Logs, want.Calls, want.Metrics, want.TickEvery = effects.Logs, effects.Calls, effects.Metrics, effects.TickEvery
	for name, state := range w.states() {
		if old, known := earlier[name]; known && name != s.Acts() && !reflect.DeepEqual(old, state) {
			want.Streams = append(want.Streams, table.StreamWant{Stream: name, Want: state})
		}
	}
	slices.SortFunc(want.Streams, func(a, b table.StreamWant) int { return strings.Compare(a.Stream, b.Stream) })
	want.MemoryBounded, want.MemoryGrowth = s.Want.MemoryBounded, s.Want.MemoryGrowth
	s.Want = want
	w.host.faulty(nil)
}

func (w *world) act(s *table.Step) (want table.Want) {
	name := s.Acts()
	open := w.streams[name]
	switch {
	case s.Request != nil:
		open = &stream{context: w.contexts[cmp.Or(s.Plugin, table.Main)], request: s.Request}
		open.Request = arrived(s.Request.Headers, oncePerRequest...)
		open.sent = asSent(s.Request.Headers)
		open.arriving = s.HeadersOnly
		open.context.open++
		if name != "" {
			w.streams[name] = open
		}
		open.context.RequestHeaders(&open.Stream)
		w.settle(open.context)
		w.progress(open)
		if name == "" {
			w.respond(open)
			defer w.end(open)
		}
	case s.Upload != "":
		open.arriving = false
	case s.Respond != "":
		w.respond(open)
	case s.Finish != "":
		open.arriving = false
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
		w.host.Now += s.Jump
	default:
		w.advance(s.Advance)
	}
	if open == nil {
		return want
	}
	return open.state()
}

// configure makes a plugin context, in the place of another of the name.
func (w *world) configure(name string, configuration []byte) bool {
	w.host.Tick = 0
	p, accepted := Configure(w.host, configuration)
	if !accepted {
		return false
	}
	if old := w.contexts[name]; old != nil {
		old.retired = true
	}
	c := &context{Plugin: p, every: w.host.Tick, due: w.passed + w.host.Tick}
	if c.every > 0 {
		w.ticks = &c.every
	}
	w.contexts[name] = c
	w.all = append(w.all, c)
	return true
}

// alive says whether a context gets any callbacks.
func (c *context) alive() bool { return !c.retired || c.open > 0 }

// settle lets calls that were just made meet the clusters that answer at once.
func (w *world) settle(c *context) {
	for len(w.calls) < w.host.Made {
		call := w.host.Calls[len(w.host.Calls)-(w.host.Made-len(w.calls))]
		waits := &waiting{Call: call, context: c, due: w.passed + time.Duration(call.TimeoutMS)*time.Millisecond}
		w.calls = append(w.calls, waits)
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
func (w *world) deliver(call *waiting, a table.Answer) {
	if call.done || !call.context.alive() {
		call.done = true
		return
	}
	call.done = true
	var headers []Header
	if a.Kind == table.Answers {
		headers = arrived(a.Headers)
	}
	held := call.context.Answer(call.Call, headers)
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
func (w *world) answer(a *table.Answered) {
	for i, call := range w.calls {
		if a.Call == i+1 || a.Call == 0 && !call.done {
			w.deliver(call, a.Answer)
			return
		}
	}
}

// advance moves the clock. Ticks and time-outs happen in the order of time; at one time, ticks first.
func (w *world) advance(d time.Duration) {
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
					w.deliver(call, table.Answer{Headers: []table.Header{{Name: ":status", Value: "504"}}})
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
func (w *world) progress(s *stream) {
	if s.Decision == table.Refuse && !s.begun {
		s.begun = true
		s.Response = composed(&s.Stream)
		s.came = slices.Clone(s.Response)
		s.context.ResponseHeaders(&s.Stream)
	}
}

// respond brings the upstream's response.
func (w *world) respond(s *stream) {
	if s.Decision == table.Allow && !s.begun {
		s.begun = true
		s.Response = arrived(s.request.Response.Headers)
		s.came = slices.Clone(s.Response)
		s.context.ResponseHeaders(&s.Stream)
	}
}

func (w *world) end(s *stream) {
	s.Gone = true
	s.context.open--
}

func (w *world) states() map[string]table.Want {
	all := map[string]table.Want{}
	for name, s := range w.streams {
		all[name] = s.state()
	}
	return all
}

// asSent is what a case takes for forwarded when it says nothing: every line of the client's, the name in lower case.
func asSent(headers []table.Header) []Header {
	sent := make([]Header, len(headers))
	for i, h := range headers {
		sent[i] = Header{lower(h.Name), h.Value}
	}
	return sent
}

// state is what has become of a stream so far.
func (s *stream) state() table.Want {
	want := table.Want{Decision: s.Decision, Reply: s.Reply}
	if s.Decision == table.Allow && !slices.Equal(s.sent, s.Request) {
		want.Forwarded = toTable(s.Request)
	}
	if s.begun && !slices.Equal(s.came, s.Response) {
		want.Response = toTable(s.Response)
	}
	return want
}

// effects are those since the step began.
func (w *world) effects(before map[string]int64) table.Want {
	want := table.Want{Logs: table.Logs{Lines: w.host.Logs}, TickEvery: w.ticks}
	for _, call := range w.host.Calls {
		want.Calls = append(want.Calls, table.Call{Cluster: call.Cluster, Headers: toTable(call.Headers), TimeoutMS: call.TimeoutMS})
	}
	for name, value := range w.host.Metrics {
		if old, known := before[name]; !known || old != value {
			want.Metrics = append(want.Metrics, table.Metric{Kind: "Counter", Name: name, Value: value})
		}
	}
	slices.SortFunc(want.Metrics, func(a, b table.Metric) int { return strings.Compare(a.Name, b.Name) })
	w.ticks, w.host.Logs, w.host.Calls = nil, nil, nil
	return want
}
