package fuzz

import (
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// services are the names of clusters. Most of them exist in most cases.
var services = []string{"auth", "tokens"}

func (d *dice) clusters() []table.Cluster {
	var all []table.Cluster
	for _, name := range services {
		c := table.Cluster{Name: name, State: table.Ready}
		switch n := d.below(12); {
		case n == 0:
			c.State = table.Empty
		case n == 1:
			continue
		case n < 5: // does not answer of its own accord
		case n < 8:
			for range 2 + d.below(3) {
				c.Answers = append(c.Answers, d.scripted())
			}
		default:
			c.Answers, c.Always = []table.Answer{d.scripted()}, true
		}
		all = append(all, c)
	}
	return all
}

// scripted is a cluster's answer to a call; it may be none.
func (d *dice) scripted() table.Answer {
	if d.oneIn(8) {
		return table.Answer{Kind: table.None}
	}
	return d.answer()
}

func (d *dice) answer() table.Answer {
	if d.oneIn(8) {
		return table.Answer{Kind: pick(d, table.Reset, table.Reset, table.Refused, table.NotConnected, table.Closed,
			table.Garbage, table.TimedOut)}
	}
	status := pick(d, "200", "200", "200", "200", "200", "200", "200", "200", "200", "200", "403", "502", "503", "504",
		"500", "99", "2000", "2 0", "", "200 ", "\xff")
	a := table.Answer{Headers: []headermap.Header{{Name: ":status", Value: status}}}
	if len(d.takes) > 0 && !d.oneIn(4) {
		a.Headers = append(a.Headers, headermap.Header{Name: pick(d, d.takes...), Value: pick(d, "t1", "t2", "t3", "t4")})
	}
	for range max(0, d.below(4)-1) {
		a.Headers = append(a.Headers, headermap.Header{Name: pick(d, "authorization", "x-a", "x-user", "allow", "x-auth"),
			Value: pick(d, "t1", "t2", "", " t", "a\x00b", "\xff", "t\tu", "t\n")})
	}
	switch d.below(12) {
	case 0:
		a.Headers = append(a.Headers, d.grpcStatus())
	case 1:
		a.Trailers = []headermap.Header{d.grpcStatus()}
	case 2:
		a.Headers = append(a.Headers, headermap.Header{Name: "content-type", Value: pick(d, "text/plain", "text/plain",
			"text/html")})
		if d.oneIn(3) {
			a.Headers = append(a.Headers, headermap.Header{Name: "x-envoy-upstream-service-time", Value: "1"})
		}
	}
	return a
}

// grpcStatus is a gRPC status in a header: OK, an error, or malformed.
func (d *dice) grpcStatus() headermap.Header {
	return headermap.Header{Name: pick(d, "grpc-status", "grpc-status", "Grpc-Status", "grpc-message"),
		Value: pick(d, "0", "0", "14", "7", "", "00", "0,14", "0 ", "\xff")}
}

// pairsFunction returns headers. It may fail, or return wrong bytes.
const pairsFunction = "proxy_get_header_map_pairs"

// functions are those that a fault may concern. For those in changes, a fault may also be a success that changes
// nothing.
var (
	changes = []string{"proxy_send_local_response", "proxy_replace_header_map_value", "proxy_add_header_map_value",
		"proxy_increment_metric",
		"proxy_continue_stream", "proxy_set_tick_period_milliseconds"}
	functions = append([]string{pairsFunction, "proxy_log", "proxy_get_current_time_nanoseconds", "proxy_http_call",
		"proxy_define_metric",
		"proxy_get_buffer_bytes"}, changes...)
)

// fault is a host function that fails, or returns something wrong. Those that matter for the step are drawn more
// often.
func (d *dice) fault(matters ...string) table.HostFault {
	f := table.HostFault{Function: pick(d, append(matters, pick(d, functions...))...),
		Status: pick[uint32](d, 1, 2, 3, 6, 7, 10, 12, 4294967295), Nth: pick(d, 0, 0, 0, 1, 2, 3)}
	switch {
	case f.Function == "proxy_http_call":
		f.Status = pick[uint32](d, 2, 10)
	case f.Function == "proxy_get_buffer_bytes":
		f.Nth = 0
	case f.Function == pairsFunction && d.oneIn(2):
		f.Status, f.Bytes = 0, []byte(d.headerMap())
	case d.oneIn(8):
		f = table.HostFault{Function: pick(d, changes...), Nth: f.Nth}
	}
	return f
}

// headerMap is a serialized header map, correct or not.
func (d *dice) headerMap() string {
	good := "\x01\x00\x00\x00\x05\x00\x00\x00\x04\x00\x00\x00allow\x00true\x00"
	at := d.below(len(good))
	bad := good[:at] + pick(d, "\x00", "\x01", "\xff", "\x04") + good[at+1:]
	return pick(d, good, bad, bad, bad, good[:at], good+"\x00", "")
}

// startFault is a fault of a function that is called while the plugin starts.
func (d *dice) startFault(keys []string) table.HostFault {
	f := table.HostFault{Function: pick(d, "proxy_set_tick_period_milliseconds", "proxy_get_current_time_nanoseconds",
		"proxy_define_metric", "proxy_get_buffer_bytes"),
		Status: pick[uint32](d, 1, 2, 10, 12)}
	switch f.Function {
	case "proxy_define_metric":
		f.Nth = d.below(5)
	case "proxy_get_buffer_bytes":
		if d.oneIn(2) {
			f.Status, f.Bytes = 0, d.drawConfiguration(keys)
		}
	}
	return f
}
