package fuzz

import (
	"strconv"

	"github.com/goccy/go-yaml"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

func start(s table.Start) yaml.MapSlice {
	fields := add(nil, "accepted", s.Accepted)
	if len(s.Faults) > 0 {
		fields = add(fields, "faults", faults(s.Faults))
	}
	return append(fields, effects(table.Want{Logs: s.Logs, Calls: s.Calls, Metrics: s.Metrics, TickEvery: s.TickEvery})...)
}

func request(r *table.Request) yaml.MapSlice {
	fields := message(add(nil, "exact", true), r.Headers, r.Body)
	if r.Trailers != nil {
		fields = add(fields, "trailers", headers(r.Trailers))
	}
	var status any = r.Response.Headers[0].Value
	if number, err := strconv.Atoi(r.Response.Headers[0].Value); err == nil {
		status = number
	}
	response := add(nil, "status", status)
	return add(fields, "response", message(response, r.Response.Headers[1:], r.Response.Body))
}

func message(fields yaml.MapSlice, all []headermap.Header, body [][]byte) yaml.MapSlice {
	fields = add(fields, "headers", headers(all))
	if body == nil {
		return fields
	}
	chunks := []byteText{}
	for _, chunk := range body {
		chunks = append(chunks, byteText(chunk))
	}
	return add(fields, "body", chunks)
}

func headers(all []headermap.Header) [][]byteText {
	pairs := [][]byteText{}
	for _, h := range all {
		pairs = append(pairs, []byteText{byteText(h.Name), byteText(h.Value)})
	}
	return pairs
}

func answer(a table.Answer) yaml.MapSlice {
	switch a.Kind {
	case table.Answers:
	case table.Reset:
		return add(nil, "reset", true)
	default:
		return add(nil, "failed", string(a.Kind))
	}
	fields := add(add(nil, "exact", true), "headers", headers(a.Headers))
	if len(a.Trailers) > 0 {
		fields = add(fields, "trailers", headers(a.Trailers))
	}
	return fields
}

func clusters(all []table.Cluster) (fields yaml.MapSlice) {
	for _, c := range all {
		var answers []any
		for _, a := range c.Answers {
			if a.Kind != table.Answers {
				answers = append(answers, string(a.Kind))
			} else {
				answers = append(answers, answer(a))
			}
		}
		switch {
		case len(answers) == 0:
			fields = add(fields, c.Name, string(c.State))
		case c.Always:
			fields = add(fields, c.Name, answers[0])
		default:
			fields = add(fields, c.Name, answers)
		}
	}
	return fields
}

func faults(all []table.HostFault) (list []yaml.MapSlice) {
	for _, f := range all {
		fields := add(nil, "function", f.Function)
		if f.Bytes != nil {
			fields = add(fields, "bytes", byteText(f.Bytes))
		} else {
			fields = add(fields, "status", f.Status)
		}
		if f.Nth > 0 {
			fields = add(fields, "nth", f.Nth)
		}
		list = append(list, fields)
	}
	return list
}

func want(s table.Step) yaml.MapSlice {
	fields := append(became(s.Want), effects(s.Want)...)
	if s.Want.Refused {
		fields = add(fields, "accepted", false)
	}
	var streams yaml.MapSlice
	for _, other := range s.Want.Streams {
		streams = add(streams, other.Stream, became(other.Want))
	}
	if len(streams) > 0 {
		fields = add(fields, "streams", streams)
	}
	return fields
}

// became is what happened to a stream.
func became(w table.Want) yaml.MapSlice {
	fields := yaml.MapSlice{}
	if w.Decision != "" {
		fields = add(fields, "decision", string(w.Decision))
	}
	if r := w.Reply; r != nil {
		reply := add(add(add(nil, "status", r.Status), "headers", headers(r.Headers)), "body", byteText(r.Body))
		if r.GRPCStatus != nil { // another table may leave it out
			reply = add(reply, "grpc_status", *r.GRPCStatus)
		}
		if r.Details != "" {
			reply = add(reply, "details", byteText(r.Details))
		}
		fields = add(fields, "reply", reply)
	}
	if w.Forwarded != nil {
		fields = add(fields, "forwarded", headers(w.Forwarded))
	}
	if w.Response != nil {
		fields = add(fields, "response", headers(w.Response))
	}
	return fields
}

func effects(w table.Want) (fields yaml.MapSlice) {
	if w.Logs.Any {
		fields = add(fields, "logs", "any")
	}
	var logs, calls []yaml.MapSlice
	for _, line := range w.Logs.Lines {
		logs = append(logs, add(nil, line.Level, byteText(line.Text)))
	}
	if len(logs) > 0 {
		fields = add(fields, "logs", logs)
	}
	for _, c := range w.Calls {
		call := add(add(nil, "cluster", byteText(c.Cluster)), "headers", headers(c.Headers))
		calls = append(calls, add(call, "timeout_ms", c.TimeoutMS))
	}
	if len(calls) > 0 {
		fields = add(fields, "calls", calls)
	}
	var metrics yaml.MapSlice
	for _, m := range w.Metrics {
		metrics = add(metrics, m.Name, m.Value)
	}
	if len(metrics) > 0 {
		fields = add(fields, "metrics", metrics)
	}
	if w.TickEvery != nil {
		fields = add(fields, "tick_every", w.TickEvery.String())
	}
	return fields
}
