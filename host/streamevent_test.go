package host

import (
	"fmt"

	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// streamEvent is something that happens to the stream under test.
type streamEvent func(b *fixture, s *Stream)

func reqHeaders(end bool, h ...string) streamEvent {
	return func(_ *fixture, s *Stream) {
		s.RequestHeaders(append(get[:len(get):len(get)], headermap.Of(h...)...), end)
	}
}

func reqData(data string, end bool) streamEvent {
	return func(_ *fixture, s *Stream) { s.RequestBody([]byte(data), end) }
}

func reqTrailers(h ...string) streamEvent {
	return func(_ *fixture, s *Stream) { s.RequestTrailers(headermap.Of(h...)) }
}

func respHeaders(end bool, h ...string) streamEvent {
	return func(_ *fixture, s *Stream) {
		s.ResponseHeaders(append(headermap.Of(":status", "200"), headermap.Of(h...)...), end)
	}
}

func respData(data string, end bool) streamEvent {
	return func(_ *fixture, s *Stream) { s.ResponseBody([]byte(data), end) }
}

func respTrailers(h ...string) streamEvent {
	return func(_ *fixture, s *Stream) { s.ResponseTrailers(headermap.Of(h...)) }
}

func closed(_ *fixture, s *Stream) { s.Close() }

func tick(b *fixture, _ *Stream) { _ = b.plugin.Tick() }

// many is that many names and values.
func many(n int) []string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("h%d", i), "v")
	}
	return list
}

// allCallbacks exports all callbacks of a stream.
func allCallbacks() *wasmtest.Guest {
	g := wasmtest.NewGuest("0_2_1")
	g.Exports("proxy_on_context_create", reqHead, reqBody, reqTrail, respHead, respBody, "proxy_on_response_trailers",
		onLogs, onDones, onDeletes)
	return g
}

// resumeOnTick lets a tick continue what stream 2 holds.
func resumeOnTick(g *wasmtest.Guest, kind int) {
	g.Call(onTicks, "proxy_set_effective_context", 2)
	g.Call(onTicks, "proxy_continue_stream", kind)
}
