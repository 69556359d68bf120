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

// asSent is what a case takes for forwarded when it says nothing: every line of the client's, the name in lower case.
func asSent(headers []headermap.Header) []headermap.Header {
	sent := make([]headermap.Header, len(headers))
	for i, h := range headers {
		sent[i] = headermap.Header{Name: lower(h.Name), Value: h.Value}
	}
	return sent
}

// state is what has become of a stream so far.
func (s *stream) state() table.Want {
	want := table.Want{Decision: s.Decision, Reply: s.Reply}
	if s.Decision == table.Allow && !slices.Equal(s.sent, s.Request) {
		want.Forwarded = s.Request
	}
	if s.begun && !slices.Equal(s.came, s.Response) {
		want.Response = s.Response
	}
	return want
}

// effects are those since the step began.
func (w *World) effects(before map[string]int64) table.Want {
	want := table.Want{Logs: table.Logs{Lines: w.host.Logs}, TickEvery: w.ticks}
	for _, call := range w.host.Calls {
		want.Calls = append(want.Calls, table.Call{Cluster: call.Cluster, Headers: call.Headers, TimeoutMS: call.TimeoutMS})
	}
	for name, value := range w.host.Metrics {
		if old, known := before[name]; !known || old != value {
			want.Metrics = append(want.Metrics, table.Metric{Kind: "Counter", Name: name, Value: value})
		}
	}
	slices.SortFunc(want.Metrics, table.Metric.Compare)
	w.ticks, w.host.Logs, w.host.Calls = nil, nil, nil
	return want
}
