package probe

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/profile"
)

// ours is a script on package host.
type ours struct {
	script *Script
	module *Module
	answer Answer

	vm     *host.VM
	plugin *host.Plugin
	stream *host.Stream
	logged []string

	seen  [2]progress // of the upstream and of the client
	calls int         // that were shown
	waits []*host.Call
}

// progress is how much of a message was shown.
type progress struct {
	headers, trailers, body int
	copies                  int // that have begun beside it
	ended, reset            bool
}

var policies = map[string]host.FailurePolicy{"": host.FailClosed, "fail_closed": host.FailClosed, "fail_open": host.FailOpen,
	"fail_reload": host.FailReload, "legacy_fail_open": host.LegacyFailOpen}

// refused is the answer of a script whose plugin is not taken.
const refused = "refused"

// Ours runs a script on package host.
func Ours(ctx context.Context, s *Script, p profile.Profile) (Answer, error) {
	m := Build(s, calleeName)
	compiled, err := host.Compile(ctx, m.Wasm, host.Options{Profile: p, Interpreter: true})
	var fault *load.Error
	if errors.As(err, &fault) {
		return Answer{refused}, nil
	} else if err != nil {
		return nil, err
	}
	defer compiled.Close(ctx)
	o := &ours{script: s, module: m}
	o.vm, err = compiled.NewVM(ctx, host.VMConfig{ID: "probe", LogLevel: abi.LogInfo, Clock: host.NewManualClock(time.Unix(1_700_000_000, 0)),
		Log: func(l host.LogLine) { o.logged = append(o.logged, l.Text) },
		Clusters: func(name string) host.ClusterState {
			switch name {
			case calleeName:
				return host.ClusterReady
			case emptyName:
				return host.ClusterEmpty
			}
			return host.ClusterUnknown
		}})
	if err != nil {
		return Answer{refused}, nil
	}
	defer o.vm.Close(ctx)
	o.plugin, err = o.vm.NewPlugin(ctx, host.PluginConfig{Name: "probe", Configuration: []byte("configuration"),
		FailurePolicy: policies[s.Policy], AllowOnHeadersStopIteration: s.StopIteration, BufferLimit: s.Limit})
	if err != nil {
		if f := o.vm.Failure(); f != nil && f.Kind == host.WouldCrashEnvoy {
			return Answer{"> start", Crash}, nil
		}
		return Answer{refused}, nil
	}
	o.take("start")
	for _, e := range s.Events {
		if o.event(e); o.crashed() {
			return append(o.answer, Crash), nil
		}
	}
	if o.stream != nil {
		if o.event(Event{Kind: Leave}); o.crashed() {
			return append(o.answer, Crash), nil
		}
	}
	return o.answer, nil
}

// emptyName is a cluster without a host.
const emptyName = "empty"

func (o *ours) crashed() bool {
	f := o.vm.Failure()
	return f != nil && f.Kind == host.WouldCrashEnvoy
}

func (o *ours) event(e Event) {
	s := o.stream
	switch {
	case e.Kind == Request && s == nil:
		protocol := host.HTTP2
		if o.script.HTTP1 {
			protocol = host.HTTP1
		}
		o.stream = o.plugin.NewStream(host.StreamConfig{Protocol: protocol})
		o.seen = [2]progress{}
		o.stream.RequestHeaders(e.requestHeaders(), e.End)
	case e.Kind == Advance:
		_ = o.vm.Advance(time.Second)
	case e.Kind == CallAnswer:
		if len(o.waits) > 0 {
			c := o.waits[0]
			o.waits = o.waits[1:]
			status, body, more := e.answer()
			_ = o.vm.Answer(c.Token, host.CallAnswer{
				Headers: append(headermap.Of(":status", status), more...), Body: []byte(body)})
		}
	case s == nil:
	case e.Kind == RequestBody:
		s.RequestBody([]byte(e.Args[0].Text), e.End)
	case e.Kind == RequestTrailers:
		s.RequestTrailers(e.more(0))
	case e.Kind == Response:
		s.ResponseHeaders(e.responseHeaders(), e.End)
	case e.Kind == ResponseBody:
		s.ResponseBody([]byte(e.Args[0].Text), e.End)
	case e.Kind == ResponseTrailers:
		s.ResponseTrailers(e.more(0))
	case e.Kind == Leave:
		s.Close()
	}
	if s := o.stream; s != nil && (s.Downstream().Ended || s.Downstream().Reset) {
		s.Close()
	}
	o.take(e.String())
	if s := o.stream; s != nil && (s.Downstream().Ended || s.Downstream().Reset) {
		o.stream = nil
	}
}

// answer is the status, the body and more headers of an answer to a call.
func (e Event) answer() (status, body string, more []headermap.Header) {
	return e.Args[0].Text, e.Args[1].Text, e.more(2)
}

// take adds what was seen in an event.
func (o *ours) take(event string) {
	o.answer = append(o.answer, "> "+event)
	o.answer = append(o.answer, o.module.Lines(o.logged)...)
	o.logged = nil
	for _, c := range o.vm.Calls()[o.calls:] {
		// One that was answered before it left has reached no service.
		if !c.Done {
			var to side
			to.headers(withoutScheme(c.Headers))
			to.data(c.Body)
			o.answer = append(o.answer, to.take("call")...)
			o.waits = append(o.waits, c)
		}
		o.calls++
	}
	o.waits = waiting(o.waits)
	if o.stream == nil {
		return
	}
	for i, m := range []*host.Message{o.stream.Upstream(), o.stream.Downstream()} {
		to := side{http1: i == 1 && o.script.HTTP1}
		down := o.stream.Downstream()
		gone := i == 0 && (m.Reset || o.stream.Replied() || down.HeadersSent || down.Reset)
		o.seen[i].show(m, &to, gone, event == Leave && i == 1, i == 0 && down.Reset)
		o.answer = append(o.answer, to.take([]string{"upstream", "client"}[i])...)
	}
}

func waiting(calls []*host.Call) (still []*host.Call) {
	for _, c := range calls {
		if !c.Done {
			still = append(still, c)
		}
	}
	return still
}

// withoutScheme leaves out what Envoy adds to a call for HTTP/2.
func withoutScheme(h []headermap.Header) []headermap.Header {
	return slices.DeleteFunc(slices.Clone(h), func(e headermap.Header) bool { return e.Name == ":scheme" })
}

// show tells what has been added to a message since the last time. gone says that the exchange has
// another end than the upstream's; left says that the client has gone itself, and so
// does not see the end; closed that the exchange was broken off.
func (p *progress) show(m *host.Message, to *side, gone, left, closed bool) {
	if gone && p.headers == 0 && m.HeadersSent {
		// Given up before a connection was there: the upstream has seen nothing of it.
		p.headers, p.reset = 1+len(m.Repeated), true
		return
	}
	for ; m.HeadersSent && p.headers < 1+len(m.Repeated); p.headers++ {
		to.headers(m.Headers())
		if p.headers < len(m.Repeated) && m.Repeated[p.headers] || m.Ended && len(m.Repeated) > 0 && len(m.Body()) == 0 {
			to.end()
			p.ended = true
		} else if p.headers > 0 {
			p.copies++ // that do not end
		}
	}
	body := m.Body()
	to.data(body[p.body:])
	p.body = len(body)
	if t := m.Trailers(); len(t) > 0 && p.trailers == 0 {
		p.trailers = 1
		to.trailers(t)
	}
	switch {
	case p.ended || p.reset:
	case m.Ended:
		p.ended = true
		to.end()
	case m.Reset:
		p.reset = true
		if !left {
			to.reset()
		}
	}
	if closed {
		for ; p.copies > 0; p.copies-- {
			to.reset()
		}
	}
}
