package suite

import (
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

// exchange is a whole one, without a name.
func (r *run) exchange(p *plugin, e *Exchanger) Exchange {
	// Raw: the table speaks to the plugin, not to Envoy's codecs, which would keep some hostile requests from it.
	s := p.NewStream(host.StreamConfig{Raw: true})
	e.Drive(s)
	seen := snapshot(s, true)
	s.Release()
	return seen
}

// act does a step that is about a stream.
func (r *run) act(step *table.Step, e *Exchanger) Exchange {
	if step.Request != nil {
		return r.request(step, e)
	}
	at := slices.IndexFunc(r.streams, func(s *stream) bool { return s.name == step.Acts() })
	if at < 0 {
		return Exchange{Problem: "the stream was never opened"}
	}
	s := r.streams[at]
	switch {
	case step.Upload != "":
		s.upload()
	case step.Respond != "":
		s.respond()
	case step.Finish != "":
		s.upload()
		s.respond()
	}
	if step.Finish != "" || step.Close != "" {
		s.Close()
		r.streams = slices.Delete(r.streams, at, at+1)
		s.plugin.open--
		s.plugin.retire()
	}
	return s.look()
}

func (r *run) request(step *table.Step, e *Exchanger) Exchange {
	p := r.plugins[0]
	if step.Plugin != "" {
		at := slices.IndexFunc(r.plugins, func(p *plugin) bool { return p.name == step.Plugin })
		if at < 0 {
			return Exchange{Problem: "the plugin context was refused"}
		}
		p = r.plugins[at]
	}
	if step.Stream == "" {
		return r.exchange(p, e)
	}
	p.open++
	s := &stream{Stream: p.NewStream(host.StreamConfig{Raw: true}), name: step.Stream, plugin: p, exchanger: e}
	r.streams = append(r.streams, s)
	e.headers(s.Stream)
	if !step.HeadersOnly {
		s.upload()
	}
	return s.look()
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
