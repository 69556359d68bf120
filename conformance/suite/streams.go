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
	name     string
	period   time.Duration // of ticks, as it was seen last
	open     int           // streams
	replaced bool
}

// stream is a stream of the case that is open.
type stream struct {
	*host.Stream
	name      string
	plugin    *plugin
	exchanger *Exchanger
	uploaded  bool
	responded bool
	last      Exchange
	digest    uint64 // of what it showed last; of a Cycle
}

func policyOf(name string) host.FailurePolicy {
	for _, p := range []host.FailurePolicy{host.FailOpen, host.FailReload, host.LegacyFailOpen} {
		if p.String() == name {
			return p
		}
	}
	return host.FailClosed
}

// configure makes a plugin context. One that had the name takes no more streams and ends with the last it has.
func (r *run) configure(ctx context.Context, name string, config []byte) error {
	p, err := r.vm.NewPlugin(ctx, host.PluginConfig{Name: name, Configuration: config, FailurePolicy: r.policy,
		AllowOnHeadersStopIteration: r.bodyWhileHeld})
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

// retire ends a plugin context that nobody needs any more.
func (p *plugin) retire() {
	if p.replaced && p.open == 0 {
		_ = p.Close() // the VM's failure, which is looked for anyway
	}
}

// moved is what a step did, before anything of it is taken down.
type moved struct {
	stream  *stream // the step is about; nil: none
	over    bool    // the stream has ended
	refused bool    // an update was
	problem string  // why the step could not be done
}

// move does a step.
func (r *run) move(ctx context.Context, s *table.Step, e *Exchanger) (m moved) {
	switch {
	case s.Request != nil:
		return r.request(s, e)
	case s.Exchanges():
		return r.carryOn(s)
	case s.Answer != nil:
		m.problem = r.answer(s.Answer)
	case s.Configure != nil:
		m.refused = r.configure(ctx, cmp.Or(s.Configure.Plugin, table.Main), s.Configure.Config) != nil
	case s.Jump != 0:
		_ = r.vm.Jump(s.Jump)
	default:
		_ = r.vm.Advance(s.Advance) // the VM's failure, which is looked for anyway
	}
	return m
}

// takeDown is all that can be seen of the stream that a step moved, and of the step itself.
func (m *moved) takeDown() (e Exchange) {
	if m.stream != nil {
		e = m.stream.look()
	}
	e.Refused, e.Problem = m.refused, m.problem
	return e
}

// release lets a stream that has ended go, once it was taken down.
func (m *moved) release() {
	if m.over {
		m.stream.Release()
	}
}

// exchange is a whole one, without a name.
func (r *run) exchange(p *plugin, e *Exchanger) Exchange {
	m := r.whole(p, e)
	defer m.release()
	return m.takeDown()
}

func (r *run) whole(p *plugin, e *Exchanger) moved {
	// Raw: the table speaks to the plugin, not to Envoy's codecs, which would keep some hostile requests from it.
	r.nameless = stream{Stream: p.NewStream(host.StreamConfig{Raw: true}), plugin: p, exchanger: e, uploaded: true}
	e.Drive(r.nameless.Stream)
	return moved{stream: &r.nameless, over: true}
}

func (r *run) request(step *table.Step, e *Exchanger) moved {
	p := r.plugins[0]
	if step.Plugin != "" {
		at := slices.IndexFunc(r.plugins, func(p *plugin) bool { return p.name == step.Plugin })
		if at < 0 {
			return moved{problem: "the plugin context was refused"}
		}
		p = r.plugins[at]
	}
	if step.Stream == "" {
		return r.whole(p, e)
	}
	p.open++
	s := &stream{Stream: p.NewStream(host.StreamConfig{Raw: true}), name: step.Stream, plugin: p, exchanger: e}
	r.streams = append(r.streams, s)
	e.headers(s.Stream)
	if !step.HeadersOnly {
		s.upload()
	}
	return moved{stream: s}
}

// carryOn does what a step says to a stream that is open.
func (r *run) carryOn(step *table.Step) moved {
	at := slices.IndexFunc(r.streams, func(s *stream) bool { return s.name == step.Acts() })
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
		m.stream.plugin.open--
		m.stream.plugin.retire()
	}
	return m
}

func (s *stream) upload() {
	if !s.uploaded {
		s.uploaded = true
		s.exchanger.upload(s.Stream)
	}
}

func (s *stream) respond() {
	if !s.responded {
		s.responded = true
		s.exchanger.respond(s.Stream)
	}
}

// look takes down how a stream is now.
func (s *stream) look() Exchange {
	s.last = snapshot(s.Stream, s.uploaded)
	return s.last
}

// others are the open streams that changed, but for one.
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

// answer answers a call that waits; it says why it could not.
func (r *run) answer(a *table.Answered) string {
	for i, c := range r.vm.Calls() {
		switch {
		case a.Call == i+1 && c.Done:
			return "the call is done already"
		case a.Call == i+1, a.Call == 0 && !c.Done:
			_ = r.vm.Answer(c.Token, callAnswer(&a.Answer)) // the VM's failure, which is looked for anyway
			return ""
		}
	}
	return "no such call waits"
}
