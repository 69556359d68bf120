package envoy

import (
	"os"
	"testing"
	"time"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/obtain/obtaintest"
	"github.com/header-auth/header-auth/host/headermap"
)

// TestFalsifiedExpectations: an expectation of each kind that is made false must be found on a real Envoy.
func TestFalsifiedExpectations(t *testing.T) {
	no, second := 0, time.Second
	first := func(c *table.Case) *table.Want { return &c.Steps[0].Want }
	more := []headermap.Header{{Name: "x-more", Value: "1"}}
	reply := func(c *table.Case) *table.Reply {
		r := *first(c).Reply // it may be another case's too
		first(c).Reply = &r
		return &r
	}
	for _, f := range []struct {
		what, id string
		falsify  func(c *table.Case)
	}{
		{"accepted", "config-refuse/status-304", func(c *table.Case) { c.Start.Accepted = true }},
		{"log line of a start", "config-refuse/status-304", func(c *table.Case) { c.Start.Logs.Lines = nil }},
		{"metrics of a start", "metrics/allowed-and-denied", func(c *table.Case) { c.Start.Metrics = nil }},
		{"tick period", "token/comes-back", func(c *table.Case) { c.Start.TickEvery = &second }},
		{"decision", "allow/true", func(c *table.Case) { first(c).Decision = table.Hold }},
		{"forwarded header", "allow/true", func(c *table.Case) { first(c).ForwardedEdit = &table.Edit{Add: more} }},
		{"forwarded body", "protocol/post-allowed", func(c *table.Case) {
			c.Steps[0].Request.Body = append(c.Steps[0].Request.Body[:0:0], []byte("another"))
		}},
		{"response header", "allow/true", func(c *table.Case) { first(c).ResponseEdit = &table.Edit{Add: more} }},
		{"response that is cut", "allow/true", func(c *table.Case) { first(c).ResponseIs = table.Cut }},
		{"reply status", "missing/absent", func(c *table.Case) { reply(c).Status++ }},
		{"reply header", "missing/absent", func(c *table.Case) { reply(c).Headers = more }},
		{"reply body", "missing/absent", func(c *table.Case) { reply(c).Body += "." }},
		{"reply details", "missing/absent", func(c *table.Case) { reply(c).Details += "." }},
		{"reply gRPC status", "missing/absent", func(c *table.Case) { reply(c).GRPCStatus = &no }},
		{"log line", "missing/absent", func(c *table.Case) { first(c).Logs.Lines = nil }},
		{"call", "callout/answered-200", func(c *table.Case) { first(c).Calls = nil }},
		{"header of a call", "callout/answered-200", func(c *table.Case) {
			first(c).Calls = []table.Call{first(c).Calls[0]}
			first(c).Calls[0].Headers = more
		}},
		{"time-out of a call", "callout/answered-200", func(c *table.Case) {
			first(c).Calls = []table.Call{first(c).Calls[0]}
			first(c).Calls[0].TimeoutMS++
		}},
		{"metric", "metrics/allowed-and-denied", func(c *table.Case) { first(c).Metrics = nil }},
		{"trap", "allow/true", func(c *table.Case) { first(c).Trap = "proxy_on_request_headers" }},
		{"refused update", "contexts/update-refused", func(c *table.Case) { first(c).Refused = false }},
		{"other stream", "callout/answers-out-of-order", nil},
		{"good request", "missing/absent", nil},
	} {
		t.Run(f.what, func(t *testing.T) {
			if f.falsify == nil {
				f.id, f.falsify = otherwise(f.what)
			}
			cases := load(t, f.id)
			c := cases.Cases()[0]
			g := shared(t)
			good := suite.Good(&cases.Contract, &c)
			if f.what == "good request" {
				good = c.Steps[0].Request // which the case has refused
			}
			seen, err := g.Observe(t.Context(), &c, good)
			if err != nil {
				t.Fatal(err)
			}
			if m := suite.Check(&c, seen); len(m) > 0 && f.what != "good request" {
				t.Fatalf("true, it is found to be false: %v", m)
			}
			f.falsify(&c)
			if len(suite.Check(&c, seen)) == 0 {
				t.Error("it is not found")
			}
		})
	}
}

// otherwise are expectations that are not falsified by a change of the step's own want.
func otherwise(what string) (string, func(*table.Case)) {
	if what == "other stream" {
		return "interplay/answers-out-of-order", func(c *table.Case) {
			for i := range c.Steps {
				c.Steps[i].Want.Streams = nil
			}
		}
	}
	return "missing/absent", func(*table.Case) {}
}

// shared is one engine for many small tests.
func shared(t *testing.T) *Engine {
	t.Helper()
	if sharedEngine == nil {
		g, err := New(obtaintest.Real(t), load(t), module(t), 1)
		if err != nil {
			t.Fatal(err)
		}
		sharedEngine = g
	}
	return sharedEngine
}

var sharedEngine *Engine

func TestMain(m *testing.M) {
	code := m.Run()
	if sharedEngine != nil {
		sharedEngine.Close()
	}
	os.Exit(code)
}
