package model

import (
	"slices"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

func (w *World) states() map[string]table.Want {
	all := map[string]table.Want{}
	for name, s := range w.streams {
		all[name] = s.state()
	}
	return all
}

// asSent is what a case wants forwarded if it does not say: all headers of the client, with names in lower case.
func asSent(headers []headermap.Header) []headermap.Header {
	sent := make([]headermap.Header, len(headers))
	for i, h := range headers {
		sent[i] = headermap.Header{Name: lower(h.Name), Value: h.Value}
	}
	return sent
}

// state is what can be observed of a stream so far.
func (s *stream) state() table.Want {
	want := table.Want{Decision: s.decision, Reply: s.reply}
	if s.decision == table.Allow && !slices.Equal(s.sent, s.requestHeaders) {
		want.Forwarded = s.requestHeaders
	}
	if s.begun && !slices.Equal(s.came, s.responseHeaders) {
		want.Response = s.responseHeaders
	}
	return want
}

// effects are those since the step began.
func (w *World) effects(before map[string]int64) table.Want {
	want := table.Want{Logs: table.Logs{Lines: w.host.logs}, TickEvery: w.ticks}
	for _, call := range w.host.calls {
		want.Calls = append(want.Calls, table.Call{Cluster: call.Cluster, Headers: call.Headers, TimeoutMS: call.TimeoutMS})
	}
	for name, value := range w.host.metrics {
		if old, known := before[name]; !known || old != value {
			want.Metrics = append(want.Metrics, table.Metric{Kind: "Counter", Name: name, Value: value})
		}
	}
	slices.SortFunc(want.Metrics, table.Metric.Compare)
	w.ticks, w.host.logs, w.host.calls = nil, nil, nil
	return want
}
