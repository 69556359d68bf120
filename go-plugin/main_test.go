//go:build !wasm

// main_test.go: the callbacks against a stand-in for the host: what is called, what is returned, what a failing host
// function leads to. Twin: lib_test.rs.

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	allowing = encodePairs([]pair{{"allow", "true"}})
	refusing = encodePairs([]pair{{"allow", "false"}})
	reply    = nativeCall{code: 403, details: "header_auth_refused", body: "Forbidden by ASM Wasm Plugin",
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
	s.expectCalls(debug("refused: mismatch"), reply)
}

func TestRefusedOnce(t *testing.T) {
	s := started(t, "")
	s.expectHeaders(refusing, ActionPause)
	s.expectHeaders(allowing, ActionPause)
	s.expectRest(ActionPause)
	s.expectCalls(debug("refused: mismatch"), reply)
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
	s.expectCalls(debug("refused: malformed"), reply)
}

func TestHeadersFail(t *testing.T) {
	for _, status := range []uint32{1, 2, 6, 10, 12, 4294967295} {
		s := started(t, "")
		standIn.headersStatus = status
		s.expectHeaders(allowing, ActionPause)
		s.expectCalls(debug("refused: malformed"), reply)
	}
}

func TestLogAndReplyFail(t *testing.T) {
	s := started(t, "")
	standIn.otherStatus = 10
	s.expectHeaders(refusing, ActionPause)
	s.expectRest(ActionPause)
	s.expectCalls(debug("refused: mismatch"), reply)
}

func TestConfigurationRefused(t *testing.T) {
	p, ok := configured(`{"values":[]}`, 0)
	if ok {
		t.Error("started")
	}
	s := test{t, p.NewHttpContext(2)}
	s.expectHeaders(allowing, ActionPause)
	s.expectCalls(failure("values: at least one item expected"), debug("refused: mismatch"), reply)
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

func failure(fault string) nativeCall {
	return nativeCall{level: 4, text: "configuration refused: " + fault}
}
