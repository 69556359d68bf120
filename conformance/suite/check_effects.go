package suite

import (
	"slices"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
)

// effects compares what the plugin did besides answering; plugin is the context that a tick period is wanted of.
func (k *checker) effects(w *table.Want, plugin string, got Effects) {
	if !w.Logs.Any {
		wanted := make([]Log, len(w.Logs.Lines))
		for i, l := range w.Logs.Lines {
			wanted[i] = Log(l)
		}
		k.equal("log lines", renderLogs(wanted), renderLogs(got.Logs))
	}
	k.equal("outgoing calls", renderCalls(callsOf(w.Calls)), renderCalls(got.Calls))
	var ticks []Tick
	if w.TickEvery != nil {
		ticks = []Tick{{plugin, *w.TickEvery}}
	}
	k.equal("tick period", renderTicks(ticks), renderTicks(got.Ticks))
}

// callsOf are calls as they leave Envoy, which adds headers of its own.
func callsOf(calls []table.Call) []Call {
	out := make([]Call, len(calls))
	for i, c := range calls {
		h := lowered(c.Headers)
		set := func(name, value string) {
			h = append(slices.DeleteFunc(h, func(h Header) bool { return h.Name == name }), Header{name, value})
		}
		if len(c.Body) > 0 {
			set("content-length", strconv.Itoa(len(c.Body)))
		}
		set("x-envoy-internal", "true")
		if c.TimeoutMS > 0 {
			set("x-envoy-expected-rq-timeout-ms", strconv.Itoa(c.TimeoutMS))
		}
		out[i] = Call{Cluster: c.Cluster, TimeoutMS: c.TimeoutMS,
			Message: Message{Headers: h, Body: string(c.Body), Trailers: lowered(c.Trailers), Ended: true}}
	}
	return out
}

func metricsOf(metrics []table.Metric) []Metric {
	out := make([]Metric, len(metrics))
	for i, m := range metrics {
		out[i] = Metric(m)
	}
	slices.SortFunc(out, func(a, b Metric) int { return strings.Compare(a.Name+"\x00"+a.Kind, b.Name+"\x00"+b.Kind) })
	return out
}
