package host

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// everything exports all callbacks of a stream.
func everything() *wasmtest.Guest {
	g := wasmtest.NewGuest("0_2_1")
	g.Exports("proxy_on_context_create", reqHead, reqBody, reqTrail, respHead, respBody, "proxy_on_response_trailers",
		onLogs, onDones, onDeletes)
	return g
}

// callbacksOf is the callbacks made since crossing from, without what they have in common, such as
// "request_headers(2, 6, true)".
func (b *bench) callbacksOf(from int) []string {
	var list []string
	for _, c := range b.vm.Crossings()[from:] {
		if c.ToGuest && !c.Return && strings.HasPrefix(c.Name, "proxy_on_") {
			var values []string
			for _, a := range strings.Split(c.Args, ", ") {
				values = append(values, a[strings.IndexByte(a, ' ')+1:])
			}
			list = append(list, fmt.Sprintf("%s(%s)", strings.TrimPrefix(c.Name, "proxy_on_"), strings.Join(values, ", ")))
		}
	}
	return list
}

// an event is something that happens to the stream under test.
type happening func(b *bench, s *Stream)

func reqHeaders(end bool, h ...Header) happening {
	return func(_ *bench, s *Stream) { s.RequestHeaders(append(get[:len(get):len(get)], h...), end) }
}
func reqData(data string, end bool) happening {
	return func(_ *bench, s *Stream) { s.RequestBody([]byte(data), end) }
}
func reqTrailers(h ...Header) happening { return func(_ *bench, s *Stream) { s.RequestTrailers(h) } }
func respHeaders(end bool, h ...Header) happening {
	return func(_ *bench, s *Stream) { s.ResponseHeaders(append(headermap.Of(":status", "200"), h...), end) }
}
func respData(data string, end bool) happening {
	return func(_ *bench, s *Stream) { s.ResponseBody([]byte(data), end) }
}
func respTrailers(h ...Header) happening { return func(_ *bench, s *Stream) { s.ResponseTrailers(h) } }
func closed(_ *bench, s *Stream)         { s.Close() }
func tick(b *bench, _ *Stream)           { _ = b.plugin.Tick() }

// resumeOnTick lets a tick continue what stream 2 holds.
func resumeOnTick(g *wasmtest.Guest, kind int) {
	g.Call(onTicks, "proxy_set_effective_context", 2)
	g.Call(onTicks, "proxy_continue_stream", kind)
}

// TestExchanges holds which callbacks an exchange makes, and what reaches upstream and client.
func TestExchanges(t *testing.T) {
	reply := func(g *wasmtest.Guest, in string, list ...any) {
		g.Call(in, "proxy_send_local_response", list...)
	}
	deny := args(403, "no", "go away", wasmtest.Pairs("X-A", "b"), -1)
	tests := []struct {
		name     string
		guest    func(g *wasmtest.Guest)
		config   StreamConfig
		plugin   PluginConfig
		events   []happening
		calls    string // without the prefixes, joined by blanks
		upstream string // HEADERS? body trailers end
		client   string
	}{
		{name: "GET", guest: func(*wasmtest.Guest) {},
			events:   []happening{reqHeaders(true), respHeaders(false), respData("ok", false), respData("", true), closed},
			calls:    "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 1, false) response_body(2, 2, false) response_body(2, 0, true) log(2) done(2) delete(2)",
			upstream: "GET|", client: "200|ok|"},
		{name: "POST in one piece", guest: func(*wasmtest.Guest) {},
			events:   []happening{reqHeaders(false), reqData("hello", true), respHeaders(true), closed},
			calls:    "context_create(2, 1) request_headers(2, 6, false) request_body(2, 5, false) request_body(2, 0, true) response_headers(2, 1, true) log(2) done(2) delete(2)",
			upstream: "GET|hello|", client: "200|"},
		{name: "POST in one piece, HTTP/2", guest: func(*wasmtest.Guest) {}, config: StreamConfig{Protocol: HTTP2},
			events:   []happening{reqHeaders(false), reqData("hello", true)},
			calls:    "context_create(2, 1) request_headers(2, 6, false) request_body(2, 5, true)",
			upstream: "GET|hello|", client: "nothing"},
		{name: "trailers", guest: func(*wasmtest.Guest) {},
			events: []happening{reqHeaders(false), reqData("abc", false), reqData("defg", false), reqTrailers(Header{Name: "t", Value: "1"}),
				respHeaders(false), respData("x", false), respTrailers(Header{Name: "u", Value: "1"}, Header{Name: "v", Value: "2"})},
			calls:    "context_create(2, 1) request_headers(2, 6, false) request_body(2, 3, false) request_body(2, 4, false) request_trailers(2, 1) response_headers(2, 1, false) response_body(2, 1, false) response_trailers(2, 2)",
			upstream: "GET|abcdefg|t:1|", client: "200|x|u:1,v:2|"},
		{name: "client gives up before the headers", guest: func(*wasmtest.Guest) {}, events: []happening{closed},
			calls: "context_create(2, 1) log(2) done(2) delete(2)", upstream: "nothing", client: "reset"},
		{name: "client gives up", guest: func(*wasmtest.Guest) {}, events: []happening{reqHeaders(false), closed},
			calls: "context_create(2, 1) request_headers(2, 6, false) log(2) done(2) delete(2)", upstream: "GET|reset", client: "reset"},
		{name: "events that cannot be", guest: func(*wasmtest.Guest) {},
			events: []happening{reqData("a", false), respHeaders(true), reqHeaders(true), reqHeaders(true), reqData("a", true),
				reqTrailers(), respData("a", true), closed, closed, reqHeaders(true), respHeaders(true)},
			calls:    "context_create(2, 1) request_headers(2, 6, true) log(2) done(2) delete(2)",
			upstream: "GET|", client: "reset"},

		// Holding.
		{name: "headers held", guest: func(g *wasmtest.Guest) { g.Returns(reqHead, 1) },
			events:   []happening{reqHeaders(false), reqData("hello", true)},
			calls:    "context_create(2, 1) request_headers(2, 6, false)",
			upstream: "nothing", client: "nothing"},
		{name: "headers held, then continued", guest: func(g *wasmtest.Guest) { g.Returns(reqHead, 1); resumeOnTick(g, 0) },
			events:   []happening{reqHeaders(false), reqData("hello", true), tick},
			calls:    "context_create(2, 1) request_headers(2, 6, false) tick(1) request_body(2, 5, true)",
			upstream: "GET|hello|", client: "nothing"},
		{name: "headers held with trailers, then continued", guest: func(g *wasmtest.Guest) { g.Returns(reqHead, 77); resumeOnTick(g, 0) },
			events:   []happening{reqHeaders(false), reqData("hello", false), reqTrailers(Header{Name: "t", Value: "1"}), tick},
			calls:    "context_create(2, 1) request_headers(2, 6, false) tick(1) request_body(2, 5, false) request_trailers(2, 1)",
			upstream: "GET|hello|t:1|", client: "nothing"},
		{name: "headers action 2", guest: func(g *wasmtest.Guest) { g.Returns(reqHead, 2) },
			events: []happening{reqHeaders(true)}, calls: "context_create(2, 1) request_headers(2, 6, true)",
			upstream: "GET|", client: "nothing"},
		{name: "continued in the callback that holds", guest: func(g *wasmtest.Guest) {
			g.Returns(reqHead, 1)
			g.Call(reqHead, "proxy_continue_stream", 0)
		},
			events: []happening{reqHeaders(true)}, calls: "context_create(2, 1) request_headers(2, 6, true)",
			upstream: "GET|", client: "nothing"},
		{name: "continued twice", guest: func(g *wasmtest.Guest) { g.Returns(reqHead, 1); resumeOnTick(g, 0); resumeOnTick(g, 0) },
			events:   []happening{reqHeaders(false), tick, reqData("a", true), tick},
			calls:    "context_create(2, 1) request_headers(2, 6, false) tick(1) request_body(2, 1, false) request_body(2, 0, true) tick(1)",
			upstream: "GET|a|", client: "nothing"},
		{name: "held beyond the limit", guest: func(g *wasmtest.Guest) { g.Returns(reqHead, 1); resumeOnTick(g, 0) },
			plugin:   PluginConfig{BufferLimit: 1024},
			events:   []happening{reqHeaders(false), reqData(strings.Repeat("x", 40000), true), tick},
			calls:    "context_create(2, 1) request_headers(2, 6, false) tick(1) request_body(2, 16384, false) request_body(2, 16384, false) request_body(2, 7232, false) request_body(2, 0, true)",
			upstream: "GET|" + strings.Repeat("x", 40000) + "|", client: "nothing"},
		{name: "body held", guest: func(g *wasmtest.Guest) { g.Returns(reqBody, 1); resumeOnTick(g, 0) },
			events:   []happening{reqHeaders(false), reqData("abc", false), reqData("defg", true), tick},
			calls:    "context_create(2, 1) request_headers(2, 6, false) request_body(2, 3, false) request_body(2, 7, false) request_body(2, 7, true) tick(1)",
			upstream: "GET|abcdefg|", client: "nothing"},
		{name: "body action 2", guest: func(g *wasmtest.Guest) { g.Returns(reqBody, 2); resumeOnTick(g, 0) },
			events:   []happening{reqHeaders(false), reqData("abc", false), reqData("defg", false), tick},
			calls:    "context_create(2, 1) request_headers(2, 6, false) request_body(2, 3, false) request_body(2, 4, false) tick(1)",
			upstream: "GET|abcdefg", client: "nothing"},
		{name: "body held over the limit", guest: func(g *wasmtest.Guest) { g.Returns(reqBody, 1) }, plugin: PluginConfig{BufferLimit: 5},
			events:   []happening{reqHeaders(false), reqData("abc", false), reqData("defg", false), reqData("h", true)},
			calls:    "context_create(2, 1) request_headers(2, 6, false) request_body(2, 3, false) response_headers(2, 3, false) response_body(2, 17, true)",
			upstream: "GET", client: "413|Payload Too Large|"},
		{name: "response body held over the limit", guest: func(g *wasmtest.Guest) { g.Returns(respBody, 1) }, plugin: PluginConfig{BufferLimit: 5},
			events:   []happening{reqHeaders(true), respHeaders(false), respData("abcdefg", false)},
			calls:    "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 1, false) response_body(2, 7, false) log(2) done(2) delete(2)",
			upstream: "GET|", client: "200|reset"},
		{name: "trailers held", guest: func(g *wasmtest.Guest) { g.Returns(reqTrail, 1); g.Returns(reqBody, 1); resumeOnTick(g, 0) },
			events:   []happening{reqHeaders(false), reqData("abc", false), reqTrailers(Header{Name: "t", Value: "1"}), tick},
			calls:    "context_create(2, 1) request_headers(2, 6, false) request_body(2, 3, false) request_trailers(2, 1) tick(1)",
			upstream: "GET|abc|t:1|", client: "nothing"},
		{name: "trailers let a held body go", guest: func(g *wasmtest.Guest) { g.Returns(reqBody, 1) },
			events:   []happening{reqHeaders(false), reqData("abc", false), reqTrailers(Header{Name: "t", Value: "1"})},
			calls:    "context_create(2, 1) request_headers(2, 6, false) request_body(2, 3, false) request_trailers(2, 1)",
			upstream: "GET|abc|t:1|", client: "nothing"},
		{name: "allow_on_headers_stop_iteration", guest: func(g *wasmtest.Guest) {
			g.Returns(reqHead, 1)
			g.Call(reqBody, "proxy_replace_header_map_value", 0, ":method", "PUT")
		}, plugin: PluginConfig{AllowOnHeadersStopIteration: true},
			events:   []happening{reqHeaders(false), reqData("abc", false), reqData("d", true)},
			calls:    "context_create(2, 1) request_headers(2, 6, false) request_body(2, 3, false) request_body(2, 1, false) request_body(2, 0, true)",
			upstream: "PUT|abcd|", client: "nothing"},
		{name: "response headers held, then continued", guest: func(g *wasmtest.Guest) { g.Returns(respHead, 1); resumeOnTick(g, 1) },
			events:   []happening{reqHeaders(true), respHeaders(false), respData("ok", true), tick},
			calls:    "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 1, false) tick(1) response_body(2, 2, true)",
			upstream: "GET|", client: "200|ok|"},
		{name: "the other direction's continue", guest: func(g *wasmtest.Guest) { g.Returns(respHead, 1); resumeOnTick(g, 0) },
			events:   []happening{reqHeaders(true), respHeaders(true), tick},
			calls:    "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 1, true) tick(1)",
			upstream: "GET|", client: "nothing"},

		// Bodies.
		{name: "body replaced", guest: func(g *wasmtest.Guest) { g.Call(reqBody, "proxy_set_buffer_bytes", 0, 0, beyond, "X") },
			config: StreamConfig{Protocol: HTTP2}, events: []happening{reqHeaders(false), reqData("abc", false), reqData("d", true)},
			calls:    "context_create(2, 1) request_headers(2, 6, false) request_body(2, 3, false) request_body(2, 1, true)",
			upstream: "GET|XX|", client: "nothing"},
		{name: "prepended and appended", guest: func(g *wasmtest.Guest) {
			g.Call(reqBody, "proxy_set_buffer_bytes", 0, 0, 1, "<")
			g.Call(reqBody, "proxy_set_buffer_bytes", 0, 99, 9, ">")
		},
			config: StreamConfig{Protocol: HTTP2}, events: []happening{reqHeaders(false), reqData("abc", true)},
			calls:    "context_create(2, 1) request_headers(2, 6, false) request_body(2, 3, true)",
			upstream: "GET|<bc>|", client: "nothing"},
		{name: "trailers added at the end", guest: func(g *wasmtest.Guest) { g.Call(reqBody, "proxy_add_header_map_value", 1, "t", "1") },
			events:   []happening{reqHeaders(false), reqData("a", true)},
			calls:    "context_create(2, 1) request_headers(2, 6, false) request_body(2, 1, false) request_body(2, 0, true)",
			upstream: "GET|a|t:1|", client: "nothing"},

		// Replies.
		{name: "reply", guest: func(g *wasmtest.Guest) { reply(g, reqHead, deny...) },
			events: []happening{reqHeaders(true), respHeaders(true), closed},
			calls:  "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 4, false) response_body(2, 7, true) log(2) done(2) delete(2)",
			client: "403|go away|", upstream: "nothing"},
		{name: "reply without a body", guest: func(g *wasmtest.Guest) {
			reply(g, reqHead, 401, "", "", wasmtest.Pairs("content-type", "a/b", "content-length", "9", ":status", "200", "d", "1", "d", "2"), -1)
		},
			events: []happening{reqHeaders(true)}, calls: "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 3, true)",
			client: "401|", upstream: "nothing"},
		{name: "reply to HEAD", guest: func(g *wasmtest.Guest) { reply(g, reqHead, deny...) },
			events: []happening{func(_ *bench, s *Stream) { s.RequestHeaders(headermap.Of(":method", "HEAD", ":path", "/"), true) }},
			calls:  "context_create(2, 1) request_headers(2, 2, true) response_headers(2, 4, true)", client: "403|", upstream: "nothing"},
		{name: "reply to gRPC", guest: func(g *wasmtest.Guest) { reply(g, reqHead, deny...) },
			events: []happening{reqHeaders(false, Header{Name: "content-type", Value: "application/grpc+proto"})},
			calls:  "context_create(2, 1) request_headers(2, 7, false) response_headers(2, 5, true)", client: "200|", upstream: "nothing"},
		{name: "reply from the body", guest: func(g *wasmtest.Guest) { reply(g, reqBody, deny...) },
			events: []happening{reqHeaders(false), reqData("abc", false), reqData("d", true)},
			calls:  "context_create(2, 1) request_headers(2, 6, false) request_body(2, 3, false) response_headers(2, 4, false) response_body(2, 7, true)",
			client: "403|go away|", upstream: "GET"},
		{name: "reply from response headers", guest: func(g *wasmtest.Guest) { reply(g, respHead, deny...) },
			events: []happening{reqHeaders(true), respHeaders(false), respData("ok", true), closed},
			calls:  "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 1, false) log(2) done(2) delete(2)",
			client: "403|go away|", upstream: "GET|"},
		{name: "reply from the response body", guest: func(g *wasmtest.Guest) { reply(g, respBody, deny...) },
			events: []happening{reqHeaders(true), respHeaders(false), respData("ok", true)},
			calls:  "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 1, false) response_body(2, 2, false) log(2) done(2) delete(2)",
			client: "200|reset", upstream: "GET|"},
		{name: "reply from context_create", guest: func(g *wasmtest.Guest) { reply(g, "proxy_on_context_create", deny...) },
			events: []happening{reqHeaders(true)},
			calls:  "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 4, false) response_body(2, 7, true)",
			client: "403|go away|", upstream: "nothing"},
		{name: "two replies in a callback", guest: func(g *wasmtest.Guest) { reply(g, reqHead, deny...); reply(g, reqHead, 404, "", "", "", -1) },
			events: []happening{reqHeaders(true)},
			calls:  "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 4, false) response_body(2, 7, true)",
			client: "403|go away|", upstream: "nothing"},
		{name: "two replies to a held request", guest: func(g *wasmtest.Guest) {
			g.Returns(reqHead, 1)
			g.Call(onTicks, "proxy_set_effective_context", 2)
			reply(g, onTicks, deny...)
			reply(g, onTicks, 404, "", "second", "", -1)
		},
			events: []happening{reqHeaders(true), tick},
			calls:  "context_create(2, 1) request_headers(2, 6, true) tick(1) response_headers(2, 4, false)",
			client: "404|second|", upstream: "nothing"},
		{name: "reply in the response headers of a reply", guest: func(g *wasmtest.Guest) {
			reply(g, reqHead, deny...)
			reply(g, respHead, 404, "", "second", "", -1)
		},
			events: []happening{reqHeaders(true)},
			calls:  "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 4, false)",
			client: "404|second|", upstream: "nothing"},
		{name: "pause in the response headers of a reply", guest: func(g *wasmtest.Guest) { reply(g, reqHead, deny...); g.Returns(respHead, 1) },
			events: []happening{reqHeaders(true)},
			calls:  "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 4, false)",
			client: "nothing", upstream: "nothing"},
		{name: "reply, then continue", guest: func(g *wasmtest.Guest) { reply(g, reqHead, deny...); g.Call(reqHead, "proxy_continue_stream", 0) },
			events: []happening{reqHeaders(true)},
			calls:  "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 4, false) response_body(2, 7, true)",
			client: "403|go away|", upstream: "nothing"},
		{name: "reply, then close", guest: func(g *wasmtest.Guest) { reply(g, reqHead, deny...); g.Call(reqHead, "proxy_close_stream", 0) },
			events: []happening{reqHeaders(true)},
			calls:  "context_create(2, 1) request_headers(2, 6, true) log(2) done(2) delete(2) response_headers(2, 4, false)",
			client: "reset", upstream: "nothing"},
		{name: "reply, then trap", guest: func(g *wasmtest.Guest) { reply(g, reqHead, deny...); g.Do(reqHead, wasmtest.Unreachable) },
			events: []happening{reqHeaders(true), closed},
			calls:  "context_create(2, 1) request_headers(2, 6, true)",
			client: "503|", upstream: "nothing"},
		{name: "reply on a tick without effective context", guest: func(g *wasmtest.Guest) { g.Returns(reqHead, 1); reply(g, onTicks, deny...) },
			events: []happening{reqHeaders(true), tick},
			calls:  "context_create(2, 1) request_headers(2, 6, true) tick(1)",
			client: "nothing", upstream: "nothing"},
		{name: "close", guest: func(g *wasmtest.Guest) { g.Call(respHead, "proxy_close_stream", 1) },
			events: []happening{reqHeaders(true), respHeaders(true)},
			calls:  "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 1, true) log(2) done(2) delete(2)",
			client: "reset", upstream: "GET|"},
		{name: "trap in response headers", guest: func(g *wasmtest.Guest) { g.Do(respHead, wasmtest.Unreachable) },
			events: []happening{reqHeaders(true), respHeaders(false), respData("ok", true), closed},
			calls:  "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 1, false)",
			client: "503|", upstream: "GET|"},
		{name: "trap in response body", guest: func(g *wasmtest.Guest) { g.Do(respBody, wasmtest.Unreachable) },
			events: []happening{reqHeaders(true), respHeaders(false), respData("ok", true), closed},
			calls:  "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 1, false) response_body(2, 2, false)",
			client: "200|reset", upstream: "GET|"},
		{name: "trap on a tick while held", guest: func(g *wasmtest.Guest) { g.Returns(reqHead, 1); g.Do(onTicks, wasmtest.Unreachable) },
			events: []happening{reqHeaders(true), tick},
			calls:  "context_create(2, 1) request_headers(2, 6, true) tick(1)",
			client: "nothing", upstream: "nothing"},

		// The codec.
		{name: "control byte in a value", guest: func(*wasmtest.Guest) {}, events: []happening{reqHeaders(true, Header{Name: "x", Value: "a\x00b"}), closed},
			calls: "context_create(2, 1) log(2) done(2) delete(2)", client: "400|Bad Request|", upstream: "nothing"},
		{name: "control byte in a value, raw", guest: func(*wasmtest.Guest) {}, config: StreamConfig{Raw: true},
			events: []happening{reqHeaders(true, Header{Name: "x", Value: "a\x00b"})},
			calls:  "context_create(2, 1) request_headers(2, 7, true)", client: "nothing", upstream: "GET|"},
		{name: "upper case, HTTP/2", guest: func(*wasmtest.Guest) {}, config: StreamConfig{Protocol: HTTP2},
			events: []happening{reqHeaders(true, Header{Name: "X", Value: "a"})}, client: "reset", upstream: "nothing"},
		{name: "too many headers", guest: func(*wasmtest.Guest) {}, events: []happening{reqHeaders(true, many(100)...)},
			client: "431|Request Header Fields Too Large|", upstream: "nothing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := everything()
			test.guest(g)
			b := run(t, g, setup{vm: VMConfig{Trace: true}, plugin: test.plugin})
			from := len(b.vm.Crossings())
			s := b.plugin.NewStream(test.config)
			for _, happen := range test.events {
				happen(b, s)
			}
			if got := strings.Join(b.callbacksOf(from), " "); got != test.calls {
				t.Errorf("callbacks\n got %s\nwant %s", got, test.calls)
			}
			if got := show(s.Upstream(), ":method"); got != test.upstream {
				t.Errorf("upstream %q, want %q", got, test.upstream)
			}
			if got := show(s.Downstream(), ":status"); got != test.client {
				t.Errorf("client %q, want %q", got, test.client)
			}
			if f := b.vm.Failure(); f != nil && f.Kind != Trapped {
				t.Error(f)
			}
		})
	}
}

// show is a message on one line: a header, its body and trailers, each with a bar when it has ended.
func show(m *Message, header string) string {
	text := ""
	if m.HeadersSent {
		text, _ = m.Header(header)
	} else if !m.Reset {
		return "nothing"
	}
	if len(m.Body()) > 0 {
		text += "|" + string(m.Body())
	}
	var trailers []string
	for _, h := range m.Trailers() {
		trailers = append(trailers, h.Name+":"+h.Value)
	}
	if trailers != nil {
		text += "|" + strings.Join(trailers, ",")
	}
	switch {
	case m.Reset && text == "":
		return "reset"
	case m.Reset:
		return text + "|reset"
	case m.Ended:
		return text + "|"
	}
	return text
}

// TestReplyHeaders holds what a reply looks like to the client.
func TestReplyHeaders(t *testing.T) {
	grpc, head := Header{Name: "content-type", Value: "application/grpc"}, Header{Name: ":method", Value: "HEAD"}
	tests := []struct {
		name    string
		reply   []any
		request []Header
		want    []Header
	}{
		{"order", args(403, "", "body", wasmtest.Pairs("B", "1", "a", "2", "b", "3"), -1), nil,
			headermap.Of(":status", "403", "b", "1", "a", "2", "b", "3", "content-length", "4", "content-type", "text/plain")},
		{"own content-type and length", args(403, "", "body", wasmtest.Pairs("content-length", "9", "content-type", "a/b", "x", "y"), -1), nil,
			headermap.Of(":status", "403", "content-length", "4", "content-type", "a/b", "x", "y")},
		{"empty content-type", args(403, "", "body", wasmtest.Pairs("content-type", "", "x", "y"), -1), nil,
			headermap.Of(":status", "403", "content-type", "", "x", "y", "content-length", "4")},
		{"empty content-type, then another", args(403, "", "body", wasmtest.Pairs("content-type", "", "content-type", "a/b"), -1), nil,
			headermap.Of(":status", "403", "content-type", "a/b", "content-length", "4")},
		{"empty content-type, no body", args(403, "", "", wasmtest.Pairs("content-type", "", "x", "y"), -1), nil,
			headermap.Of(":status", "403", "x", "y")},
		{"pseudo-headers dropped", args(403, "", "", wasmtest.Pairs(":status", "200", ":x", "y"), -1), nil, headermap.Of(":status", "403")},
		{"status cut to 16 bits", args(70000, "", "", "", -1), nil, headermap.Of(":status", "4464")},
		{"status -1", args(-1, "", "", "", -1), nil, headermap.Of(":status", "65535")},
		{"malformed pairs", args(403, "", "", "\x02", -1), nil, headermap.Of(":status", "403")},
		{"line break in a value", args(403, "", "", wasmtest.Pairs("a", "b\r\nc: d"), -1), nil, headermap.Of(":status", "403", "a", "b\r\nc: d")},
		{"gRPC", args(403, "", "a%b\n", wasmtest.Pairs("a", "b"), -1), []Header{grpc},
			[]Header{{Name: ":status", Value: "200"}, {Name: "a", Value: "b"}, grpc, {Name: "grpc-status", Value: "7"}, {Name: "grpc-message", Value: "a%25b%0A"}}},
		{"gRPC, 401", args(401, "", "", "", 17), []Header{grpc}, []Header{{Name: ":status", Value: "200"}, grpc, {Name: "grpc-status", Value: "16"}}},
		{"gRPC, 503", args(503, "", "", "", 99), []Header{grpc}, []Header{{Name: ":status", Value: "200"}, grpc, {Name: "grpc-status", Value: "14"}}},
		{"gRPC, its own status", args(403, "", "", "", 0), []Header{grpc}, []Header{{Name: ":status", Value: "200"}, grpc, {Name: "grpc-status", Value: "0"}}},
		{"gRPC, the body's message", args(403, "", "no", wasmtest.Pairs("grpc-message", "mine", "a", "b"), 7), []Header{grpc},
			[]Header{{Name: ":status", Value: "200"}, {Name: "grpc-message", Value: "no"}, {Name: "a", Value: "b"}, grpc, {Name: "grpc-status", Value: "7"}}},
		{"gRPC, a message of its own", args(403, "", "", wasmtest.Pairs("grpc-message", "mine"), 7), []Header{grpc},
			[]Header{{Name: ":status", Value: "200"}, {Name: "grpc-message", Value: "mine"}, grpc, {Name: "grpc-status", Value: "7"}}},
		{"gRPC, a pair's status", args(403, "", "no", wasmtest.Pairs("grpc-status", "5"), 7), []Header{grpc},
			[]Header{{Name: ":status", Value: "200"}, {Name: "grpc-status", Value: "5"}, grpc, {Name: "grpc-message", Value: "no"}}},
		{"gRPC, a pair's empty status", args(403, "", "no", wasmtest.Pairs("grpc-status", ""), 7), []Header{grpc},
			[]Header{{Name: ":status", Value: "200"}, {Name: "grpc-status", Value: "7"}, grpc, {Name: "grpc-message", Value: "no"}}},
		{"gRPC, empty content-type", args(403, "", "no", wasmtest.Pairs("content-type", "", "content-length", "9", "a", "b"), 7), []Header{grpc},
			[]Header{{Name: ":status", Value: "200"}, grpc, {Name: "a", Value: "b"}, {Name: "grpc-status", Value: "7"}, {Name: "grpc-message", Value: "no"}}},
		{"HEAD", args(403, "", "body", "", -1), []Header{head},
			headermap.Of(":status", "403", "content-length", "4", "content-type", "text/plain")},
		{"gRPC, HEAD", args(403, "", "no", "", 7), []Header{head, grpc}, []Header{{Name: ":status", Value: "200"}, grpc, {Name: "grpc-status", Value: "7"}}},
		{"gRPC, HEAD, a message of its own", args(403, "", "no", wasmtest.Pairs("grpc-message", "mine"), 7), []Header{head, grpc},
			[]Header{{Name: ":status", Value: "200"}, {Name: "grpc-message", Value: "mine"}, grpc, {Name: "grpc-status", Value: "7"}}},
		{"grpc-web", args(403, "", "", "", 7), headermap.Of("content-type", "application/grpc-web"), headermap.Of(":status", "403")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := wasmtest.NewGuest("0_2_1")
			g.Call(reqHead, "proxy_send_local_response", test.reply...)
			b := run(t, g, setup{})
			s := b.plugin.NewStream(StreamConfig{})
			request := slices.Clone(get)
			for _, h := range test.request {
				if i := slices.IndexFunc(get, func(g Header) bool { return g.Name == h.Name }); i >= 0 {
					request[i] = h
				} else {
					request = append(request, h)
				}
			}
			s.RequestHeaders(request, true)
			if diff := cmp.Diff(test.want, s.Downstream().Headers()); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("details", func(t *testing.T) {
		g := wasmtest.NewGuest("0_2_1")
		g.Call(reqHead, "proxy_send_local_response", 403, "a b\nc", "", "", 7)
		s := run(t, g, setup{}).exchange()
		want := &LocalReply{Status: 403, Details: "a_b_c", Headers: []Header{}, GRPCStatus: 7}
		if diff := cmp.Diff(want, s.Reply()); diff != "" || s.Details() != "a_b_c" {
			t.Errorf("reply (-want +got):\n%s", diff)
		}
	})
}

// TestWireHeaders holds how headers from the wire reach the plugin.
func TestWireHeaders(t *testing.T) {
	tests := []struct {
		name     string
		protocol Protocol
		given    []Header
		want     []Header
	}{
		{"lower case, trimmed", HTTP1, headermap.Of("X-A", " \tb "), headermap.Of("x-a", "b")},
		{"pseudo-headers first", HTTP1, headermap.Of("a", "1", ":path", "/"), headermap.Of(":path", "/", "a", "1")},
		{"inline ones joined", HTTP1, headermap.Of("accept", "a", "b", "1", "Accept", "c"), headermap.Of("accept", "a,c", "b", "1")},
		{"others not", HTTP1, headermap.Of("b", "2", "b", "1"), headermap.Of("b", "2", "b", "1")},
		{"host is authority", HTTP1, headermap.Of("Host", "h", "host", "i"), headermap.Of(":authority", "h,i")},
		{"cookies, HTTP/1.1", HTTP1, headermap.Of("cookie", "a=1", "cookie", "b=2"), headermap.Of("cookie", "a=1", "cookie", "b=2")},
		{"cookies, HTTP/2", HTTP2, headermap.Of("cookie", "a=1", "cookie", "b=2", "x", "y"), headermap.Of("x", "y", "cookie", "a=1; b=2")},
		{"host beside authority, HTTP/2", HTTP2, headermap.Of(":authority", "a", "host", "b"), headermap.Of(":authority", "a")},
		{"spaces, HTTP/2", HTTP2, headermap.Of("x", " y "), headermap.Of("x", " y ")},
	}
	b := run(t, everything(), setup{})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for range 2 { // the second time from memory
				s := b.plugin.NewStream(StreamConfig{Protocol: test.protocol})
				s.RequestHeaders(test.given, true)
				if diff := cmp.Diff(test.want, s.Upstream().Headers()); diff != "" {
					t.Errorf("headers (-want +got):\n%s", diff)
				}
				s.Close()
				s.Release()
			}
		})
	}
}

// TestStreamsInterleaved holds that streams and plugins of one VM don't get in each other's way, and that released
// streams come back clean.
func TestStreamsInterleaved(t *testing.T) {
	g := everything()
	g.Call(reqHead, "proxy_add_header_map_value", 0, "x", "y")
	b := run(t, g, setup{vm: VMConfig{Trace: true}})
	second, err := b.vm.NewPlugin(t.Context(), PluginConfig{Name: "second"})
	if err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		one, two := b.plugin.NewStream(StreamConfig{}), second.NewStream(StreamConfig{})
		one.RequestHeaders(get, false)
		two.RequestHeaders(get, true)
		one.RequestBody([]byte("x"), true)
		two.ResponseHeaders(answered, true)
		one.ResponseHeaders(headermap.Of(":status", "404"), true)
		if one.ContextID() != uint32(3+2*round) || two.ContextID() != uint32(4+2*round) {
			t.Errorf("contexts %d and %d", one.ContextID(), two.ContextID())
		}
		if show(one.Upstream(), "x") != "y|x|" || show(two.Upstream(), "x") != "y|" {
			t.Errorf("upstream %q and %q", show(one.Upstream(), "x"), show(two.Upstream(), "x"))
		}
		if one.Downstream().Status() != 404 || two.Downstream().Status() != 200 {
			t.Errorf("statuses %d and %d", one.Downstream().Status(), two.Downstream().Status())
		}
		for _, s := range []*Stream{one, two} {
			s.Close()
			s.Release()
			s.Release()
		}
	}
	if len(b.vm.contexts) != 2 {
		t.Errorf("%d contexts are left, want the two plugins", len(b.vm.contexts))
	}
}

func TestCalls(t *testing.T) {
	g := wasmtest.NewGuest("0_2_1")
	g.Call(reqHead, "proxy_http_call", "ready", wasmtest.Pairs(":method", "POST", ":path", "/t", ":authority", "a",
		"content-length", "99"), "body", wasmtest.Pairs("t", "1"), 50, out1)
	g.Returns(reqHead, 1)
	status := g.Call(onCall, "proxy_get_header_map_value", 6, ":status", out)
	trailer := g.Call(onCall, "proxy_get_header_map_value", 7, "t", out)
	change := g.Call(onCall, "proxy_add_header_map_value", 6, "a", "b")
	body := g.Call(onCall, "proxy_get_buffer_bytes", 4, 0, 99, out)
	code := g.Call(onCall, "proxy_get_status", out1, out)
	request := g.Call(onCall, "proxy_get_header_map_value", 0, ":path", out)
	effective := g.Call(onCall, "proxy_set_effective_context", 2)
	held := g.Call(onCall, "proxy_get_header_map_value", 0, ":path", out)
	g.Call(onCall, "proxy_continue_stream", 0)

	clock := NewManualClock(time.Unix(100, 0))
	newBench := func(t *testing.T) (*bench, *Stream) {
		b := run(t, g, setup{vm: VMConfig{Clock: clock, Clusters: clusters}})
		s := b.plugin.NewStream(StreamConfig{})
		s.RequestHeaders(get, true)
		if !s.RequestHeld() {
			t.Fatal("the request is not held")
		}
		return b, s
	}
	t.Run("answered", func(t *testing.T) {
		b, s := newBench(t)
		c := b.vm.Calls()[0]
		want := headermap.Of(":method", "POST", ":path", "/t", ":authority", "a", "content-length", "4",
			"x-envoy-internal", "true", "x-envoy-expected-rq-timeout-ms", "50")
		if diff := cmp.Diff(want, c.Headers); diff != "" || string(c.Body) != "body" || c.ContextID != 2 || c.Cluster != "ready" {
			t.Errorf("call %+v (-want +got):\n%s", c, diff)
		}
		if err := b.vm.Answer(4, CallAnswer{Headers: headermap.Of(":Status", "201"), Body: []byte("hi"), Trailers: headermap.Of("t", "u")}); err != nil {
			t.Fatal(err)
		}
		if b.output(status) != "201" || b.output(trailer) != "u" || b.output(body) != "hi" {
			t.Errorf("answer %q %q %q", b.output(status), b.output(trailer), b.output(body))
		}
		if b.status(change) != abi.StatusBadArgument || b.status(request) != abi.StatusBadArgument || b.output(held) != "/p?q=1" {
			t.Errorf("change %v, request from the root %v, from the stream %q", b.status(change), b.status(request), b.output(held))
		}
		if b.word(code, 0) != 0 || !s.Upstream().Ended {
			t.Errorf("status code %d, sent on %v", b.word(code, 0), s.Upstream().Ended)
		}
		if err := b.vm.Answer(4, CallAnswer{}); !errors.Is(err, ErrNoCall) {
			t.Errorf("second answer: %v", err)
		}
	})
	t.Run("timed out", func(t *testing.T) {
		b, s := newBench(t)
		_ = b.vm.Advance(49 * time.Millisecond)
		if s.Upstream().Ended {
			t.Fatal("timed out too early")
		}
		_ = b.vm.Advance(time.Millisecond)
		if b.output(status) != "504" || b.output(body) != "upstream request timeout" || !s.Upstream().Ended {
			t.Errorf("answer %q %q, sent on %v", b.output(status), b.output(body), s.Upstream().Ended)
		}
	})
	t.Run("reset, then a good one", func(t *testing.T) {
		b, _ := newBench(t)
		_ = b.vm.Answer(4, CallAnswer{Failure: CallBrokenOff})
		if b.word(code, 0) != 11 || wasmtest.Output(b.vm.memory, code, 1) != "reset" || b.status(body) != abi.StatusOk && b.status(body) != abi.StatusNotFound {
			t.Errorf("status %d %q", b.word(code, 0), wasmtest.Output(b.vm.memory, code, 1))
		}
		b.plugin.NewStream(StreamConfig{}).RequestHeaders(get, true)
		_ = b.vm.Answer(8, CallAnswer{})
		if b.word(code, 0) != 11 || b.word(code, 1) != 0 {
			t.Errorf("later: status %d, message at %d", b.word(code, 0), b.word(code, 1))
		}
	})
	t.Run("client gone", func(t *testing.T) {
		b, s := newBench(t)
		s.Close()
		if err := b.vm.Answer(4, CallAnswer{}); err != nil {
			t.Fatal(err)
		}
		if got := b.status(effective); got != abi.StatusBadArgument {
			t.Errorf("set_effective_context %v", got)
		}
	})
	t.Run("illegal header", func(t *testing.T) {
		g := wasmtest.NewGuest("0_2_1")
		g.Call(reqHead, "proxy_http_call", "ready", wasmtest.Pairs(":method", "GET", ":path", "/", ":authority", "a", "x", "a\nb"), "", "", 0, out1)
		body := g.Call(onCall, "proxy_get_buffer_bytes", 4, 0, 99, out)
		b := run(t, g, setup{vm: VMConfig{Clusters: clusters}})
		b.exchange()
		if got := b.output(body); got != "invalid header value for: x" {
			t.Errorf("body %q", got)
		}
	})
	t.Run("headers for the router", func(t *testing.T) {
		const timeout = "x-envoy-upstream-rq-timeout-ms"
		for _, test := range []struct {
			more   []string
			millis int
			want   []Header // after the first three; nil: none
		}{
			{[]string{"x-a", "1", "x-envoy-retry-on", "5xx\n", "x-envoy-expected-rq-timeout-ms", "9", "X-Envoy-Max-Retries", "2", "x-envoy-ip-tags", "t"}, 50,
				headermap.Of("x-a", "1", "x-envoy-expected-rq-timeout-ms", "50", "x-envoy-ip-tags", "t", "x-envoy-internal", "true")},
			{[]string{timeout, " 77"}, 50, headermap.Of("x-envoy-internal", "true", "x-envoy-expected-rq-timeout-ms", "77")},
			{[]string{timeout, "77"}, 0, headermap.Of("x-envoy-internal", "true", "x-envoy-expected-rq-timeout-ms", "77")},
			{[]string{timeout, "0"}, 50, headermap.Of("x-envoy-internal", "true")},
			{[]string{timeout, "abc"}, 50, headermap.Of("x-envoy-internal", "true", "x-envoy-expected-rq-timeout-ms", "50")},
			{[]string{timeout, "50", timeout, "60"}, 99, headermap.Of("x-envoy-internal", "true", "x-envoy-expected-rq-timeout-ms", "99")},
			{[]string{timeout, "-1"}, 50, headermap.Of("x-envoy-internal", "true", "x-envoy-expected-rq-timeout-ms", "50")},
		} {
			g := wasmtest.NewGuest("0_2_1")
			pairs := append([]string{":method", "GET", ":path", "/", ":authority", "a"}, test.more...)
			g.Call(reqHead, "proxy_http_call", "ready", wasmtest.Pairs(pairs...), "", "", test.millis, out1)
			b := run(t, g, setup{vm: VMConfig{Clock: NewManualClock(time.Unix(0, 0)), Clusters: clusters}})
			b.exchange()
			c := b.vm.Calls()[0]
			if diff := cmp.Diff(test.want, c.Headers[3:]); diff != "" {
				t.Errorf("%q (-want +got):\n%s", test.more, diff)
			}
			limit := 0
			for _, h := range c.Headers {
				if h.Name == "x-envoy-expected-rq-timeout-ms" {
					limit, _ = strconv.Atoi(h.Value)
				}
			}
			if limit == 0 {
				limit = 1e6
				_ = b.vm.Advance(time.Hour)
			}
			_ = b.vm.Advance(time.Duration(limit-1) * time.Millisecond)
			early := c.Done
			_ = b.vm.Advance(time.Millisecond)
			if never := limit == 1e6; early || c.Done == never {
				t.Errorf("%q: done before its time %t, then %t", test.more, early, c.Done)
			}
		}
	})
	t.Run("failed call uses up a token", func(t *testing.T) {
		g := wasmtest.NewGuest("0_2_1")
		g.Call(reqHead, "proxy_http_call", "empty", callPairs, "", "", 0, out1)
		second := g.Call(reqHead, "proxy_http_call", "ready", callPairs, "", "", 0, out1)
		b := run(t, g, setup{vm: VMConfig{Clusters: clusters}})
		b.exchange()
		if got := b.word(second, 0); got != 8 {
			t.Errorf("token %d, want 8", got)
		}
	})
}

// TestTime holds that a plugin sees whole microseconds.
func TestTime(t *testing.T) {
	g := wasmtest.NewGuest("0_2_1")
	g.Call(reqHead, "proxy_get_current_time_nanoseconds", timeAt)
	b := run(t, g, setup{vm: VMConfig{Clock: NewManualClock(time.Unix(7, 1999))}})
	b.exchange()
	if got, _ := b.vm.memory.ReadUint64Le(timeAt); got != 7_000_001_000 {
		t.Errorf("time %d ns, want 7000001000", got)
	}
}

// timeAt is an address that nothing else uses.
const timeAt = 512

func TestTicks(t *testing.T) {
	g := wasmtest.NewGuest("0_2_1")
	g.Call(configure, "proxy_set_tick_period_milliseconds", 300)
	g.Call(onTicks, "proxy_log", 2, "tick")
	clock := g.Call(onTicks, "proxy_get_current_time_nanoseconds", timeAt)
	g.Call(reqHead, "proxy_set_tick_period_milliseconds", 0)
	b := run(t, g, setup{vm: VMConfig{Clock: NewManualClock(time.Unix(0, 0))}})
	if b.plugin.TickPeriod() != 300*time.Millisecond {
		t.Errorf("period %v", b.plugin.TickPeriod())
	}
	_ = b.vm.Advance(299 * time.Millisecond)
	if len(b.lines) != 0 {
		t.Error("the first tick came before its time")
	}
	_ = b.vm.Advance(time.Millisecond)
	if got, _ := b.vm.memory.ReadUint64Le(timeAt); b.status(clock) != abi.StatusOk || got != uint64(300*time.Millisecond) {
		t.Errorf("time on the first tick %v", time.Duration(got))
	}
	_ = b.vm.Advance(650 * time.Millisecond)
	if len(b.lines) != 3 {
		t.Errorf("%d ticks in 950 ms, want 3", len(b.lines))
	}
	b.exchange()
	_ = b.vm.Advance(time.Hour)
	if len(b.lines) != 3 {
		t.Error("ticks after period 0")
	}
}

func TestDone(t *testing.T) {
	g := everything()
	g.Returns(onDones, 0)
	done := g.Call(onTicks, "proxy_done")
	b := run(t, g, setup{vm: VMConfig{Trace: true}})
	if err := b.plugin.Close(); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(b.callbacksOf(0), " "); strings.Contains(got, "delete(1)") {
		t.Errorf("deleted before it is done: %s", got)
	}
	_ = b.plugin.Tick()
	if got := strings.Join(b.callbacksOf(0), " "); b.status(done) != abi.StatusOk || !strings.HasSuffix(got, "done(1) tick(1) delete(1)") {
		t.Errorf("%v, %s", b.status(done), got)
	}
}

// many is so many headers.
func many(n int) []Header {
	var list []Header
	for i := range n {
		list = append(list, Header{Name: fmt.Sprintf("h%d", i), Value: "v"})
	}
	return list
}

// TestHeldMaps holds when the request's headers can be read and changed outside their callback.
func TestHeldMaps(t *testing.T) {
	t.Run("own reply", func(t *testing.T) {
		g := everything()
		g.Call(reqHead, "proxy_send_local_response", 403, "", "", "", -1) // and returns Continue
		call := g.Call(respHead, "proxy_get_header_map_value", 0, "allow", out)
		b := run(t, g, setup{})
		b.exchange()
		if got := b.output(call); got != "true" {
			t.Errorf("%v %q, want the request's header", b.status(call), got)
		}
	})
	t.Run("after continue", func(t *testing.T) {
		g := everything()
		g.Returns(reqHead, 1)
		g.Call(onTicks, "proxy_set_effective_context", 2)
		before := g.Call(onTicks, "proxy_add_header_map_value", 0, "x", "y")
		g.Call(onTicks, "proxy_continue_stream", 0)
		after := g.Call(onTicks, "proxy_add_header_map_value", 0, "x", "z")
		b := run(t, g, setup{})
		s := b.exchange()
		_ = b.plugin.Tick()
		if b.status(before) != abi.StatusOk || b.status(after) != abi.StatusBadArgument {
			t.Errorf("before %v, after %v", b.status(before), b.status(after))
		}
		if got, _ := s.Upstream().Header("x"); got != "y" {
			t.Errorf("upstream got %q", got)
		}
	})
	t.Run("log of a held request", func(t *testing.T) {
		g := everything()
		g.Returns(reqHead, 1)
		call := g.Call(onLogs, "proxy_add_header_map_value", 0, "x", "y")
		b := run(t, g, setup{})
		b.exchange().Close()
		if got := b.status(call); got != abi.StatusBadArgument {
			t.Errorf("add %v", got)
		}
	})
}
