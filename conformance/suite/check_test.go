package suite

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/report"
)

func grpc(n int) *int { return &n }

var get = headermap.Of(":method", "GET", ":path", "/", "Allow", "true")

func allowCase() table.Case {
	return table.Case{
		ID: "group/allow", Clauses: []string{"1"}, Start: table.Start{Accepted: true},
		Steps: []table.Step{{
			Times: 1,
			Request: &table.Request{
				Message: table.Message{Headers: get, Body: [][]byte{[]byte("a"), []byte("b")}, Trailers: headermap.Of("t", "1")},
				Response: table.Message{Headers: headermap.Of(":status", "200", "x", "y"), Body: [][]byte{[]byte("ok")},
					Trailers: headermap.Of("u", "2")},
			},
			Want: table.Want{Decision: table.Allow, Logs: table.Logs{Lines: []table.Log{{Level: "info", Text: "hello"}}},
				MemoryBounded: true, MemoryGrowth: 100},
		}},
	}
}

func allowed() Observation {
	return Observation{
		Start: Start{Accepted: true},
		Steps: []Step{{Growth: 100, Runs: []RepeatedRun{{1, Exchange{
			Decision: "allow", RequestAction: "Continue", ResponseAction: "Continue",
			Upstream: Received{Headers: headermap.Of(":method", "GET", ":path", "/", "allow", "true"), Body: "ab",
				Trailers: headermap.Of("t", "1"), Ended: true},
			Client: Received{Headers: headermap.Of(":status", "200", "x", "y"), Body: "ok", Trailers: headermap.Of("u", "2"),
				Ended: true},
			Effects: Effects{Logs: []table.Log{{Level: "info", Text: "hello"}}},
		}}}}},
		Good: &Exchange{Decision: "allow"},
	}
}

func refuseCase() table.Case {
	return table.Case{
		ID: "group/refuse", Clauses: []string{"1"}, Start: table.Start{Accepted: true},
		Steps: []table.Step{{
			Times: 1,
			Request: &table.Request{Message: table.Message{Headers: get},
				Response: table.Message{Headers: headermap.Of(":status", "200")}},
			Want: table.Want{Decision: table.Refuse, Logs: table.Logs{Lines: []table.Log{{Level: "debug", Text: "refused"}}},
				Reply: &table.Reply{Status: 403, Headers: headermap.Of("content-type", "text/plain", "X-Why", "no"), Body: "no",
					GRPCStatus: grpc(7)}},
		}},
	}
}

func refused() Observation {
	return Observation{
		Start: Start{Accepted: true},
		Steps: []Step{{Runs: []RepeatedRun{{1, Exchange{
			Decision: "refuse", RequestAction: "Pause", ResponseAction: "Continue",
			Reply: &table.Reply{Status: 403, Headers: headermap.Of("content-type", "text/plain", "X-Why", "no"), Body: "no",
				GRPCStatus: grpc(7)},
			Client: Received{Headers: headermap.Of(":status", "403", "content-type", "text/plain", "x-why", "no",
				"content-length", "2"),
				Body: "no", Ended: true},
			Effects: Effects{Logs: []table.Log{{Level: "debug", Text: "refused"}}},
		}}}}},
		Good: &Exchange{Decision: "allow"},
	}
}

// first is the exchange of the first step.
func first(o *Observation) *Exchange { return &o.Steps[0].Runs[0].Exchange }

// TestCheckNotices changes one field of a right observation at a time.
func TestCheckNotices(t *testing.T) {
	tests := []struct {
		name   string
		change func(o *Observation)
		want   string // fields, joined by |
	}{
		{"nothing", func(*Observation) {}, ""},
		{"configuration refused", func(o *Observation) { o.Start.Accepted = false; o.Steps = nil; o.Good = nil },
			"configuration: verdict"},
		{"line at the start", func(o *Observation) { o.Start.Logs = []table.Log{{Level: "info", Text: "x"}} },
			"configuration: log lines"},
		{"call at the start", func(o *Observation) { o.Start.Calls = []table.Call{{Cluster: "x"}} },
			"configuration: outgoing calls"},
		{"decision", func(o *Observation) { first(o).Decision = "replace" }, "decision"},
		{"returned Pause", func(o *Observation) { first(o).RequestAction = "Pause" }, "on_request_headers returned"},
		{"a reply as well", func(o *Observation) { first(o).Reply = &table.Reply{GRPCStatus: grpc(0)} }, "local reply"},
		{"forwarded header added", func(o *Observation) { add(&first(o).Upstream, "y", "") }, "forwarded headers"},
		{"forwarded header lost", func(o *Observation) { first(o).Upstream.Headers = first(o).Upstream.Headers[:2] },
			"forwarded headers"},
		{"forwarded name in another case", func(o *Observation) { first(o).Upstream.Headers[2].Name = "Allow" },
			"forwarded headers"},
		{"forwarded body", func(o *Observation) { first(o).Upstream.Body = "a" }, "forwarded body"},
		{"forwarded trailers", func(o *Observation) { first(o).Upstream.Trailers = nil }, "forwarded trailers"},
		{"response header added", func(o *Observation) { add(&first(o).Client, "y", "") }, "client headers"},
		{"response status", func(o *Observation) { first(o).Client.Headers[0].Value = "201" }, "client headers"},
		{"response body", func(o *Observation) { first(o).Client.Body = "ok\n" }, "client body"},
		{"response trailers", func(o *Observation) { first(o).Client.Trailers[0].Value = "3" }, "client trailers"},
		{"line missing", func(o *Observation) { first(o).Logs = nil }, "log lines"},
		{"line of another level", func(o *Observation) { first(o).Logs[0].Level = "warn" }, "log lines"},
		{"line twice", func(o *Observation) { first(o).Logs = append(first(o).Logs, first(o).Logs[0]) }, "log lines"},
		{"call", func(o *Observation) { first(o).Calls = []table.Call{{Cluster: "x"}} }, "outgoing calls"},
		{"metric", func(o *Observation) { o.Steps[0].Metrics = []table.Metric{{Kind: "Counter", Name: "x", Value: 1}} },
			"metrics"},
		{"memory", func(o *Observation) { o.Steps[0].Growth = 101 }, "memory growth"},
		{"good request", func(o *Observation) { o.Good.Decision = "refuse" }, "good request afterwards: decision"},
		{"trap", func(o *Observation) { *o = failed(*o, 1) }, "virtual machine"},
		{"trap at the start", func(o *Observation) { *o = Observation{Failure: &Failure{Kind: "trapped"}} },
			"virtual machine"},
		{"trap in the good request", func(o *Observation) { *o = failed(*o, 2) }, "virtual machine"},
		{"mismatch, then trap in the good request", func(o *Observation) { *o = failed(*o, 2); first(o).Logs = nil },
			"log lines|virtual machine"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, o := allowCase(), allowed()
			test.change(&o)
			wantFields(t, Check(&c, o), test.want)
		})
	}
}

func failed(o Observation, step int) Observation {
	o.Failure = &Failure{Kind: "trapped", In: "proxy_on_log", Reason: "unreachable", Place: Place{step, 1}}
	return o
}

func add(m *Received, name, value string) {
	m.Headers = append(m.Headers, headermap.Header{Name: name, Value: value})
}

func wantFields(t *testing.T, got []report.Mismatch, want string) {
	t.Helper()
	var fields []string
	for _, m := range got {
		fields = append(fields, m.Field)
		if m.Wanted == m.Got {
			t.Errorf("%s: what was wanted and what was got read the same: %q", m.Field, m.Got)
		}
	}
	if strings.Join(fields, "|") != want {
		t.Errorf("mismatches %q, want %q\n%+v", fields, want, got)
	}
}

func TestCheckNoticesInRefusals(t *testing.T) {
	tests := []struct {
		name   string
		change func(c *table.Case, o *Observation)
		want   string
	}{
		{"nothing", func(*table.Case, *Observation) {}, ""},
		{"returned Continue", func(_ *table.Case, o *Observation) { first(o).RequestAction = "Continue" },
			"on_request_headers returned"},
		{"no reply", func(_ *table.Case, o *Observation) { first(o).Reply = nil }, "local reply"},
		{"status", func(_ *table.Case, o *Observation) { first(o).Reply.Status = 401 }, "reply status"},
		{"pairs in another order", func(_ *table.Case, o *Observation) {
			h := first(o).Reply.Headers
			h[0], h[1] = h[1], h[0]
		}, "reply headers"},
		{"body", func(_ *table.Case, o *Observation) { first(o).Reply.Body = "No" }, "reply body"},
		{"gRPC status", func(_ *table.Case, o *Observation) { first(o).Reply.GRPCStatus = grpc(-1) }, "reply grpc-status"},
		{"details", func(c *table.Case, o *Observation) { c.Steps[0].Want.Reply.Details = "why" }, "reply details"},
		{"gRPC status of no interest", func(c *table.Case, o *Observation) {
			c.Steps[0].Want.Reply.GRPCStatus = nil
			first(o).Reply.GRPCStatus = grpc(-1)
		}, ""},
		{"forwarded all the same", func(_ *table.Case, o *Observation) { add(&first(o).Upstream, ":path", "/") },
			"forwarded headers"},
		{"client's status", func(_ *table.Case, o *Observation) { first(o).Client.Headers[0].Value = "200" },
			"client headers"},
		{"client's header too many", func(_ *table.Case, o *Observation) { add(&first(o).Client, "x-leak", "1") },
			"client headers"},
		{"client's header lost",
			func(_ *table.Case, o *Observation) { first(o).Client.Headers = first(o).Client.Headers[:2] }, "client headers"},
		{"what Envoy adds", func(_ *table.Case, o *Observation) {
			add(&first(o).Client, "date", "today")
			add(&first(o).Client, "server", "envoy")
		}, ""},
		{"client's body", func(_ *table.Case, o *Observation) { first(o).Client.Body = "" }, "client body"},
		{"line", func(_ *table.Case, o *Observation) { first(o).Logs[0].Text += " " }, "log lines"},
		{"lines of no interest", func(c *table.Case, o *Observation) {
			c.Steps[0].Want.Logs = table.Logs{Any: true}
			first(o).Logs = nil
		}, ""},
		{"answer to HEAD", func(c *table.Case, o *Observation) {
			c.Steps[0].Request.Headers = headermap.Of(":method", "HEAD")
			first(o).Client.Body = ""
		}, ""},
		{"answer to HEAD with a body", func(c *table.Case, o *Observation) {
			c.Steps[0].Request.Headers = headermap.Of(":method", "HEAD")
		}, "client body"},
		{"gRPC", grpcRefusal("7"), ""},
		{"gRPC with another status", grpcRefusal("2"), "client grpc-status"},
		{"client headers named by the case", func(c *table.Case, o *Observation) {
			c.Steps[0].Want.Response = headermap.Of(":status", "403", "content-type", "text/plain", "x-why", "no",
				"content-length", "3")
		}, "client headers"},
		{"wanted held, was refused", func(c *table.Case, o *Observation) {
			c.Steps[0].Want.Decision, c.Steps[0].Want.Reply = table.Hold, nil
		}, "decision|local reply|client headers"},
		{"wanted held, was held", func(c *table.Case, o *Observation) {
			c.Steps[0].Want.Decision, c.Steps[0].Want.Reply = table.Hold, nil
			*first(o) = Exchange{Decision: "hold", RequestAction: "Pause", Effects: first(o).Effects}
		}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, o := refuseCase(), refused()
			test.change(&c, &o)
			wantFields(t, Check(&c, o), test.want)
		})
	}
}

func grpcRefusal(status string) func(*table.Case, *Observation) {
	return func(c *table.Case, o *Observation) {
		c.Steps[0].Request.Headers = headermap.Of(":method", "POST", "Content-Type", "application/grpc+proto")
		first(o).Client = Received{Ended: true, Headers: headermap.Of(":status", "200", "content-type", "application/grpc",
			"x-why", "no", "grpc-status", status, "grpc-message", "no")}
	}
}

func TestCheckConfigurationThatMustBeRefused(t *testing.T) {
	c := table.Case{Start: table.Start{Logs: table.Logs{Lines: []table.Log{{Level: "error",
		Text: "configuration refused"}}}}}
	good := Observation{Start: Start{Effects: Effects{Logs: []table.Log{{Level: "error", Text: "configuration refused"}}}}}
	wantFields(t, Check(&c, good), "")
	wantFields(t, Check(&c, Observation{Start: Start{Accepted: true}}), "configuration: verdict|configuration: log lines")
}

func TestCheckRepetitions(t *testing.T) {
	c, o := allowCase(), allowed()
	c.Steps[0].Times = 10
	odd := o.Steps[0].Runs[0]
	odd.Decision, odd.Times = "refuse", 2
	o.Steps[0].Runs[0].Times = 7
	o.Steps[0].Runs = append(o.Steps[0].Runs, odd, RepeatedRun{1, odd.Exchange})
	got, place := check(&c, o)
	wantFields(t, got, "repetition 8 of 10: decision")
	if want := (Place{1, 8}); place != want {
		t.Errorf("place %+v, want %+v", place, want)
	}
}

func TestCheckNamesSteps(t *testing.T) {
	c, o := allowCase(), allowed()
	c.Steps = append(c.Steps, c.Steps[0])
	second := allowed()
	first(&second).Logs = nil
	o.Steps = append(o.Steps, second.Steps[0])
	got, place := check(&c, o)
	want := []report.Mismatch{{Field: "step 2: log lines", Wanted: "info hello"}}
	if diff := cmp.Diff(want, got); diff != "" || place != (Place{2, 1}) {
		t.Errorf("place %+v, mismatches (-want +got):\n%s", place, diff)
	}
}

func TestCheckDoesNotChangeTheCase(t *testing.T) {
	c, o := refuseCase(), refused()
	first(&o).Reply, first(&o).Client = nil, Received{}
	Check(&c, o)
	if diff := cmp.Diff(refuseCase(), c); diff != "" {
		t.Errorf("the case changed (-before +after):\n%s", diff)
	}
}
