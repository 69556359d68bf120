package model

import (
	"slices"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
)

func (w *World) states() map[string]table.Want {
	all := map[string]table.Want{}
	for name, s := range w.streams {
		all[name] = s.state()
	}
	return all
}

// asSent is what a case takes for forwarded when it says nothing: every line of the client's, the name in lower case.
func asSent(headers []table.Header) []Header {
	sent := make([]Header, len(headers))
	for i, h := range headers {
		sent[i] = Header{lower(h.Name), h.Value}
	}
	return sent
}

// state is what has become of a stream so far.
func (s *stream) state() table.Want {
	want := table.Want{Decision: s.Decision, Reply: s.Reply}
	if s.Decision == table.Allow && !slices.Equal(s.sent, s.Request) {
		want.Forwarded = toTable(s.Request)
	}
	if s.begun && !slices.Equal(s.came, s.Response) {
		want.Response = toTable(s.Response)
	}
	return want
}

// effects are those since the step began.
func (w *World) effects(before map[string]int64) table.Want {
	want := table.Want{Logs: table.Logs{Lines: w.host.Logs}, TickEvery: w.ticks}
	for _, call := range w.host.Calls {
		want.Calls = append(want.Calls, table.Call{Cluster: call.Cluster, Headers: toTable(call.Headers), TimeoutMS: call.TimeoutMS})
	}
	for name, value := range w.host.Metrics {
		if old, known := before[name]; !known || old != value {
			want.Metrics = append(want.Metrics, table.Metric{Kind: "Counter", Name: name, Value: value})
		}
	}
	slices.SortFunc(want.Metrics, func(a, b table.Metric) int { return strings.Compare(a.Name, b.Name) })
	w.ticks, w.host.Logs, w.host.Calls = nil, nil, nil
	return want
}
