package suite

import (
	"slices"
	"strconv"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// effects compares what the plugin did besides answering; plugin is the context whose tick period is wanted.
func (k *checker) effects(w *table.Want, plugin string, got Effects) {
	k.logs(&w.Logs, got.Logs)
	if !w.AnyCalls {
		k.equal("outgoing calls", renderCalls(resolvedCalls(asSent(w.Calls), got.Calls)), renderCalls(got.Calls))
	}
	if !w.AnyGRPC {
		k.equal("gRPC calls", renderGRPC(resolvedGRPC(w.GRPC, got.GRPC)), renderGRPC(got.GRPC))
	}
	if !w.AnyEffects {
		k.equal("effects", renderEffects(resolvedEffects(w.Effects, got.Other)), renderEffects(got.Other))
	}
	var ticks []Tick
	if w.TickEvery != nil {
		ticks = []Tick{{plugin, *w.TickEvery}}
	}
	k.equal("tick period", renderTicks(ticks), renderTicks(got.Ticks))
}

// asSent are calls as they leave Envoy, which adds headers of its own.
func asSent(calls []table.Call) []table.Call {
	out := make([]table.Call, len(calls))
	for i, c := range calls {
		h := lowered(c.Headers)
		partial := c.Partial != nil && c.Partial.Headers != nil // of these the case says how they leave Envoy
		set := func(name, value string) {
			h = slices.DeleteFunc(h, func(h headermap.Header) bool { return h.Name == name })
			h = append(h, headermap.Header{Name: name, Value: value})
		}
		if partial {
			set = func(string, string) {}
		}
		if len(c.Body) > 0 {
			set("content-length", strconv.Itoa(len(c.Body)))
		}
		set("x-envoy-internal", "true")
		if c.TimeoutMS > 0 {
			set("x-envoy-expected-rq-timeout-ms", strconv.Itoa(c.TimeoutMS))
		}
		c.Headers, c.Trailers = h, lowered(c.Trailers)
		out[i] = c
	}
	return out
}

// logs compares the lines that were written.
func (k *checker) logs(w *table.Logs, got []table.Log) {
	switch p := w.Partial; {
	case w.Any:
	case p == nil:
		k.equal("log lines", renderLogs(w.Lines), renderLogs(got))
	case p.List != nil:
		k.equal("log lines", renderLogs(resolvedLogs(p.List, got)), renderLogs(got))
	default:
		for _, line := range p.Has {
			if !slices.ContainsFunc(got, line.Match) {
				k.differ("log lines", "a line "+renderWantedLog(line), orNone(renderLogs(got)))
			}
		}
		for _, line := range p.Lacks {
			if at := slices.IndexFunc(got, line.Match); at >= 0 {
				k.differ("log lines", "no line "+renderWantedLog(line), renderLogs(got[at:at+1]))
			}
		}
	}
}

// resolvedLogs are the wanted lines, with each pattern replaced by the line in its place if it matches.
func resolvedLogs(wanted []table.WantedLog, got []table.Log) []table.Log {
	all := make([]table.Log, len(wanted))
	for i, w := range wanted {
		switch {
		case i < len(got) && w.Match(got[i]):
			all[i] = got[i]
		case w.Text.Form == table.Exactly:
			all[i] = table.Log{Level: w.Level, Text: w.Text.Text}
		default:
			all[i] = table.Log{Level: w.Level, Text: w.Text.String()}
		}
	}
	return all
}

// resolvedEffects are the wanted effects, with each pattern replaced by the value in its place if it matches.
func resolvedEffects(wanted []table.WantedEffect, got []table.Effect) []table.Effect {
	all := make([]table.Effect, len(wanted))
	for i, w := range wanted {
		value := w.Value.Text
		if i < len(got) {
			value = resolvedValue(w.Value, got[i].Value)
		} else if w.Value.Form != table.Exactly {
			value = w.Value.String()
		}
		all[i] = table.Effect{Kind: w.Kind, Name: w.Name, Value: value}
	}
	return all
}

// resolvedCalls are the wanted calls, with each part that is a pattern replaced by the observed one if it matches.
func resolvedCalls(wanted, got []table.Call) []table.Call {
	for i := range min(len(wanted), len(got)) {
		w, g := &wanted[i], &got[i]
		p := w.Partial
		if p == nil {
			continue
		}
		if p.Cluster != nil {
			w.Cluster = resolvedValue(*p.Cluster, g.Cluster)
		}
		if p.Body != nil {
			w.Body = []byte(resolvedValue(*p.Body, string(g.Body)))
		}
		if p.AnyTimeout {
			w.TimeoutMS = g.TimeoutMS
		}
		if p.Headers != nil {
			w.Headers = observedOr("(headers)", p.Headers, g.Headers)
		}
	}
	return wanted
}

// resolvedValue is the value if it matches, else the pattern as a text.
func resolvedValue(p table.Pattern, got string) string {
	switch {
	case p.Match(got):
		return got
	case p.Form == table.Exactly:
		return p.Text
	}
	return p.String()
}

// observedOr are the observed headers if they match, else what was wanted first, under a name that no header has.
func observedOr(name string, wanted *table.Headers, got []headermap.Header) []headermap.Header {
	k := &checker{}
	if k.headersAre("", wanted, nil, got); len(k.found) > 0 {
		return []headermap.Header{{Name: name, Value: k.found[0].Wanted}}
	}
	return got
}
