//go:build !wasm

// main_test.go: the callbacks against a stand-in for the host: what is called, what is returned, what a failing host
// function leads to. Twin: lib_test.rs.

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	allowing = encodePairs([]pair{{"allow", "true"}})
	refusing = encodePairs([]pair{{"allow", "false"}})
	refusal  = nativeCall{code: 403, details: "header_auth_refused", body: "Forbidden by ASM Wasm Plugin",
		pairs: encodePairs([]pair{{"content-type", "text/plain"}}), grpcStatus: 7}
)

func TestAllowed(t *testing.T) {
	s := started(t, "")
	s.expectHeaders(allowing, ActionContinue)
	s.expectRest(ActionContinue)
	s.expectCalls()
}

func TestRefused(t *testing.T) {
	s := started(t, "")
	s.expectHeaders(refusing, ActionPause)
	s.expectCalls(debug("refused: mismatch"), refusal)
}

func TestRefusedOnce(t *testing.T) {
	s := started(t, "")
	s.expectHeaders(refusing, ActionPause)
	s.expectHeaders(allowing, ActionPause)
	s.expectRest(ActionPause)
	s.expectCalls(debug("refused: mismatch"), refusal)
}

func TestReplyAsConfigured(t *testing.T) {
	s := started(t, `{"deny":{"status":401,"body":"","headers":[]}}`)
	s.expectHeaders("", ActionPause)
	s.expectCalls(debug("refused: missing"),
		nativeCall{code: 401, details: "header_auth_refused", pairs: "\x00\x00\x00\x00", grpcStatus: 16})
}

func TestMalformedMap(t *testing.T) {
	s := started(t, "")
	s.expectHeaders(allowing[:len(allowing)-1], ActionPause)
	s.expectCalls(debug("refused: malformed"), refusal)
}

func TestHeadersFail(t *testing.T) {
	for _, status := range []uint32{1, 2, 6, 10, 12, 4294967295} {
		s := started(t, "")
		standIn.headersStatus = status
		s.expectHeaders(allowing, ActionPause)
		s.expectCalls(debug("refused: malformed"), refusal)
	}
}

func TestLogAndReplyFail(t *testing.T) {
	s := started(t, "")
	standIn.otherStatus = 10
	s.expectHeaders(refusing, ActionPause)
	s.expectRest(ActionPause)
	s.expectCalls(debug("refused: mismatch"), refusal)
}

func TestConfigurationRefused(t *testing.T) {
	p, ok := configured(`{"values":[]}`, 0)
	if ok {
		t.Error("started")
	}
	s := test{t, p.NewHttpContext(2)}
	s.expectHeaders(allowing, ActionPause)
	s.expectCalls(failure("values: at least one item expected"), debug("refused: mismatch"), refusal)
}

func TestConfigurationFails(t *testing.T) {
	for _, status := range []uint32{2, 6, 10, 12, 4294967295} {
		p, ok := configured("{}", status)
		if ok {
			t.Error("started")
		}
		s := test{t, p.NewHttpContext(2)}
		s.expectCalls(failure("could not be read"))
	}
}

func TestConfigurationNotFound(t *testing.T) {
	p, ok := configured("", statusNotFound)
	if !ok {
		t.Error("did not start")
	}
	s := test{t, p.NewHttpContext(2)}
	s.expectHeaders(allowing, ActionContinue)
	s.expectCalls()
}

func TestConfigurationTooLong(t *testing.T) {
	p, ok := configured(strings.Repeat(" ", 1<<20), 0)
	if ok {
		t.Error("started")
	}
	s := test{t, p.NewHttpContext(2)}
	s.expectCalls(failure("longer than 65536 bytes"))
}

// TestUpdate: a stream keeps the configuration it began with; what comes later has the new one, or none at all.
func TestUpdate(t *testing.T) {
	p, _ := configured("", 0)
	before := test{t, p.NewHttpContext(2)}
	standIn.configuration = []byte(`{"values":["false"]}`)
	p.OnPluginStart(0)
	after := test{t, p.NewHttpContext(3)}
	standIn.configuration = []byte(`[]`)
	p.OnPluginStart(0)
	last := test{t, p.NewHttpContext(4)}

	before.expectHeaders(allowing, ActionContinue)
	after.expectHeaders(refusing, ActionContinue)
	last.expectCalls(failure("expected an object"))
	last.expectHeaders(refusing, ActionPause)
}

func TestNotConfigured(t *testing.T) {
	standIn = nativeHost{}
	s := test{t, new(vm).NewPluginContext(1).NewHttpContext(2)}
	s.expectHeaders(allowing, ActionPause)
}

// TestNothingAllocated: the one allocation of an allowed request is the stand-in's, for the map it hands over.
func TestNothingAllocated(t *testing.T) {
	s := started(t, "")
	standIn.headers = []byte(allowing)
	if n := testing.AllocsPerRun(100, func() { s.stream.OnHttpRequestHeaders(0, true) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

func TestRateLimited(t *testing.T) {
	s := started(t, `{"rate_limit":{"tokens":1,"refill_ms":1},"log_headers":true,"metrics":true}`)
	standIn.calls = nil
	s.expectHeaders(allowing, ActionContinue)
	standIn.now, standIn.calls = 1_000_000, nil
	s.expectHeaders(allowing, ActionPause)
	s.expectRest(ActionPause)
	s.expectCalls(debug("refused: rate limited"), nativeCall{function: "increment", number: 12},
		nativeCall{code: 403, details: "header_auth_refused", body: "rate limited, wait and retry.",
			pairs: encodePairs([]pair{{"powered-by", "header-auth"}}), grpcStatus: 7})
}

func TestRefilled(t *testing.T) {
	r := &rateLimit{tokens: 1, refillTime: 10}
	r.fill(100)
	for _, step := range []struct {
		now  uint64
		want bool
	}{{100, true}, {110, false}, {99, false}, {0, false}, {111, true}, {121, false}, {122, true}} {
		if got := r.take(step.now); got != step.want {
			t.Errorf("at %d: %v", step.now, got)
		}
	}
}

func TestClockFails(t *testing.T) {
	s := started(t, `{"rate_limit":{"tokens":1,"refill_ms":1}}`)
	standIn.failing, standIn.failure = "clock", 10
	s.expectHeaders(allowing, ActionPause)
	s.expectCalls(debug("refused: malformed"), refusal)
}

func TestRequestHeaders(t *testing.T) {
	s := started(t, `{"request_headers":[["A","1"],["b",""]]}`)
	s.expectHeaders(allowing, ActionContinue)
	s.expectCalls(replaced(0, "a", "1"), replaced(0, "b", ""))
	standIn.failing, standIn.failure, standIn.calls = "replace", 2, nil
	s.expectHeaders(allowing, ActionPause)
	s.expectCalls(replaced(0, "a", "1"), debug("refused: malformed"), refusal)
}

func TestResponse(t *testing.T) {
	const configuration = `{"config_header":"c","response_headers":[["a","1"],["a","2"]],"log_headers":true}`
	s := started(t, "\n"+configuration+"\t")
	standIn.headers = []byte(encodePairs([]pair{{"x", "\ny"}, {"cookie", "z"}}))
	s.stream.OnHttpResponseHeaders(1, false)
	s.stream.OnHttpResponseHeaders(1, false)
	s.expectCalls(nativeCall{level: 2, text: "response header x: ?y"},
		nativeCall{level: 2, text: "response header cookie: ***"},
		nativeCall{function: "add", number: 2, name: "a", value: "1"},
		nativeCall{function: "add", number: 2, name: "a", value: "2"}, replaced(2, "c", configuration))
}

// TestLoggedLines: all lines are made in one buffer; a short line after a long one has nothing of it.
func TestLoggedLines(t *testing.T) {
	s := started(t, `{"log_headers":true,"header":"b"}`)
	long := strings.Repeat("v", 257)
	s.expectHeaders(encodePairs([]pair{{"a", long}, {"\x7fc", "\x80 "}, {"B", "x"}}), ActionPause)
	s.expectCalls(nativeCall{level: 2, text: "request header a: " + long[1:]},
		nativeCall{level: 2, text: "request header ?c: ? "},
		nativeCall{level: 2, text: "request header B: ***"},
		debug("refused: mismatch"), refusal)
}

// TestCountersNotDefined: a counter that the host did not define is not counted.
func TestCountersNotDefined(t *testing.T) {
	standIn = nativeHost{configuration: []byte(`{"metrics":true}`), failing: "define", failure: 10}
	p := new(vm).NewPluginContext(1)
	if p.OnPluginStart(0) != OnPluginStartStatusOK {
		t.Error("did not start")
	}
	standIn.calls = nil
	s := test{t, p.NewHttpContext(2)}
	s.expectHeaders(allowing, ActionContinue)
	s.expectCalls()
}

func TestToken(t *testing.T) {
	p, ok := configured(`{"token":{"cluster":"c","authority":"a","path":"/p","period_ms":7}}`, 0)
	if !ok {
		t.Fatal("did not start")
	}
	s := test{t, p.NewHttpContext(2)}
	asked := nativeCall{function: "call", number: 5000, name: "c", value: ":method=GET :path=/p :authority=a "}
	s.expectCalls(nativeCall{function: "tick", number: 7})
	for _, step := range []struct {
		headers []pair
		warning string
	}{
		{nil, "token: no answer"},
		{[]pair{{":status", "503"}}, "token: no answer"},
		{[]pair{{":status", "200"}, {"grpc-status", "14"}}, "token: no answer"},
		{[]pair{{":status", "502"}, {"content-type", "text/plain"}}, "token: no answer"},
		{[]pair{{":status", "404"}}, "token: status 404"},
		{[]pair{{":status", "2000"}}, "token: status unreadable"},
		{[]pair{{"a", "b"}}, "token: status unreadable"},
		{[]pair{{":status", "200"}}, "token: no value"},
		{[]pair{{":status", "200"}, {"authorization", ""}}, "token: no value"},
		{[]pair{{":status", "200"}, {"authorization", "a\n"}}, "token: no value"},
		{[]pair{{":status", "200"}, {"authorization", "a"}, {"authorization", "a"}}, "token: no value"},
	} {
		standIn.calls = nil
		p.OnTick()
		standIn.headers = []byte(encodePairs(step.headers))
		standIn.reply(len(step.headers), 0, 0)
		s.expectCalls(asked, nativeCall{level: 3, text: step.warning})
	}
	standIn.calls = nil
	p.OnTick()
	standIn.headers = []byte(encodePairs([]pair{{":status", "200"}, {"authorization", "good"}}))
	standIn.reply(2, 0, 0)
	s.stream.OnHttpResponseHeaders(1, true)
	s.expectCalls(asked, replaced(2, "x-auth", "good"))
	standIn.failing, standIn.failure, standIn.calls = "call", 2, nil
	p.OnTick()
	s.expectCalls(asked, nativeCall{level: 3, text: "token: not asked"})
}

func TestNoTicks(t *testing.T) {
	standIn = nativeHost{configuration: []byte(`{"token":{"cluster":"c","authority":"a","path":"/"}}`),
		failing: "tick", failure: 10}
	if new(vm).NewPluginContext(1).OnPluginStart(0) == OnPluginStartStatusOK {
		t.Error("started")
	}
	test{t, nil}.expectCalls(nativeCall{function: "tick", number: 15000},
		nativeCall{level: 4, text: "token: the host gives no ticks"})
}

func TestCallout(t *testing.T) {
	asked := nativeCall{function: "call", number: 5000, name: "c", value: ":method=GET :path=/p :authority=a allow=true "}
	context := nativeCall{function: "context", number: 2}
	continued := nativeCall{function: "continue"}
	for _, step := range []struct {
		name, onError, failing, status string
		want                           []nativeCall
		rest                           Action
	}{
		{"200", "deny", "", "200", []nativeCall{context, replaced(0, "r", "1"), continued}, ActionContinue},
		{"201", "allow", "", "201", []nativeCall{context, debug("refused: callout"), refusal}, ActionPause},
		{"503", "deny", "", "503", []nativeCall{context, debug("refused: callout unanswered"), refusal}, ActionPause},
		{"503 allowed", "allow", "", "503", []nativeCall{context, replaced(0, "r", "1"), continued}, ActionContinue},
		{"continue fails", "deny", "continue", "200", []nativeCall{context, replaced(0, "r", "1"), continued}, ActionPause},
		{"context fails", "deny", "context", "200", []nativeCall{context}, ActionPause},
		{"replace fails", "deny", "replace", "200",
			[]nativeCall{context, replaced(0, "r", "1"), debug("refused: malformed"), refusal}, ActionPause},
	} {
		t.Run(step.name, func(t *testing.T) {
			s := started(t, `{"callout":{"cluster":"c","authority":"a","path":"/p","forward":["allow"],"on_error":"`+
				step.onError+`"},"request_headers":[["r","1"]]}`)
			s.expectHeaders(allowing, ActionPause)
			s.expectHeaders(allowing, ActionPause)
			standIn.failing, standIn.failure = step.failing, 2
			standIn.headers = []byte(encodePairs([]pair{{":status", step.status}}))
			standIn.reply(1, 0, 0)
			s.expectCalls(append([]nativeCall{asked}, step.want...)...)
			s.expectRest(step.rest)
		})
	}
}

func TestCalloutNotAsked(t *testing.T) {
	s := started(t, `{"callout":{"cluster":"c","authority":"a","path":"/p","on_error":"allow"},"metrics":true}`)
	standIn.failing, standIn.failure, standIn.calls = "call", 10, nil
	s.expectHeaders(allowing, ActionContinue)
	s.expectCalls(nativeCall{function: "call", number: 5000, name: "c", value: ":method=GET :path=/p :authority=a "},
		nativeCall{function: "increment", number: 16}, nativeCall{function: "increment", number: 4})
}

func TestCalloutForwardsTooMuch(t *testing.T) {
	asked := nativeCall{function: "call", number: 5000, name: "c",
		value: ":method=GET :path=/p :authority=a a= " + strings.Repeat("b= ", 999)}
	for _, step := range []struct {
		pairs int
		want  []nativeCall
	}{
		{1000, []nativeCall{asked}},
		{1001, []nativeCall{debug("refused: malformed"), refusal}},
	} {
		s := started(t, `{"callout":{"cluster":"c","authority":"a","path":"/p","forward":["a","b"],"on_error":"allow"}}`)
		headers := append(slices.Repeat([]pair{{"b", ""}}, step.pairs-1), pair{"a", ""}, pair{"allow", "true"})
		s.expectHeaders(encodePairs(headers), ActionPause)
		s.expectCalls(step.want...)
	}
}

func replaced(mapType int64, name, value string) nativeCall {
	return nativeCall{function: "replace", number: mapType, name: name, value: value}
}

// test is one stream under test.
type test struct {
	*testing.T
	stream HttpContext
}

func started(t *testing.T, configuration string) test {
	t.Helper()
	p, ok := configured(configuration, 0)
	if !ok {
		t.Fatalf("did not start: %v", standIn.calls)
	}
	return test{t, p.NewHttpContext(2)}
}

// configured starts a plugin on a new stand-in.
func configured(configuration string, status uint32) (p PluginContext, ok bool) {
	standIn = nativeHost{configuration: []byte(configuration), configurationStatus: status}
	p = new(vm).NewPluginContext(1)
	return p, p.OnPluginStart(len(configuration)) == OnPluginStartStatusOK
}

func (s test) expectHeaders(pairs string, want Action) {
	s.Helper()
	standIn.headers = []byte(pairs)
	if got := s.stream.OnHttpRequestHeaders(0, true); got != want {
		s.Errorf("request headers: action %v, want %v", got, want)
	}
}

// expectRest is about what may still arrive; the response always goes on, since it may be the refusal.
func (s test) expectRest(want Action) {
	s.Helper()
	if got := s.stream.OnHttpRequestBody(1, false); got != want {
		s.Errorf("request body: action %v, want %v", got, want)
	}
	if got := s.stream.OnHttpRequestTrailers(1); got != want {
		s.Errorf("request trailers: action %v, want %v", got, want)
	}
	if got := s.stream.OnHttpResponseHeaders(1, false); got != ActionContinue {
		s.Errorf("response headers: action %v", got)
	}
	if got := s.stream.OnHttpResponseBody(1, true); got != ActionContinue {
		s.Errorf("response body: action %v", got)
	}
	s.stream.OnHttpStreamDone()
}

func (s test) expectCalls(want ...nativeCall) {
	s.Helper()
	if diff := cmp.Diff(want, standIn.calls, cmp.AllowUnexported(nativeCall{})); diff != "" {
		s.Errorf("calls (-want +got):\n%s", diff)
	}
}

func debug(line string) nativeCall { return nativeCall{level: 1, text: line} }

func failure(why string) nativeCall {
	return nativeCall{level: 4, text: "configuration refused: " + why}
}
