package envoy

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/obtain/obtaintest"
	"github.com/header-auth/header-auth/host/headermap"
)

// falsified makes an expectation false in one field of table.Start, Want, Reply, Call or Logs.
type falsified struct {
	field, id string
	falsify   func(c *table.Case)
}

// firstWant is what the first step wants, firstCall its first call, and firstReply its reply; the
// case gets copies of its own.
func firstWant(c *table.Case) *table.Want { return &c.Steps[0].Want }

func firstCall(c *table.Case) *table.Call {
	firstWant(c).Calls = slices.Clone(firstWant(c).Calls)
	return &firstWant(c).Calls[0]
}

func firstReply(c *table.Case) *table.Reply {
	r := *firstWant(c).Reply
	firstWant(c).Reply = &r
	return &r
}

var (
	moreHeaders   = []headermap.Header{{Name: "x-more", Value: "1"}}
	hasMore       = &table.Headers{Has: table.Wanted(moreHeaders)}
	another       = table.Exact("another")
	aSecond       = time.Second
	anotherEffect = []table.WantedEffect{{Kind: "queue", Name: "q", Value: another}}
	anotherGRPC   = []table.WantedGRPC{{Cluster: another}}
	zero          = 0
)

var falsifications = []falsified{
	{"Start.Accepted", "config-refuse/status-304", func(c *table.Case) { c.Start.Accepted = true }},
	{"Start.Logs", "config-refuse/status-304", func(c *table.Case) { c.Start.Logs.Lines = nil }},
	{"Start.Metrics", "metrics/allowed-and-denied", func(c *table.Case) { c.Start.Metrics = nil }},
	{"Start.TickEvery", "token/comes-back", func(c *table.Case) { c.Start.TickEvery = &aSecond }},
	{"Start.Calls", "allow/true", func(c *table.Case) { c.Start.Calls = []table.Call{{Cluster: "another"}} }},
	{"Start.Effects", "allow/true", func(c *table.Case) { c.Start.Effects = anotherEffect }},
	{"Start.GRPC", "allow/true", func(c *table.Case) { c.Start.GRPC = anotherGRPC }},
	{"Start.Trap", "allow/true", func(c *table.Case) { c.Start.Trap = "proxy_on_configure" }},
	{"Want.Decision", "allow/true", func(c *table.Case) { firstWant(c).Decision = table.Hold }},
	{"Want.Forwarded", "allow/true", func(c *table.Case) {
		firstWant(c).Forwarded, firstWant(c).ForwardedEdit = moreHeaders, nil
	}},
	{"Want.ForwardedEdit", "allow/true", func(c *table.Case) {
		firstWant(c).ForwardedEdit = &table.Edit{Add: moreHeaders}
	}},
	{"Want.ForwardedPartial", "allow/true", func(c *table.Case) { firstWant(c).ForwardedPartial = hasMore }},
	{"Want.ForwardedBody", "protocol/post-allowed", func(c *table.Case) { firstWant(c).ForwardedBody = &another }},
	{"Want.ForwardedTrailers", "protocol/post-allowed", func(c *table.Case) { firstWant(c).ForwardedTrailers = hasMore }},
	{"Want.Response", "allow/true", func(c *table.Case) {
		firstWant(c).Response, firstWant(c).ResponseEdit = moreHeaders, nil
	}},
	{"Want.ResponseEdit", "allow/true", func(c *table.Case) { firstWant(c).ResponseEdit = &table.Edit{Add: moreHeaders} }},
	{"Want.ResponsePartial", "allow/true", func(c *table.Case) { firstWant(c).ResponsePartial = hasMore }},
	{"Want.ResponseIs", "allow/true", func(c *table.Case) { firstWant(c).ResponseIs = table.Cut }},
	{"Want.ResponseBody", "allow/true", func(c *table.Case) { firstWant(c).ResponseBody = &another }},
	{"Want.ResponseTrailers", "allow/true", func(c *table.Case) { firstWant(c).ResponseTrailers = hasMore }},
	{"Want.Action", "allow/true", func(c *table.Case) { firstWant(c).Action = "Pause" }},
	{"Want.ResponseAction", "allow/true", func(c *table.Case) { firstWant(c).ResponseAction = "Pause" }},
	{"Want.Reply", "missing/absent", func(c *table.Case) { firstWant(c).Reply, firstWant(c).Decision = nil, table.Allow }},
	{"Want.Logs", "missing/absent", func(c *table.Case) { firstWant(c).Logs.Lines = nil }},
	{"Want.Calls", "callout/answered-200", func(c *table.Case) { firstWant(c).Calls = nil }},
	{"Want.Metrics", "metrics/allowed-and-denied", func(c *table.Case) { firstWant(c).Metrics = nil }},
	{"Want.TickEvery", "allow/true", func(c *table.Case) { firstWant(c).TickEvery = &aSecond }},
	{"Want.Trap", "allow/true", func(c *table.Case) { firstWant(c).Trap = "proxy_on_request_headers" }},
	{"Want.Effects", "allow/true", func(c *table.Case) { firstWant(c).Effects = anotherEffect }},
	{"Want.GRPC", "allow/true", func(c *table.Case) { firstWant(c).GRPC = anotherGRPC }},
	{"Want.Refused", "contexts/update-refused", func(c *table.Case) { firstWant(c).Refused = false }},
	{"Want.Streams", "interplay/answers-out-of-order", func(c *table.Case) {
		for i := range c.Steps {
			c.Steps[i].Want.Streams = nil
		}
	}},
	{"Reply.Status", "missing/absent", func(c *table.Case) { firstReply(c).Status++ }},
	{"Reply.Headers", "missing/absent", func(c *table.Case) { firstReply(c).Headers = moreHeaders }},
	{"Reply.Body", "missing/absent", func(c *table.Case) { firstReply(c).Body += "." }},
	{"Reply.Details", "missing/absent", func(c *table.Case) { firstReply(c).Details += "." }},
	{"Reply.GRPCStatus", "missing/absent", func(c *table.Case) { firstReply(c).GRPCStatus = &zero }},
	{"Reply.Partial", "missing/absent", func(c *table.Case) {
		firstReply(c).Partial = &table.PartialReply{Headers: hasMore}
	}},
	{"Call.Cluster", "callout/answered-200", func(c *table.Case) { firstCall(c).Cluster += "." }},
	{"Call.Headers", "callout/answered-200", func(c *table.Case) { firstCall(c).Headers = moreHeaders }},
	{"Call.Body", "callout/answered-200", func(c *table.Case) { firstCall(c).Body = []byte("another") }},
	{"Call.Trailers", "callout/answered-200", func(c *table.Case) { firstCall(c).Trailers = moreHeaders }},
	{"Call.TimeoutMS", "callout/answered-200", func(c *table.Case) { firstCall(c).TimeoutMS++ }},
	{"Call.Partial", "callout/answered-200", func(c *table.Case) {
		firstCall(c).Partial = &table.PartialCall{Headers: hasMore}
	}},
	{"Logs.Lines", "missing/absent", func(c *table.Case) {
		firstWant(c).Logs.Lines = []table.Log{{Level: "info", Text: "another"}}
	}},
	{"Logs.Partial", "missing/absent", func(c *table.Case) {
		firstWant(c).Logs.Partial = &table.PartialLogs{Has: []table.WantedLog{{Level: table.AnyLevel, Text: another}}}
	}},
}

// notFalsified are the fields that cannot be false on a real Envoy, with the reason.
var notFalsified = map[string]string{
	"Start.Faults":       "it is no expectation",
	"Want.MemoryGrowth":  "V8 does not tell",
	"Want.MemoryBounded": "V8 does not tell",
}

// TestFalsifiedExpectations: an expectation of each kind that is made false must be found on a real Envoy.
func TestFalsifiedExpectations(t *testing.T) {
	observed := map[string]suite.Observation{}
	for _, f := range falsifications {
		t.Run(f.field, func(t *testing.T) {
			cases := load(t, f.id)
			c := cases.Cases()[0]
			seen, ok := observed[f.id]
			if !ok {
				seen = observe(t, shared(t), cases, &c)
				observed[f.id] = seen
			}
			if m := suite.Check(&c, seen); len(m) > 0 {
				t.Fatalf("true, it is found to be false: %v", m)
			}
			f.falsify(&c)
			if len(suite.Check(&c, seen)) == 0 {
				t.Error("it is not found")
			}
		})
	}
	t.Run("good request", func(t *testing.T) {
		c := load(t, "missing/absent").Cases()[0]
		seen, err := shared(t).Observe(t.Context(), &c, c.Steps[0].Request) // which the case has refused
		if err != nil {
			t.Fatal(err)
		}
		if len(suite.Check(&c, seen)) == 0 {
			t.Error("it is not found")
		}
	})
}

// TestEachKindIsFalsified: a field that is added to what a case can want needs a row above, too.
func TestEachKindIsFalsified(t *testing.T) {
	for _, v := range []any{table.Start{}, table.Want{}, table.Reply{}, table.Call{}, table.Logs{}} {
		of := reflect.TypeOf(v)
		for i := range of.NumField() {
			field := of.Name() + "." + of.Field(i).Name
			switch {
			case strings.HasPrefix(of.Field(i).Name, "Any"): // everything is right
			case slices.ContainsFunc(falsifications, func(f falsified) bool { return f.field == field }):
			case notFalsified[field] == "":
				t.Errorf("%s is never false in TestFalsifiedExpectations", field)
			}
		}
	}
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
