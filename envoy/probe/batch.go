package probe

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/header-auth/header-auth/envoy/proxy"
	"github.com/header-auth/header-auth/envoy/wire"
	"github.com/header-auth/header-auth/host/headermap"
)

// Grace is how long nothing must have happened before a script whose answer is not the expected one goes on.
const Grace = 60 * time.Millisecond

// Run runs scripts side by side. want are the answers that are expected; a script that gives its own needs no waiting,
// and others are given grace. The error is a *proxy.ExitError when the Envoy has ended.
func (v *Envoy) Run(ctx context.Context, scripts []*Script, want []Answer, grace time.Duration) (_ []Answer,
	err error) {
	v.batches++
	slots := make([]*slot, len(scripts))
	listeners := v.base(filepath.Join(v.process.Dir, "base.wasm"))
	var clusters []proxy.Cluster
	defer func() {
		for _, s := range slots {
			if s != nil {
				s.close()
			}
		}
		if err == nil {
			err = v.process.SetListeners(v.base(filepath.Join(v.process.Dir, "base.wasm"))...)
		}
	}()
	for i, script := range scripts {
		s := &slot{v: v, name: fmt.Sprintf("s%d-%d", v.batches, i), script: script, want: want[i]}
		slots[i] = s
		s.plugins = build(script, s.name)
		for _, c := range append([]arrival{{}}, s.plugins.callees()...) {
			name := s.name + upstreamSuffix
			if c.call {
				name = callee(s.name, c.second)
			}
			if err := s.listen(v.process.Socket(name), c); err != nil {
				return nil, err
			}
			clusters = append(clusters, proxy.Cluster{Name: name, Socket: v.process.Socket(name)})
		}
		l := proxy.Listener{Name: s.name, Cluster: s.name + upstreamSuffix, Limit: script.Limit}
		for i, m := range s.plugins {
			name := pluginName(s.name, i)
			file := filepath.Join(v.process.Dir, name+".wasm")
			if err := os.WriteFile(file, m.Wasm, 0o600); err != nil {
				return nil, err
			}
			l.Filters = append(l.Filters, proxy.Filter{Module: file, Plugin: name, VM: name, Config: []byte("configuration"),
				FailurePolicy: script.Policy, BodyWhileHeld: script.StopIteration})
		}
		listeners = append(listeners, l)
	}
	added := len(clusters)
	clusters = append(clusters, proxy.Cluster{Name: emptyName})
	v.mu.Lock()
	for _, s := range slots {
		v.slots[s.name] = s
	}
	v.clusters = 0
	v.mu.Unlock()
	if err := v.process.SetClusters(clusters...); err != nil {
		return nil, err
	}
	if err := v.within(ctx, 30*time.Second, func() bool { return v.clusters >= added }); err != nil {
		return nil, fmt.Errorf("clusters: %w", err)
	}
	if err := v.process.SetListeners(listeners...); err != nil {
		return nil, err
	}
	err = v.within(ctx, 60*time.Second, func() bool {
		return !slices.ContainsFunc(slots, func(s *slot) bool { return v.verdicts[s.name] == "" })
	})
	if err != nil {
		return nil, fmt.Errorf("listeners: %w", err)
	}
	for _, s := range slots {
		verdict := v.verdicts[s.name]
		if s.refused = verdict != accepted; s.refused && !strings.Contains(verdict, "Wasm") {
			return nil, fmt.Errorf("listener %s: %s", s.name, verdict)
		}
	}
	if err := v.round(ctx, slots, grace, func(s *slot) *Event { return &Event{Kind: "start"} }); err != nil {
		return nil, err
	}
	for {
		advance, left := true, false
		for _, s := range slots {
			if e := s.peekEvent(); e != nil {
				left = true
				advance = advance && e.Kind == Advance
			}
		}
		if !left {
			break
		}
		err := v.round(ctx, slots, grace, func(s *slot) *Event {
			e := s.peekEvent()
			if e == nil || (e.Kind == Advance) != advance {
				return nil
			}
			return e
		})
		if err != nil {
			return answersOf(slots), err
		}
	}
	return answersOf(slots), nil
}

func answersOf(slots []*slot) []Answer {
	all := make([]Answer, len(slots))
	for i, s := range slots {
		if all[i] = s.answer; s.refused {
			all[i] = Answer{refused}
		}
	}
	return all
}

// peekEvent is the slot's next event, nil when it has come to its end.
func (s *slot) peekEvent() *Event {
	switch {
	case s.refused:
		return nil
	case s.next < len(s.script.Events):
		return &s.script.Events[s.next]
	case s.stream != nil:
		return &Event{Kind: Leave}
	}
	return nil
}

// round makes an event happen in each slot that has one now, and takes what was seen.
func (v *Envoy) round(ctx context.Context, slots []*slot, grace time.Duration, event func(*slot) *Event) error {
	var now []*slot
	events := map[*slot]*Event{}
	advance := false
	for _, s := range slots {
		if e := event(s); e != nil && !s.refused {
			events[s] = e
			now = append(now, s)
			advance = advance || e.Kind == Advance
		}
	}
	wants := make([][]string, len(now))
	for i, s := range now {
		wants[i] = s.expected(events[s].String())
		if events[s].Kind != "start" {
			s.next++
		}
	}
	for _, s := range now {
		if err := s.happen(events[s]); err != nil {
			return v.gone(err)
		}
	}
	asExpected := func() bool {
		for i, s := range now {
			if wants[i] == nil || !slices.Equal(s.peek(), wants[i]) {
				return false
			}
		}
		return true
	}
	var err error
	for range 2 {
		if advance && err == nil {
			v.clock.Advance(time.Second / 2)
			err = v.mark(ctx) // the worker looks at the clock when it wakes, and the marker wakes it
		}
	}
	if err == nil {
		err = v.settle(ctx, grace, asExpected)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, s := range now {
		s.take(events[s].String())
	}
	return err
}

// expected are the lines that the slot should show for the event, nil when the expected answer has none left.
func (s *slot) expected(event string) []string {
	if s.shown >= len(s.want) || s.want[s.shown] != "> "+event {
		s.shown = len(s.want)
		return nil
	}
	s.shown++
	lines := []string{}
	for s.shown < len(s.want) && (len(s.want[s.shown]) < 2 || s.want[s.shown][:2] != "> ") {
		lines = append(lines, s.want[s.shown])
		s.shown++
	}
	return lines
}

// happen makes an event happen. One that has no place, such as a body after the end, is ignored.
func (s *slot) happen(e *Event) error {
	s.v.mu.Lock()
	st := s.stream
	var up *arrival
	if st != nil && len(st.arrived) > 0 {
		up = st.arrived[0]
	}
	s.v.mu.Unlock()
	switch e.Kind {
	case Request:
		if st != nil {
			return nil
		}
		return s.open(e)
	case CallAnswer:
		s.answerCall(e)
	case GrpcMetadata, GrpcMessage, GrpcEnd:
		s.answerGrpc(e)
	case Advance, "start":
	default:
		if st == nil {
			return nil
		}
		st.happen(e, up)
	}
	return nil
}

// open begins a request.
func (s *slot) open(e *Event) (err error) {
	st := &stream{slot: s, client: side{http1: s.script.HTTP1}, sent: e.End}
	s.v.mu.Lock()
	s.stream, s.leaving = st, false
	s.v.mu.Unlock()
	if s.script.HTTP1 {
		st.conn, err = wire.DialHTTP1(s.v.process.Socket(s.name))
	} else {
		st.conn, err = wire.Dial(s.v.process.Socket(s.name))
	}
	if err != nil {
		return err
	}
	if err := st.conn.Headers(1, e.requestHeaders(), e.End); err != nil {
		return err
	}
	go st.conn.Read(st)
	return nil
}

func (st *stream) happen(e *Event, up *arrival) {
	switch {
	case e.Kind == RequestBody && !st.sent:
		st.sent = e.End
		_ = st.conn.Data(1, []byte(e.Args[0].Text), e.End)
	case e.Kind == RequestTrailers && !st.sent:
		st.sent = true
		_ = st.conn.Headers(1, e.more(0), true)
	case e.Kind == Leave:
		st.slot.v.mu.Lock()
		st.slot.leaving = true
		st.slot.v.mu.Unlock()
		_ = st.conn.Reset(1)
	}
	if up == nil || !up.headers {
		return
	}
	switch {
	case up.whole:
		return
	case e.Kind == Response && !up.answered:
		up.answered = true
		_ = up.conn.Headers(up.id, e.responseHeaders(), e.End)
	case e.Kind == ResponseBody && up.answered:
		if st.client.http1 && e.End && e.Args[0].Text != "" { // as an upstream of HTTP/1.1 would
			_ = up.conn.Data(up.id, []byte(e.Args[0].Text), false)
			e = &Event{Kind: ResponseBody, Args: []Arg{text("")}, End: true}
		}
		_ = up.conn.Data(up.id, []byte(e.Args[0].Text), e.End)
	case e.Kind == ResponseTrailers && up.answered:
		_ = up.conn.Headers(up.id, e.more(0), true)
	default:
		return
	}
	up.whole = e.End || e.Kind == ResponseTrailers
}

// oldest is the oldest HTTP call, or gRPC call, that waits; nil when none does.
func (s *slot) oldest(grpc bool) *arrival {
	s.v.mu.Lock()
	defer s.v.mu.Unlock()
	for _, a := range s.ordered() {
		if a.headers && a.grpc == grpc && !a.broken && !a.whole {
			return a
		}
	}
	return nil
}

// ordered are the calls: HTTP before gRPC, those of the first plugin before those of the second, then as
// they came. The lock is held.
func (s *slot) ordered() []*arrival {
	place := func(a *arrival) int {
		n := 0
		if a.second {
			n = 1
		}
		if a.grpc {
			n += 2
		}
		return n
	}
	all := slices.Clone(s.calls)
	slices.SortStableFunc(all, func(a, b *arrival) int { return place(a) - place(b) })
	return all
}

// answerCall answers the oldest call that waits.
func (s *slot) answerCall(e *Event) {
	a := s.oldest(false)
	if a == nil {
		return
	}
	a.whole = true
	status, body, more := e.answer()
	_ = a.conn.Headers(a.id, append(headermap.Of(":status", status), more...), body == "")
	if body != "" {
		_ = a.conn.Data(a.id, []byte(body), true)
	}
}

// answerGrpc is one part of the answer to the oldest gRPC call that waits. It begins with
// headers, whatever the part is.
func (s *slot) answerGrpc(e *Event) {
	a := s.oldest(true)
	if a == nil {
		return
	}
	var more []headermap.Header
	if e.Kind == GrpcMetadata {
		more = e.more(0)
	}
	if !a.answered {
		a.answered = true
		_ = a.conn.Headers(a.id, append(grpcHeaders(), more...), false)
	}
	switch e.Kind {
	case GrpcMessage:
		_ = a.conn.Data(a.id, grpcFrame([]byte(e.Args[0].Text)), false)
	case GrpcEnd:
		a.whole = true
		_ = a.conn.Headers(a.id, e.grpcTrailers(), true)
	}
}

// peek is what was seen since the last event. The lock is held.
func (s *slot) peek() []string {
	lines := s.lines(s.logged)
	for _, c := range s.ordered() {
		lines = append(lines, c.side.peek("call")...)
	}
	if s.stream != nil {
		lines = append(lines, s.stream.upstream.peek("upstream")...)
		lines = append(lines, s.stream.client.peek("client")...)
	}
	return lines
}

// take adds what was seen in an event. The lock is held.
func (s *slot) take(event string) {
	s.answer = append(append(s.answer, "> "+event), s.peek()...)
	s.logged = nil
	for _, c := range s.calls {
		c.side.take("")
	}
	if st := s.stream; st != nil {
		st.upstream.take("")
		st.client.take("")
		if st.ended || s.leaving {
			_ = st.conn.Close()
			s.stream = nil
		}
	}
}

func (s *slot) close() {
	for _, l := range s.listeners {
		_ = l.Close()
	}
	if s.stream != nil && s.stream.conn != nil {
		_ = s.stream.conn.Close()
	}
	s.v.mu.Lock()
	defer s.v.mu.Unlock()
	delete(s.v.slots, s.name)
}
