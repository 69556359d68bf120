package record

import (
	"slices"

	"github.com/header-auth/header-auth/conformance/casefile"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// effects are the keys of a want for what the plugin did besides answering.
func effects(e *suite.Effects, metrics []table.Metric) (m casefile.Map) {
	var logs, calls, grpc, others casefile.List
	for _, l := range e.Logs {
		logs = append(logs, casefile.Map{{Key: l.Level, Value: casefile.Bytes(l.Text)}})
	}
	for _, c := range e.Calls {
		calls = append(calls, httpCall(c))
	}
	for _, c := range e.GRPC {
		grpc = append(grpc, grpcCall(c))
	}
	for _, o := range e.Other {
		others = append(others, casefile.Map{{Key: o.Kind, Value: casefile.Bytes(o.Name)},
			{Key: "value", Value: casefile.Bytes(o.Value)}})
	}
	addList(&m, "logs", logs)
	addList(&m, "calls", calls)
	addMetrics(&m, metrics)
	addList(&m, "grpc", grpc)
	addList(&m, "effects", others)
	if len(e.Ticks) > 0 {
		m.Add("tick_every", e.Ticks[0].Every.String())
	}
	return m
}

func addMetrics(m *casefile.Map, metrics []table.Metric) {
	var values casefile.Map
	for _, metric := range metrics {
		if metric.Kind == "Counter" {
			values.Add(metric.Name, metric.Value)
		} else {
			values.Add(metric.Name, casefile.Map{{Key: string(headermap.ToLower(metric.Kind)), Value: metric.Value}})
		}
	}
	if len(values) > 0 {
		m.Add("metrics", values)
	}
}

// httpCall is an HTTP call that was made, without the headers that Envoy adds.
func httpCall(c table.Call) casefile.Map {
	own := slices.DeleteFunc(slices.Clone(c.Headers), func(h headermap.Header) bool {
		return h.Name == "x-envoy-internal" || h.Name == "x-envoy-expected-rq-timeout-ms" ||
			h.Name == "content-length" && len(c.Body) > 0
	})
	m := casefile.Map{{Key: "cluster", Value: casefile.Bytes(c.Cluster)}, {Key: "headers", Value: headerPairs(own)}}
	if len(c.Body) > 0 {
		m.Add("body", casefile.Bytes(c.Body))
	}
	addList(&m, "trailers", headerPairs(c.Trailers))
	m.Add("timeout_ms", c.TimeoutMS)
	return m
}

// grpcCall is a gRPC call that was made, or what was done on one.
func grpcCall(c table.GRPC) (m casefile.Map) {
	if c.Call > 0 {
		m.Add("call", c.Call)
	} else {
		m = casefile.Map{{Key: "cluster", Value: casefile.Bytes(c.Cluster)},
			{Key: "service", Value: casefile.Bytes(c.Service)}, {Key: "method", Value: casefile.Bytes(c.Method)}}
	}
	addList(&m, "metadata", headerPairs(c.Metadata))
	switch {
	case c.Call == 0 && !c.Stream:
		m.Add("message", casefile.Bytes(c.Messages[0]))
		m.Add("timeout_ms", c.TimeoutMS)
	case c.Call == 0 || len(c.Messages) > 0:
		m.Add("messages", texts(c.Messages))
	}
	if c.Ended {
		m.Add("ended", true)
	}
	if c.Cancelled {
		m.Add("cancelled", true)
	}
	return m
}
