package suite

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// plugin is a plugin context under its name.
type plugin struct {
	*host.Plugin
	name        string
	period      time.Duration // of ticks, when it was last looked at
	openStreams int
	replaced    bool
}

// stream is an open stream of the case.
type stream struct {
	*host.Stream
	chain     *host.Chain // nil: no plugin is around it
	name      string
	plugin    *plugin
	request   *table.Request
	uploaded  bool
	responded bool
	last      Exchange // when it was last looked at
	digest    uint64   // of what could last be seen of it; for a Cycle
}

func policyOf(name string) host.FailurePolicy {
	for _, p := range []host.FailurePolicy{host.FailOpen, host.FailReload, host.LegacyFailOpen} {
		if p.String() == name {
			return p
		}
	}
	return host.FailClosed
}

// configure makes a plugin context. An older one with the same name gets no new streams, and ends with its last stream.
func (r *run) configure(ctx context.Context, c *table.Configure) error {
	name := cmp.Or(c.Plugin, table.Main)
	known := name // to the plugin
	if name == table.Main {
		known = cmp.Or(r.world.Plugin, name)
	}
	p, err := r.vm.NewPlugin(ctx, host.PluginConfig{Name: known, RootID: cmp.Or(c.RootID, r.world.RootID),
		Configuration: c.Config, FailurePolicy: r.policy, AllowOnHeadersStopIteration: r.bodyWhileHeld,
		Properties: r.world.Properties})
	if err != nil {
		return err
	}
	made := &plugin{Plugin: p, name: name}
	for i, old := range r.plugins {
		if old.name == name {
			r.plugins[i], old.replaced = made, true
			old.retire()
			return nil
		}
	}
	r.plugins = append(r.plugins, made)
	return nil
}

// retire ends a plugin context that was replaced and has no open stream.
func (p *plugin) retire() {
	if p.replaced && p.openStreams == 0 {
		_ = p.Close() // a failure of the VM is looked for later
	}
}

// moved is what a step did, before it is recorded.
type moved struct {
	stream  *stream // of the step; nil: none
	over    bool    // the stream has ended
	refused bool    // on_configure refused an update
	problem string  // why the step could not be done
}

// move does a step.
func (r *run) move(ctx context.Context, s *table.Step) (m moved) {
	switch {
	case s.Request != nil:
		m = r.request(s)
	case s.Exchanges():
		m = r.carryOn(s)
	case s.Answer != nil && s.Answer.GRPC:
		m.problem = r.answerGRPC(s.Answer)
	case s.Answer != nil:
		m.problem = r.answer(s.Answer)
	case s.Configure != nil:
		m.refused = r.configure(ctx, s.Configure) != nil
	default:
		r.advance(s)
	}
	r.deliver()
	return m
}

// record is all that can be seen of the step's stream, and of the step itself.
func (m *moved) record() (e Exchange) {
	if m.stream != nil {
		e = m.stream.look()
	}
	e.Refused, e.Problem = m.refused, m.problem
	return e
}

// release gives a stream that has ended back to the host, after it was recorded.
func (m *moved) release() {
	if m.over {
		m.stream.Release()
	}
}

// exchange is a whole one, without a name.
func (r *run) exchange(p *plugin, request *table.Request) Exchange {
	m := r.whole(p, request)
	defer m.release()
	return m.record()
}

func (r *run) whole(p *plugin, request *table.Request) moved {
	r.nameless = r.newStream(p, request)
	r.nameless.uploaded = true
	Drive(r.nameless.Stream, request)
	return moved{stream: &r.nameless, over: true}
}

func (r *run) request(step *table.Step) moved {
	p := r.plugins[0]
	if step.Plugin != "" {
		at := slices.IndexFunc(r.plugins, func(p *plugin) bool { return p.name == step.Plugin })
		if at < 0 {
			return moved{problem: "the plugin context was refused"}
		}
		p = r.plugins[at]
	}
	if step.Stream == "" {
		return r.whole(p, step.Request)
	}
	p.openStreams++
	begun := r.newStream(p, step.Request)
	s := &begun
	s.name = step.Stream
	r.streams = append(r.streams, s)
	sendHeaders(s.Stream, s.request)
	if !step.HeadersOnly {
		s.upload()
	}
	return moved{stream: s}
}

// carryOn does a step of a stream that is open.
func (r *run) carryOn(step *table.Step) moved {
	at := slices.IndexFunc(r.streams, func(s *stream) bool { return s.name == step.StreamName() })
	if at < 0 {
		return moved{problem: "the stream was never opened"}
	}
	m := moved{stream: r.streams[at], over: step.Finish != "" || step.Close != ""}
	switch {
	case step.Upload != "":
		m.stream.upload()
	case step.Respond != "":
		m.stream.respond()
	case step.Finish != "":
		m.stream.upload()
		m.stream.respond()
	}
	if m.over {
		m.stream.Close()
		r.streams = slices.Delete(r.streams, at, at+1)
		m.stream.plugin.openStreams--
		m.stream.plugin.retire()
	}
	return m
}

func (s *stream) upload() {
	if !s.uploaded {
		s.uploaded = true
		sendRest(s.Stream, s.request)
	}
}

func (s *stream) respond() {
	if !s.responded {
		s.responded = true
		respond(s.Stream, &s.request.Response)
	}
}

// look records how a stream is now.
func (s *stream) look() Exchange {
	s.last = snapshot(s.Stream, s.uploaded)
	return s.last
}

// others are the open streams that changed, except one.
func (r *run) others(but string) []Other {
	var changed []Other
	for _, s := range r.streams {
		before := s.last
		if s.name != but && !reflect.DeepEqual(before, s.look()) {
			changed = append(changed, Other{s.name, s.last})
		}
	}
	return changed
}

// answer answers a call that waits. It returns why it could not, "" if it could.
func (r *run) answer(a *table.Answered) string {
	for i, c := range r.vm.Calls() {
		switch {
		case a.Call == i+1 && c.Done:
			return "the call is done already"
		case a.Call == i+1, a.Call == 0 && !c.Done:
			_ = r.vm.Answer(c.Token, callAnswer(&a.Answer)) // a failure of the VM is looked for later
			return ""
		}
	}
	return "no such call waits"
}
