package suite

import (
	"slices"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// once compares one repetition of a step.
func (k *checker) once(s *table.Step, got *Exchange) {
	k.equal("step", "done", done(got.Problem))
	if s.Exchanges() {
		k.exchange(k.streams.Advance(s), &s.Want, got)
	}
	k.others(s, got)
	plugin := s.Plugin
	if s.Configure != nil {
		plugin = s.Configure.Plugin
		k.equal("verdict", verdict(!s.Want.Refused), verdict(!got.Refused))
	}
	if plugin == "" {
		plugin = table.Main
	}
	k.equal("virtual machine", wantedEnd(s.Want.Trap), endOf(got.Failure))
	k.effects(&s.Want, plugin, got.Effects)
}

func done(problem string) string {
	if problem == "" {
		return "done"
	}
	return problem
}

// wantedEnd is how the VM must end, as text; endOf is how it ended.
func wantedEnd(in string) string {
	if in == "" {
		return "lives"
	}
	return host.Trapped.String() + " in " + in
}

func endOf(f *Failure) string {
	if f == nil {
		return "lives"
	}
	return f.Kind + " in " + f.In
}

// others compares the open streams that changed, although the step is about another one or none.
func (k *checker) others(s *table.Step, got *Exchange) {
	prefix := k.prefix
	defer func() { k.prefix = prefix }()
	for _, o := range got.Others {
		k.prefix = prefix + "stream " + o.Stream + ": "
		i := slices.IndexFunc(s.Want.Streams, func(w table.StreamWant) bool { return w.Stream == o.Stream })
		p := k.streams[o.Stream]
		if i < 0 || p == nil {
			k.equal("state", "unchanged", "changed to "+o.Decision)
			continue
		}
		now := *p
		now.Opening = false
		k.exchange(&now, &s.Want.Streams[i].Want, &o.Exchange)
	}
	for _, w := range s.Want.Streams {
		if !slices.ContainsFunc(got.Others, func(o Other) bool { return o.Stream == w.Stream }) {
			k.prefix = prefix + "stream " + w.Stream + ": "
			k.equal("state", "changed to "+string(w.Decision), "unchanged")
		}
	}
}

func (k *checker) exchange(p *Progress, w *table.Want, got *Exchange) {
	k.equal("decision", string(w.Decision), got.Decision)
	switch {
	case w.Action != "":
		k.equal("on_request_headers returned", w.Action, got.RequestAction)
	case k.anyAction || w.Decision == table.Replace:
	case p.Opening && w.Decision != table.Fail && (w.Decision != table.Allow || len(w.Calls) == 0):
		wanted := actionPause
		if w.Decision == table.Allow {
			wanted = actionContinue
		}
		k.equal("on_request_headers returned", wanted, got.RequestAction)
	}
	if w.ResponseAction != "" {
		k.equal("on_response_headers returned", w.ResponseAction, got.ResponseAction)
	}
	switch w.Decision {
	case table.Replace:
		k.reply(w, got)
		k.forwarded(p, w, got)
		k.refused(p, w, got)
	case table.Allow:
		k.equal("local reply", "", renderReply(got.Reply))
		k.forwarded(p, w, got)
		k.answered(p, w, got)
	case table.Refuse:
		k.reply(w, got)
		k.equal("forwarded headers", "", renderHeaders(got.Upstream.Headers))
		k.refused(p, w, got)
	case table.Fail:
		k.equal("local reply", "", renderReply(got.Reply))
		k.equal("forwarded headers", "", renderHeaders(got.Upstream.Headers))
		k.failed(p, got)
	default:
		k.equal("local reply", "", renderReply(got.Reply))
		k.equal("forwarded headers", "", renderHeaders(got.Upstream.Headers))
		k.equal("client headers", "", renderHeaders(got.Client.Headers))
	}
}
