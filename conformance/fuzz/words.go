package fuzz

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

func answerFields(a table.Answer) []string {
	switch a.Kind {
	case table.Answers:
	case table.Reset:
		return []string{"reset: true"}
	default:
		return []string{"failed: " + string(a.Kind)}
	}
	fields := []string{"exact: true", "headers: " + pairs(a.Headers)}
	if len(a.Trailers) > 0 {
		fields = append(fields, "trailers: "+pairs(a.Trailers))
	}
	return fields
}

func clusters(all []table.Cluster) string {
	var fields []string
	for _, c := range all {
		var answers []string
		for _, a := range c.Answers {
			if a.Kind != table.Answers {
				answers = append(answers, string(a.Kind))
			} else {
				answers = append(answers, "{"+strings.Join(answerFields(a), ", ")+"}")
			}
		}
		switch {
		case len(answers) == 0:
			fields = append(fields, c.Name+": "+string(c.State))
		case c.Always:
			fields = append(fields, c.Name+": "+answers[0])
		default:
			fields = append(fields, c.Name+": ["+strings.Join(answers, ", ")+"]")
		}
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

func faults(all []table.Fault) string {
	var fields []string
	for _, f := range all {
		does := fmt.Sprintf("status: %d", f.Status)
		if f.Bytes != nil {
			does = "bytes: " + scalar(string(f.Bytes))
		}
		if f.Nth > 0 {
			does += fmt.Sprintf(", nth: %d", f.Nth)
		}
		fields = append(fields, fmt.Sprintf("{function: %s, %s}", f.Function, does))
	}
	return "[" + strings.Join(fields, ", ") + "]"
}

func want(s table.Step) []string {
	all := append(became(s.Want), effects(s.Want)...)
	if s.Want.Refused {
		all = append(all, "accepted: false")
	}
	var streams []string
	for _, other := range s.Want.Streams {
		streams = append(streams, fmt.Sprintf("%s: {%s}", other.Stream, strings.Join(became(other.Want), ", ")))
	}
	if len(streams) > 0 {
		all = append(all, "streams: {"+strings.Join(streams, ", ")+"}")
	}
	return all
}

// became is what has become of a stream.
func became(w table.Want) []string {
	var all []string
	add := func(key, value string) { all = append(all, key+": "+value) }
	if w.Decision != "" {
		add("decision", string(w.Decision))
	}
	if r := w.Reply; r != nil {
		fields := fmt.Sprintf("status: %d, headers: %s, body: %s", r.Status, pairs(r.Headers), scalar(r.Body))
		if r.GRPCStatus != nil { // a table of one's own may leave these out
			fields += fmt.Sprintf(", grpc_status: %d", *r.GRPCStatus)
		}
		if r.Details != "" {
			fields += ", details: " + scalar(r.Details)
		}
		add("reply", "{"+fields+"}")
	}
	if w.Forwarded != nil {
		add("forwarded", pairs(w.Forwarded))
	}
	if w.Response != nil {
		add("response", pairs(w.Response))
	}
	return all
}

func effects(w table.Want) []string {
	var all []string
	switch {
	case w.Logs.Any:
		all = append(all, "logs: any")
	case len(w.Logs.Lines) > 0:
		all = append(all, "logs: "+logs(w.Logs))
	}
	var calls []string
	for _, c := range w.Calls {
		calls = append(calls, fmt.Sprintf("{cluster: %s, headers: %s, timeout_ms: %d}", scalar(c.Cluster), pairs(c.Headers), c.TimeoutMS))
	}
	if len(calls) > 0 {
		all = append(all, "calls: ["+strings.Join(calls, ", ")+"]")
	}
	var metrics []string
	for _, m := range w.Metrics {
		metrics = append(metrics, fmt.Sprintf("%s: %d", m.Name, m.Value))
	}
	if len(metrics) > 0 {
		all = append(all, "metrics: {"+strings.Join(metrics, ", ")+"}")
	}
	if w.TickEvery != nil {
		all = append(all, fmt.Sprintf("tick_every: %q", w.TickEvery.String()))
	}
	return all
}

func logs(l table.Logs) string {
	var all []string
	for _, line := range l.Lines {
		all = append(all, fmt.Sprintf("{%s: %s}", line.Level, scalar(line.Text)))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

func pairs(headers []headermap.Header) string {
	var all []string
	for _, h := range headers {
		all = append(all, fmt.Sprintf("[%s, %s]", scalar(h.Name), scalar(h.Value)))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

func chunks(body [][]byte) string {
	var all []string
	for _, chunk := range body {
		all = append(all, scalar(string(chunk)))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// scalar is a byte string as the table reads it: a text in quotes, or hexadecimal digits.
func scalar(s string) string {
	for _, c := range []byte(s) {
		if c < 0x20 || c > 0x7e {
			return fmt.Sprintf("{hex: %q}", hex.EncodeToString([]byte(s)))
		}
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// comment is a text on one line.
func comment(s string) string {
	q := strconv.QuoteToASCII(s)
	return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
}
