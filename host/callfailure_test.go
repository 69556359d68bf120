package host

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/host/wasmtest"
)

// Header maps and bodies as an Envoy 1.40.0 gave them to a plugin.
const (
	refusedText = "upstream connect error or disconnect/reset before headers. reset " +
		"reason: remote connection failure"
	connectTimeoutText = "upstream connect error or disconnect/reset before headers. reset reason: connection timeout"
	closedText         = "upstream connect error or disconnect/reset before headers. reset reason: connection termination"
	protocolErrorText  = "upstream connect error or disconnect/reset before headers. reset reason: protocol error"
	timedOutText       = "upstream request timeout"
)

// failedCall lets a guest make a call, fails it, and returns the headers and the body that the guest then reads.
func failedCall(t *testing.T, fail func(*fixture), pairs ...string) (headers, text string) {
	t.Helper()
	g := wasmtest.NewGuest("0_2_1")
	g.Call(reqHead, "proxy_http_call", "ready", wasmtest.Pairs(pairs...), "body", "", 50, out1)
	g.Returns(reqHead, 1)
	all := g.Call(onCall, "proxy_get_header_map_pairs", 6, out)
	body := g.Call(onCall, "proxy_get_buffer_bytes", 4, 0, 999, out)
	b := mustStart(t, g, setup{vm: VMConfig{Clock: NewManualClock(time.Unix(100, 0)), Clusters: clusters}})
	b.plugin.NewStream(StreamConfig{}).RequestHeaders(get, true)
	fail(b)
	if calls := b.vm.Calls(); len(calls) != 1 || !calls[0].Done {
		t.Fatalf("calls %+v, want one that is done", calls)
	}
	return b.output(all), b.output(body)
}

func TestFailedCalls(t *testing.T) {
	const grpc = "application/grpc"
	request := func(method string, more ...string) []string {
		return append([]string{":method", method, ":path", "/t", ":authority", "a"}, more...)
	}
	fails := func(f CallFailure) func(*fixture) {
		return func(b *fixture) {
			_ = b.vm.Answer(4, CallAnswer{Failure: f, Headers: answered, Body: []byte("not used")})
		}
	}
	timesOut := func(b *fixture) { _ = b.vm.Advance(50 * time.Millisecond) }
	atOnce := func(*fixture) {}
	tests := []struct {
		name         string
		fail         func(*fixture)
		length, code string // of the answer to a plain call
		text         string
	}{
		{"refused", fails(CallRefused), "98", "503", refusedText},
		{"connect time-out", fails(CallConnectTimeout), "91", "503", connectTimeoutText},
		{"closed", fails(CallClosed), "95", "503", closedText},
		{"protocol error", fails(CallProtocolError), "87", "502", protocolErrorText},
		{"timed out", fails(CallTimedOut), "24", "504", timedOutText},
		{"time-out", timesOut, "24", "504", timedOutText},
	}
	for _, test := range tests {
		expect := func(kind, body, wantBody string, headers string, want ...string) {
			t.Helper()
			if diff := cmp.Diff(wasmtest.Pairs(want...), headers); diff != "" || body != wantBody {
				t.Errorf("%s, %s: body %q, headers (-want +got):\n%s", test.name, kind, body, diff)
			}
		}
		headers, body := failedCall(t, test.fail, request("POST")...)
		expect("plain", body, test.text, headers, ":status", test.code, "content-length", test.length, "content-type",
			"text/plain")
		headers, body = failedCall(t, test.fail, request("HEAD")...)
		expect("HEAD", body, "", headers, ":status", test.code, "content-length", test.length, "content-type", "text/plain")
		headers, body = failedCall(t, test.fail, request("POST", "content-type", grpc)...)
		expect("gRPC", body, "", headers, ":status", "200", "content-type", grpc, "grpc-status", "14",
			"grpc-message", test.text)
		headers, body = failedCall(t, test.fail, request("HEAD", "content-type", grpc)...)
		expect("gRPC, HEAD", body, "", headers, ":status", "200", "content-type", grpc, "grpc-status", "14")
	}

	// A call that Envoy cannot send is answered by Envoy too, and the text has bytes of the call.
	plain := wasmtest.Pairs(":status", "503", "content-length", "29", "content-type", "text/plain")
	if headers, body := failedCall(t, atOnce, request("POST", "x-a", "a\x01b")...); headers != plain ||
		body != "invalid header value for: x-a" {
		t.Errorf("value: headers %q, body %q", headers, body)
	}
	asGrpc := wasmtest.Pairs(":status", "200", "content-type", grpc, "grpc-status", "14", "grpc-message",
		"invalid header name: x%25%7E%E9 ")
	if headers, body := failedCall(t, atOnce, request("POST", "content-type", grpc, "x%~\xe9 ",
		"b")...); headers != asGrpc || body != "" {
		t.Errorf("name: headers %q, body %q", headers, body)
	}

	if headers, _ := failedCall(t, fails(CallBrokenOff), request("POST", "content-type", grpc)...); headers != "" {
		t.Errorf("broken off: headers %q, want none", headers)
	}
}

// Which calls Envoy takes for gRPC, by their content-type.
func TestFailedCallLooksLikeGrpc(t *testing.T) {
	for contentType, grpc := range map[string]bool{
		"application/grpc": true, "application/grpc+": true, "application/grpc+proto": true, "application/grpc-web": false,
		"application/grpc;x": false, "application/grpc ": false, " application/grpc": false, "Application/grpc": false,
		"application/grpcx": false, "application/grpc,a/b": false, "application/grpc+a,a/b": true, "": false,
	} {
		fail := func(b *fixture) { _ = b.vm.Answer(4, CallAnswer{Failure: CallRefused}) }
		_, body := failedCall(t, fail, ":method", "POST", ":path", "/t", ":authority", "a", "Content-Type", contentType)
		if got := body == ""; got != grpc {
			t.Errorf("content-type %q: taken for gRPC %t, want %t", contentType, got, grpc)
		}
	}
	fail := func(b *fixture) { _ = b.vm.Answer(4, CallAnswer{Failure: CallRefused}) }
	for _, test := range []struct {
		first, second string
		grpc          bool
	}{{"application/grpc", "a/b", false}, {"application/grpc+a", "a/b", true}, {"a/b", "application/grpc", false}} {
		_, body := failedCall(t, fail, ":method", "POST", ":path", "/t", ":authority", "a", "content-type", test.first,
			"content-type", test.second)
		if got := body == ""; got != test.grpc {
			t.Errorf("content-type %q and %q: taken for gRPC %t, want %t", test.first, test.second, got, test.grpc)
		}
	}
}
