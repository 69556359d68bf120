package suite

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/conformance/table"
)

func pairs(nameValues ...string) []table.Header {
	var out []table.Header
	for i := 0; i < len(nameValues); i += 2 {
		out = append(out, table.Header{Name: nameValues[i], Value: nameValues[i+1]})
	}
	return out
}

func grpc(n int) *int { return &n }

var get = pairs(":method", "GET", ":path", "/", "Allow", "true")

func allowCase() table.Case {
	return table.Case{
		ID: "group/allow", Clauses: []string{"1"}, Start: table.Start{Accepted: true},
		Steps: []table.Step{{
			Times: 1,
			Request: &table.Request{
				Headers: get, Body: [][]byte{[]byte("a"), []byte("b")}, Trailers: pairs("t", "1"),
				Response: table.Response{Headers: pairs(":status", "200", "x", "y"), Body: [][]byte{[]byte("ok")}, Trailers: pairs("u", "2")},
			},
			Want: table.Want{Decision: table.Allow, Logs: table.Logs{Lines: []table.Log{{Level: "info", Text: "hello"}}},
				MemoryBounded: true, MemoryGrowth: 100},
		}},
	}
}

func allowed() Observation {
	return Observation{
		Start: Start{Accepted: true},
		Steps: []Step{{Growth: 100, Runs: []Equal{{1, Exchange{
			Decision: "allow", RequestAction: "Continue", ResponseAction: "Continue",
			Upstream: Message{Headers: headers(":method", "GET", ":path", "/", "allow", "true"), Body: "ab", Trailers: headers("t", "1"), Ended: true},
			Client:   Message{Headers: headers(":status", "200", "x", "y"), Body: "ok", Trailers: headers("u", "2"), Ended: true},
			Effects:  Effects{Logs: []Log{{"info", "hello"}}},
		}}}}},
		Good: &Exchange{Decision: "allow"},
	}
}

func headers(nameValues ...string) []Header { return converted(pairs(nameValues...)) }

func refuseCase() table.Case {
	return table.Case{
		ID: "group/refuse", Clauses: []string{"1"}, Start: table.Start{Accepted: true},
		Steps: []table.Step{{
			Times:   1,
			Request: &table.Request{Headers: get, Response: table.Response{Headers: pairs(":status", "200")}},
			Want: table.Want{Decision: table.Refuse, Logs: table.Logs{Lines: []table.Log{{Level: "debug", Text: "refused"}}},
				Reply: &table.Reply{Status: 403, Headers: pairs("content-type", "text/plain", "X-Why", "no"), Body: "no", GRPCStatus: grpc(7)}},
		}},
	}
}

func refused() Observation {
	return Observation{
		Start: Start{Accepted: true},
		Steps: []Step{{Runs: []Equal{{1, Exchange{
			Decision: "refuse", RequestAction: "Pause", ResponseAction: "Continue",
			Reply: &Reply{Status: 403, Headers: headers("content-type", "text/plain", "X-Why", "no"), Body: "no", GRPCStatus: 7},
			Client: Message{Headers: headers(":status", "403", "content-type", "text/plain", "x-why", "no", "content-length", "2"),
				Body: "no", Ended: true},
			Effects: Effects{Logs: []Log{{"debug", "refused"}}},
		}}}}},
		Good: &Exchange{Decision: "allow"},
	}
}

// first is the exchange of the first step.
func first(o *Observation) *Exchange { return &o.Steps[0].Runs[0].Exchange }

// TestCheckNotices changes one field of an observation that keeps to the contract, each in turn.
func TestCheckNotices(t *testing.T) {
	tests := []struct {
		name   string
		change func(o *Observation)
		want   string // fields, joined by |
	}{
		{"nothing", func(*Observation) {}, ""},
		{"configuration refused", func(o *Observation) { o.Start.Accepted = false; o.Steps = nil; o.Good = nil }, "configuration: verdict"},
		{"line at the start", func(o *Observation) { o.Start.Logs = []Log{{"info", "x"}} }, "configuration: log lines"},
		{"call at the start", func(o *Observation) { o.Start.Calls = []Call{{Cluster: "x"}} }, "configuration: outgoing calls"},
		{"decision", func(o *Observation) { first(o).Decision = both }, "decision"},
		{"returned Pause", func(o *Observation) { first(o).RequestAction = "Pause" }, "on_request_headers returned"},
		{"a reply as well", func(o *Observation) { first(o).Reply = &Reply{} }, "local reply"},
		{"forwarded header added", func(o *Observation) { add(&first(o).Upstream, "y", "") }, "forwarded headers"},
		{"forwarded header lost", func(o *Observation) { first(o).Upstream.Headers = first(o).Upstream.Headers[:2] }, "forwarded headers"},
		{"forwarded name in another case", func(o *Observation) { first(o).Upstream.Headers[2].Name = "Allow" }, "forwarded headers"},
		{"forwarded body", func(o *Observation) { first(o).Upstream.Body = "a" }, "forwarded body"},
		{"forwarded trailers", func(o *Observation) { first(o).Upstream.Trailers = nil }, "forwarded trailers"},
		{"response header added", func(o *Observation) { add(&first(o).Client, "y", "") }, "client headers"},
		{"response status", func(o *Observation) { first(o).Client.Headers[0].Value = "201" }, "client headers"},
		{"response body", func(o *Observation) { first(o).Client.Body = "ok\n" }, "client body"},
		{"response trailers", func(o *Observation) { first(o).Client.Trailers[0].Value = "3" }, "client trailers"},
		{"line missing", func(o *Observation) { first(o).Logs = nil }, "log lines"},
		{"line of another level", func(o *Observation) { first(o).Logs[0].Level = "warn" }, "log lines"},
		{"line twice", func(o *Observation) { first(o).Logs = append(first(o).Logs, first(o).Logs[0]) }, "log lines"},
		{"call", func(o *Observation) { first(o).Calls = []Call{{Cluster: "x"}} }, "outgoing calls"},
		{"metric", func(o *Observation) { o.Steps[0].Metrics = []Metric{{"Counter", "x", 1}} }, "metrics"},
		{"memory", func(o *Observation) { o.Steps[0].Growth = 101 }, "memory growth"},
		{"good request", func(o *Observation) { o.Good.Decision = "refuse" }, "good request afterwards: decision"},
		{"trap", func(o *Observation) { *o = failed(*o, 1) }, "virtual machine"},
		{"trap at the start", func(o *Observation) { *o = Observation{Failure: &Failure{Kind: "trapped"}} }, "virtual machine"},
		{"trap in the good request", func(o *Observation) { *o = failed(*o, 2) }, "virtual machine"},
		{"mismatch, then trap in the good request", func(o *Observation) { *o = failed(*o, 2); first(o).Logs = nil }, "log lines|virtual machine"},
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

func add(m *Message, name, value string) { m.Headers = append(m.Headers, Header{name, value}) }

func wantFields(t *testing.T, got []Mismatch, want string) {
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
		{"returned Continue", func(_ *table.Case, o *Observation) { first(o).RequestAction = "Continue" }, "on_request_headers returned"},
		{"no reply", func(_ *table.Case, o *Observation) { first(o).Reply = nil }, "local reply"},
		{"status", func(_ *table.Case, o *Observation) { first(o).Reply.Status = 401 }, "reply status"},
		{"pairs in another order", func(_ *table.Case, o *Observation) {
			h := first(o).Reply.Headers
			h[0], h[1] = h[1], h[0]
		}, "reply headers"},
		{"body", func(_ *table.Case, o *Observation) { first(o).Reply.Body = "No" }, "reply body"},
		{"gRPC status", func(_ *table.Case, o *Observation) { first(o).Reply.GRPCStatus = -1 }, "reply grpc-status"},
		{"details", func(c *table.Case, o *Observation) { c.Steps[0].Want.Reply.Details = "why" }, "reply details"},
		{"gRPC status of no interest", func(c *table.Case, o *Observation) {
			c.Steps[0].Want.Reply.GRPCStatus = nil
			first(o).Reply.GRPCStatus = -1
		}, ""},
		{"forwarded all the same", func(_ *table.Case, o *Observation) { add(&first(o).Upstream, ":path", "/") }, "forwarded headers"},
		{"client's status", func(_ *table.Case, o *Observation) { first(o).Client.Headers[0].Value = "200" }, "client headers"},
		{"client's header too many", func(_ *table.Case, o *Observation) { add(&first(o).Client, "x-leak", "1") }, "client headers"},
		{"client's header lost", func(_ *table.Case, o *Observation) { first(o).Client.Headers = first(o).Client.Headers[:2] }, "client headers"},
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
			c.Steps[0].Request.Headers = pairs(":method", "HEAD")
			first(o).Client.Body = ""
		}, ""},
		{"answer to HEAD with a body", func(c *table.Case, o *Observation) {
			c.Steps[0].Request.Headers = pairs(":method", "HEAD")
		}, "client body"},
		{"gRPC", grpcRefusal("7"), ""},
		{"gRPC with another status", grpcRefusal("2"), "client grpc-status"},
		{"client headers named by the case", func(c *table.Case, o *Observation) {
			c.Steps[0].Want.Response = pairs(":status", "403", "content-type", "text/plain", "x-why", "no", "content-length", "3")
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
		c.Steps[0].Request.Headers = pairs(":method", "POST", "Content-Type", "application/grpc+proto")
		first(o).Client = Message{Ended: true, Headers: headers(":status", "200", "content-type", "application/grpc",
			"x-why", "no", "grpc-status", status, "grpc-message", "no")}
	}
}

func TestCheckConfigurationThatMustBeRefused(t *testing.T) {
	c := table.Case{Start: table.Start{Logs: table.Logs{Lines: []table.Log{{Level: "error", Text: "configuration refused"}}}}}
	good := Observation{Start: Start{Effects: Effects{Logs: []Log{{"error", "configuration refused"}}}}}
	wantFields(t, Check(&c, good), "")
	wantFields(t, Check(&c, Observation{Start: Start{Accepted: true}}), "configuration: verdict|configuration: log lines")
}

func TestCheckRepetitions(t *testing.T) {
	c, o := allowCase(), allowed()
	c.Steps[0].Times = 10
	odd := o.Steps[0].Runs[0]
	odd.Decision, odd.Times = "refuse", 2
	o.Steps[0].Runs[0].Times = 7
	o.Steps[0].Runs = append(o.Steps[0].Runs, odd, Equal{1, odd.Exchange})
	got := Check(&c, o)
	wantFields(t, got, "repetition 8 of 10: decision")
	if want := (Place{1, 8}); got[0].Place != want {
		t.Errorf("place %+v, want %+v", got[0].Place, want)
	}
}

func TestCheckNamesSteps(t *testing.T) {
	c, o := allowCase(), allowed()
	c.Steps = append(c.Steps, c.Steps[0])
	second := allowed()
	first(&second).Logs = nil
	o.Steps = append(o.Steps, second.Steps[0])
	got := Check(&c, o)
	wantFields(t, got, "step 2: log lines")
	want := Mismatch{"step 2: log lines", "info hello", "", Place{2, 1}}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
}

func TestCheckDoesNotChangeTheCase(t *testing.T) {
	c, o := refuseCase(), refused()
	first(&o).Reply, first(&o).Client = nil, Message{}
	Check(&c, o)
	if diff := cmp.Diff(refuseCase(), c); diff != "" {
		t.Errorf("the case changed (-before +after):\n%s", diff)
	}
}
