package suite

import (
	"slices"
	"strconv"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// effects compares what the plugin did besides answering; plugin is the context whose tick period is wanted.
func (k *checker) effects(w *table.Want, plugin string, got Effects) {
	if !w.Logs.Any {
		k.equal("log lines", renderLogs(w.Logs.Lines), renderLogs(got.Logs))
	}
	k.equal("outgoing calls", renderCalls(asSent(w.Calls)), renderCalls(got.Calls))
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
		set := func(name, value string) {
			h = slices.DeleteFunc(h, func(h headermap.Header) bool { return h.Name == name })
			h = append(h, headermap.Header{Name: name, Value: value})
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
