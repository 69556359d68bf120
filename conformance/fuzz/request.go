package fuzz

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/header-auth/header-auth/conformance/table"
)

// scenario is a configuration that is mostly legal and what happens under it.
func (d *dice) scenario(keys []string) table.Case {
	c := table.Case{ID: "found/case", Start: table.Start{Accepted: true}, Config: []byte(d.legal(keys)), GoodNone: true}
	c.Clusters = d.clusters()
	if d.oneIn(16) {
		c.Start.Faults = []table.Fault{d.startFault()}
	}
	for range 1 + d.below(8) {
		c.Steps = append(c.Steps, d.step(keys))
	}
	for i, s := range c.Steps {
		if s.Request != nil && strings.Contains(fmt.Sprintf("%s %v", c.Config, d.configs), "equest_headers") {
			// A request with a name or value that is none breaks off in Envoy once a plugin has changed it.
			r := *s.Request
			r.Headers = slices.DeleteFunc(r.Headers, func(h table.Header) bool {
				return strings.ContainsAny(h.Name+h.Value, "\x00\r\n \u212a") || strings.Contains(h.Name, "\xff") || h.Name == ""
			})
			c.Steps[i].Request = &r
		}
	}
	return tidy(c)
}

// names of streams; two are enough to get into each other's way.
var names = []string{"a", "b"}

// step is any; tidy sees to it that they go together.
func (d *dice) step(keys []string) table.Step {
	s := table.Step{Times: 1}
	switch d.below(16) {
	case 0, 1:
		s.Advance = pick(d, time.Second, time.Millisecond, 999*time.Millisecond, 1001*time.Millisecond, 500*time.Millisecond, 2*time.Second, 5*time.Second)
	case 2:
		s.Jump = pick(d, -time.Hour, time.Hour, -time.Millisecond)
	case 3, 4:
		s.Answer = &table.Answered{Answer: d.answer()}
		if d.oneIn(2) {
			s.Answer.Call = 1 + d.below(3)
		}
	case 5:
		s.Configure = &table.Configure{Config: []byte(d.legal(keys))}
		d.configs = append(d.configs, string(s.Configure.Config))
	case 6:
		s.Finish = pick(d, names...)
	case 7:
		s.Close = pick(d, names...)
	case 8, 9, 10:
		s.Stream = pick(d, names...)
		fallthrough
	default:
		s.Request = d.request()
	}
	if d.oneIn(8) {
		s.Faults = []table.Fault{d.fault()}
	}
	if d.oneIn(4) {
		s.Clusters = d.clusters()
	}
	return s
}

// tidy makes steps go together: a stream is opened before anything is done to it, and ended at last.
func tidy(c table.Case) table.Case {
	open := map[string]bool{}
	calls := false
	var steps []table.Step
	for _, s := range c.Steps {
		switch name := s.Acts(); {
		case s.Stream != "" && open[name], s.Stream == "" && name != "" && !open[name], s.Answer != nil && !calls:
			continue
		case name != "":
			open[name] = s.Stream != ""
		}
		calls = calls || waits(c, s)
		steps = append(steps, s)
	}
	for _, name := range names {
		if open[name] {
			steps = append(steps, table.Step{Times: 1, Finish: name})
		}
	}
	c.Steps = steps
	return c
}

// waits says whether a call may be made in a step: without one there is nothing to answer.
func waits(c table.Case, s table.Step) bool {
	return s.Answer == nil && strings.Contains(string(c.Config), "cluster")
}

func (d *dice) clusters() []table.Cluster {
	var all []table.Cluster
	for _, name := range []string{"auth", "tokens"} {
		c := table.Cluster{Name: name, State: table.Ready}
		switch d.below(8) {
		case 0:
			c.State = table.Empty
		case 1:
			continue
		case 2, 3:
		case 4:
			c.Answers = []table.Answer{d.answer(), d.answer()}
		default:
			c.Answers, c.Always = []table.Answer{d.answer()}, true
		}
		all = append(all, c)
	}
	return all
}

func (d *dice) answer() table.Answer {
	if d.oneIn(8) {
		return table.Answer{Kind: table.Reset}
	}
	status := pick(d, "200", "200", "200", "200", "403", "503", "504", "500", "99", "2000", "2 0", "", "200 ", "\xff")
	a := table.Answer{Headers: []table.Header{{Name: ":status", Value: status}}}
	for range d.below(3) {
		a.Headers = append(a.Headers, table.Header{Name: pick(d, "authorization", "authorization", "x-a", "x-user", "allow", "x-auth"),
			Value: pick(d, "t1", "t2", "", " t", "a\x00b", "\xff", "t\tu", "t\n")})
	}
	return a
}

func (d *dice) startFault() table.Fault {
	return table.Fault{Function: pick(d, "proxy_set_tick_period_milliseconds", "proxy_get_current_time_nanoseconds", "proxy_define_metric"),
		Status: pick[uint32](d, 1, 2, 10, 12)}
}

func (d *dice) request() *table.Request {
	r := &table.Request{Response: table.Response{Headers: []table.Header{{Name: ":status", Value: pick(d, "200", "404", "503")}}}}
	r.Headers = []table.Header{{Name: ":authority", Value: "shop.example"}, {Name: ":path", Value: pick(d, "/", "/?allow=true")},
		{Name: ":method", Value: pick(d, "GET", "HEAD", "POST")}, {Name: ":scheme", Value: "http"}}
	for range d.below(5) {
		r.Headers = append(r.Headers, d.header())
	}
	if d.oneIn(12) {
		r.Headers = append(r.Headers, table.Header{Name: "content-type", Value: pick(d, "application/grpc", "application/grpc+proto", "text/plain")})
	}
	if d.oneIn(8) {
		r.Body = [][]byte{[]byte("allow: true")}
	}
	if d.oneIn(8) {
		r.Trailers = []table.Header{d.header()}
	}
	for range d.below(3) {
		r.Response.Headers = append(r.Response.Headers, d.header())
	}
	if d.oneIn(4) {
		r.Response.Body = [][]byte{[]byte("ok")}
	}
	return r
}

func (d *dice) header() table.Header {
	name := pick(d, "allow", "allow", "allow", "x-a", "x_a", "x-auth", "a", "!#$%&'*+-.^_`|~09", "x-user", "allow ", "\u212a", "x\xff", "", "al\x00low")
	value := pick(d, "true", "true", "true", "", "True", "a\tb", "true,true", " true", "true ", "é", "\u212a", "K", "k", "ß", "ss", "a b", "😀",
		`\ud800`, "a/b", `"`, "\xff", "true\x00", "tru\u0065\u0301", "\r\n", strings.Repeat("v", 300))
	if d.oneIn(12) {
		name, value = "authorization", d.authorization()
	}
	return table.Header{Name: name, Value: value}
}

// authorization is mostly one of the users of a configuration.
func (d *dice) authorization() string {
	return pick(d, "Basic ", "basic  ", "BASIC ", "Basic", "Basic\t", "Bearer ", "") + pick(d,
		"YWRtaW46cGFzc3cwcmQ=", "YWRtaW46cGFzc3cwcmQ", "YWRtaW46cGFzc3cwcmR=", "YWRtaW46", "w7xuYWw6w6k=", "eDphOmI=", "eDphOmI= ", "YWRtaW4=",
		"OnBhc3N3MHJk", "", "=", "YWRt\naW46cGFzc3cwcmQ=", "YSBiOg==", "YSBiOh==")
}

var functions = []string{"proxy_get_header_map_pairs", "proxy_send_local_response", "proxy_log", "proxy_get_current_time_nanoseconds",
	"proxy_http_call", "proxy_replace_header_map_value", "proxy_add_header_map_value", "proxy_increment_metric"}

// fault is a host function that fails, or lies about headers.
func (d *dice) fault() table.Fault {
	f := table.Fault{Function: pick(d, functions...), Status: pick[uint32](d, 1, 2, 3, 6, 7, 10, 12, 4294967295)}
	if f.Function == "proxy_http_call" { // what Envoy gives; on others the Rust SDK traps
		f.Status = pick[uint32](d, 2, 10)
	}
	if d.oneIn(2) {
		good := "\x01\x00\x00\x00\x05\x00\x00\x00\x04\x00\x00\x00allow\x00true\x00"
		at := d.below(len(good))
		lie := good[:at] + pick(d, "\x00", "\x01", "\xff", "\x04") + good[at+1:]
		f = table.Fault{Function: functions[0], Bytes: []byte(pick(d, good, lie, lie, lie, good[:at], good+"\x00", ""))}
	}
	return f
}
