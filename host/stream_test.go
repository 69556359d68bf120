package host

import (
	"fmt"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// callbacksOf is the callbacks made since crossing from, without what they have in common, such as
// "request_headers(2, 6, true)".
func (b *fixture) callbacksOf(from int) []string {
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

// TestExchanges checks which callbacks an exchange makes, and what reaches upstream and client.
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
		events   []streamEvent
		calls    string // without the prefixes, joined by blanks
		upstream string // HEADERS? body trailers end
		client   string
	}{
		{name: "GET", guest: func(*wasmtest.Guest) {},
			events: []streamEvent{reqHeaders(true), respHeaders(false), respData("ok", false), respData("", true), closed},
			calls: "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 1, false) response_body(2, 2, " +
				"false) response_body(2, 0, true) log(2) done(2) delete(2)",
			upstream: "GET|", client: "200|ok|"},
		{name: "POST in one piece", guest: func(*wasmtest.Guest) {},
			events: []streamEvent{reqHeaders(false), reqData("hello", true), respHeaders(true), closed},
			calls: "context_create(2, 1) request_headers(2, 6, false) request_body(2, 5, false) request_body(2, 0, true) " +
				"response_headers(2, 1, true) log(2) done(2) delete(2)",
			upstream: "GET|hello|", client: "200|"},
		{name: "POST in one piece, HTTP/2", guest: func(*wasmtest.Guest) {}, config: StreamConfig{Protocol: HTTP2},
			events:   []streamEvent{reqHeaders(false), reqData("hello", true)},
			calls:    "context_create(2, 1) request_headers(2, 6, false) request_body(2, 5, true)",
			upstream: "GET|hello|", client: "nothing"},
		{name: "trailers", guest: func(*wasmtest.Guest) {},
			events: []streamEvent{reqHeaders(false), reqData("abc", false), reqData("defg", false), reqTrailers("t", "1"),
				respHeaders(false), respData("x", false), respTrailers("u", "1", "v", "2")},
			calls: "context_create(2, 1) request_headers(2, 6, false) request_body(2, 3, false) request_body(2, 4, false) " +
				"request_trailers(2, 1) response_headers(2, 1, false) response_body(2, 1, false) response_trailers(2, 2)",
			upstream: "GET|abcdefg|t:1|", client: "200|x|u:1,v:2|"},
		{name: "client ends before the headers", guest: func(*wasmtest.Guest) {}, events: []streamEvent{closed},
			calls: "context_create(2, 1) log(2) done(2) delete(2)", upstream: "nothing", client: "reset"},
		{name: "client ends", guest: func(*wasmtest.Guest) {}, events: []streamEvent{reqHeaders(false), closed},
			calls: "context_create(2, 1) request_headers(2, 6, false) log(2) done(2) delete(2)", upstream: "GET|reset",
			client: "reset"},
		{name: "events that are not possible", guest: func(*wasmtest.Guest) {},
			events: []streamEvent{reqData("a", false), respHeaders(true), reqHeaders(true), reqHeaders(true), reqData("a", true),
				reqTrailers(), respData("a", true), closed, closed, reqHeaders(true), respHeaders(true)},
			calls:    "context_create(2, 1) request_headers(2, 6, true) log(2) done(2) delete(2)",
			upstream: "GET|", client: "reset"},

		// Messages that are held.
		{name: "headers held", guest: func(g *wasmtest.Guest) { g.Returns(reqHead, 1) },
			events:   []streamEvent{reqHeaders(false), reqData("hello", true)},
			calls:    "context_create(2, 1) request_headers(2, 6, false)",
			upstream: "nothing", client: "nothing"},
		{name: "headers held, then continued", guest: func(g *wasmtest.Guest) { g.Returns(reqHead, 1); resumeOnTick(g, 0) },
			events:   []streamEvent{reqHeaders(false), reqData("hello", true), tick},
			calls:    "context_create(2, 1) request_headers(2, 6, false) tick(1) request_body(2, 5, true)",
			upstream: "GET|hello|", client: "nothing"},
		{name: "headers held with trailers, then continued", guest: func(g *wasmtest.Guest) {
			g.Returns(reqHead, 77)
			resumeOnTick(g, 0)
		},
			events: []streamEvent{reqHeaders(false), reqData("hello", false), reqTrailers("t", "1"), tick},
			calls: "context_create(2, 1) request_headers(2, 6, false) tick(1) request_body(2, 5, " +
				"false) request_trailers(2, 1)",
			upstream: "GET|hello|t:1|", client: "nothing"},
		{name: "headers action 2", guest: func(g *wasmtest.Guest) { g.Returns(reqHead, 2) },
			events: []streamEvent{reqHeaders(true)}, calls: "context_create(2, 1) request_headers(2, 6, true)",
			upstream: "GET|", client: "nothing"},
		{name: "continued in the callback that holds", guest: func(g *wasmtest.Guest) {
			g.Returns(reqHead, 1)
			g.Call(reqHead, "proxy_continue_stream", 0)
		},
			events: []streamEvent{reqHeaders(true)}, calls: "context_create(2, 1) request_headers(2, 6, true)",
			upstream: "GET|", client: "nothing"},
		{name: "continued twice", guest: func(g *wasmtest.Guest) {
			g.Returns(reqHead, 1)
			resumeOnTick(g, 0)
			resumeOnTick(g, 0)
		},
			events: []streamEvent{reqHeaders(false), tick, reqData("a", true), tick},
			calls: "context_create(2, 1) request_headers(2, 6, false) tick(1) request_body(2, 1, false) " +
				"request_body(2, 0, true) tick(1)",
			upstream: "GET|a|", client: "nothing"},
		{name: "held beyond the limit", guest: func(g *wasmtest.Guest) { g.Returns(reqHead, 1); resumeOnTick(g, 0) },
			plugin: PluginConfig{BufferLimit: 1024},
			events: []streamEvent{reqHeaders(false), reqData(strings.Repeat("x", 40000), true), tick},
			calls: "context_create(2, 1) request_headers(2, 6, false) tick(1) request_body(2, 16384, false) " +
				"request_body(2, 16384, false) request_body(2, 7232, false) request_body(2, 0, true)",
			upstream: "GET|" + strings.Repeat("x", 40000) + "|", client: "nothing"},
		{name: "body held", guest: func(g *wasmtest.Guest) { g.Returns(reqBody, 1); resumeOnTick(g, 0) },
			events: []streamEvent{reqHeaders(false), reqData("abc", false), reqData("defg", true), tick},
			calls: "context_create(2, 1) request_headers(2, 6, false) request_body(2, 3, false) request_body(2, 7, false) " +
				"request_body(2, 7, true) tick(1)",
			upstream: "GET|abcdefg|", client: "nothing"},
		{name: "body action 2", guest: func(g *wasmtest.Guest) { g.Returns(reqBody, 2); resumeOnTick(g, 0) },
			events: []streamEvent{reqHeaders(false), reqData("abc", false), reqData("defg", false), tick},
			calls: "context_create(2, 1) request_headers(2, 6, false) request_body(2, 3, false) " +
				"request_body(2, 4, false) tick(1)",
			upstream: "GET|abcdefg", client: "nothing"},
		{name: "body held over the limit", guest: func(g *wasmtest.Guest) { g.Returns(reqBody, 1) },
			plugin: PluginConfig{BufferLimit: 5}, events: []streamEvent{reqHeaders(false), reqData("abc", false),
				reqData("defg", false), reqData("h", true)},
			calls: "context_create(2, 1) request_headers(2, 6, false) request_body(2, 3, false) request_body(2, 7, false) " +
				"response_headers(2, 3, false) response_body(2, 17, true)",
			upstream: "GET|reset", client: "413|Payload Too Large|"},
		{name: "response body held over the limit", guest: func(g *wasmtest.Guest) { g.Returns(respBody, 1) },
			plugin: PluginConfig{BufferLimit: 5}, events: []streamEvent{reqHeaders(true), respHeaders(false),
				respData("abcdefg", false)},
			calls: "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 1, false) response_body(2, 7, " +
				"false) log(2) done(2) delete(2)",
			upstream: "GET|", client: "200|reset"},
		{name: "trailers held", guest: func(g *wasmtest.Guest) {
			g.Returns(reqTrail, 1)
			g.Returns(reqBody, 1)
			resumeOnTick(g, 0)
		},
			events: []streamEvent{reqHeaders(false), reqData("abc", false), reqTrailers("t", "1"), tick},
			calls: "context_create(2, 1) request_headers(2, 6, false) request_body(2, 3, false) " +
				"request_trailers(2, 1) tick(1)",
			upstream: "GET|abc|t:1|", client: "nothing"},
		{name: "trailers let a held body go on", guest: func(g *wasmtest.Guest) { g.Returns(reqBody, 1) },
			events:   []streamEvent{reqHeaders(false), reqData("abc", false), reqTrailers("t", "1")},
			calls:    "context_create(2, 1) request_headers(2, 6, false) request_body(2, 3, false) request_trailers(2, 1)",
			upstream: "GET|abc|t:1|", client: "nothing"},
		{name: "allow_on_headers_stop_iteration", guest: func(g *wasmtest.Guest) {
			g.Returns(reqHead, 1)
			g.Call(reqBody, "proxy_replace_header_map_value", 0, ":method", "PUT")
		}, plugin: PluginConfig{AllowOnHeadersStopIteration: true},
			events: []streamEvent{reqHeaders(false), reqData("abc", false), reqData("d", true)},
			calls: "context_create(2, 1) request_headers(2, 6, false) request_body(2, 3, false) request_body(2, 1, " +
				"false) request_body(2, 0, true)",
			upstream: "PUT|abcd|", client: "nothing"},
		{name: "response headers held, then continued", guest: func(g *wasmtest.Guest) {
			g.Returns(respHead, 1)
			resumeOnTick(g, 1)
		},
			events: []streamEvent{reqHeaders(true), respHeaders(false), respData("ok", true), tick},
			calls: "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 1, false) " +
				"tick(1) response_body(2, 2, true)",
			upstream: "GET|", client: "200|ok|"},
		{name: "the other direction's continue", guest: func(g *wasmtest.Guest) {
			g.Returns(respHead, 1)
			resumeOnTick(g, 0)
		},
			events:   []streamEvent{reqHeaders(true), respHeaders(true), tick},
			calls:    "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 1, true) tick(1)",
			upstream: "GET|", client: "nothing"},

		// Bodies.
		{name: "body replaced", guest: func(g *wasmtest.Guest) {
			g.Call(reqBody, "proxy_set_buffer_bytes", 0, 0, beyond, "X")
		},
			config: StreamConfig{Protocol: HTTP2}, events: []streamEvent{reqHeaders(false), reqData("abc", false),
				reqData("d", true)},
			calls:    "context_create(2, 1) request_headers(2, 6, false) request_body(2, 3, false) request_body(2, 1, true)",
			upstream: "GET|XX|", client: "nothing"},
		{name: "prepended and appended", guest: func(g *wasmtest.Guest) {
			g.Call(reqBody, "proxy_set_buffer_bytes", 0, 0, 1, "<")
			g.Call(reqBody, "proxy_set_buffer_bytes", 0, 99, 9, ">")
		},
			config: StreamConfig{Protocol: HTTP2}, events: []streamEvent{reqHeaders(false), reqData("abc", true)},
			calls:    "context_create(2, 1) request_headers(2, 6, false) request_body(2, 3, true)",
			upstream: "GET|<bc>|", client: "nothing"},
		{name: "trailers added at the end", guest: func(g *wasmtest.Guest) {
			g.Call(reqBody, "proxy_add_header_map_value", 1, "t", "1")
		},
			events:   []streamEvent{reqHeaders(false), reqData("a", true)},
			calls:    "context_create(2, 1) request_headers(2, 6, false) request_body(2, 1, false) request_body(2, 0, true)",
			upstream: "GET|a|t:1|", client: "nothing"},

		// Replies.
		{name: "reply", guest: func(g *wasmtest.Guest) { reply(g, reqHead, deny...) },
			events: []streamEvent{reqHeaders(true), respHeaders(true), closed},
			calls: "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 4, false) response_body(2, 7, " +
				"true) log(2) done(2) delete(2)",
			client: "403|go away|", upstream: "nothing"},
		{name: "reply without a body", guest: func(g *wasmtest.Guest) {
			reply(g, reqHead, 401, "", "", wasmtest.Pairs("content-type", "a/b", "content-length", "9", ":status", "200", "d",
				"1", "d", "2"), -1)
		},
			events: []streamEvent{reqHeaders(true)}, calls: "context_create(2, 1) request_headers(2, 6, true) " +
				"response_headers(2, 3, true)",
			client: "401|", upstream: "nothing"},
		{name: "reply to HEAD", guest: func(g *wasmtest.Guest) { reply(g, reqHead, deny...) },
			events: []streamEvent{func(_ *fixture, s *Stream) {
				s.RequestHeaders(headermap.Of(":method", "HEAD", ":path", "/"), true)
			}},
			calls: "context_create(2, 1) request_headers(2, 2, true) response_headers(2, 4, true)", client: "403|",
			upstream: "nothing"},
		{name: "reply to gRPC", guest: func(g *wasmtest.Guest) { reply(g, reqHead, deny...) },
			events: []streamEvent{reqHeaders(false, "content-type", "application/grpc+proto")},
			calls:  "context_create(2, 1) request_headers(2, 7, false) response_headers(2, 5, true)", client: "200|",
			upstream: "nothing"},
		{name: "reply from the body", guest: func(g *wasmtest.Guest) { reply(g, reqBody, deny...) },
			events: []streamEvent{reqHeaders(false), reqData("abc", false), reqData("d", true)},
			calls: "context_create(2, 1) request_headers(2, 6, false) request_body(2, 3, false) response_headers(2, 4, " +
				"false) response_body(2, 7, true)",
			client: "403|go away|", upstream: "GET|reset"},
		{name: "reply from response headers", guest: func(g *wasmtest.Guest) { reply(g, respHead, deny...) },
			events: []streamEvent{reqHeaders(true), respHeaders(false), respData("ok", true), closed},
			calls:  "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 1, false) log(2) done(2) delete(2)",
			client: "403|go away|", upstream: "GET|"},
		{name: "reply from the response body", guest: func(g *wasmtest.Guest) { reply(g, respBody, deny...) },
			events: []streamEvent{reqHeaders(true), respHeaders(false), respData("ok", true)},
			calls: "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 1, false) response_body(2, 2, " +
				"false) log(2) done(2) delete(2)",
			client: "200|reset", upstream: "GET|"},
		{name: "reply from context_create", guest: func(g *wasmtest.Guest) { reply(g, "proxy_on_context_create", deny...) },
			events: []streamEvent{reqHeaders(true)},
			calls:  "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 4, false) response_body(2, 7, true)",
			client: "403|go away|", upstream: "nothing"},
		{name: "two replies in a callback", guest: func(g *wasmtest.Guest) {
			reply(g, reqHead, deny...)
			reply(g, reqHead, 404, "", "", "", -1)
		},
			events: []streamEvent{reqHeaders(true)},
			calls:  "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 4, false) response_body(2, 7, true)",
			client: "403|go away|", upstream: "nothing"},
		{name: "two replies to a held request", guest: func(g *wasmtest.Guest) {
			g.Returns(reqHead, 1)
			g.Call(onTicks, "proxy_set_effective_context", 2)
			reply(g, onTicks, deny...)
			reply(g, onTicks, 404, "", "second", "", -1)
		},
			events: []streamEvent{reqHeaders(true), tick},
			calls:  "context_create(2, 1) request_headers(2, 6, true) tick(1) response_headers(2, 4, false)",
			client: "404|second|", upstream: "nothing"},
		{name: "reply in the response headers of a reply", guest: func(g *wasmtest.Guest) {
			reply(g, reqHead, deny...)
			reply(g, respHead, 404, "", "second", "", -1)
		},
			events: []streamEvent{reqHeaders(true)},
			calls:  "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 4, false)",
			client: "404|second|", upstream: "nothing"},
		{name: "pause in the response headers of a reply", guest: func(g *wasmtest.Guest) {
			reply(g, reqHead, deny...)
			g.Returns(respHead, 1)
		},
			events: []streamEvent{reqHeaders(true)},
			calls:  "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 4, false)",
			client: "nothing", upstream: "nothing"},
		{name: "reply, then continue", guest: func(g *wasmtest.Guest) {
			reply(g, reqHead, deny...)
			g.Call(reqHead, "proxy_continue_stream", 0)
		},
			events: []streamEvent{reqHeaders(true)},
			calls:  "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 4, false) response_body(2, 7, true)",
			client: "403|go away|", upstream: "nothing"},
		{name: "reply, then close", guest: func(g *wasmtest.Guest) {
			reply(g, reqHead, deny...)
			g.Call(reqHead, "proxy_close_stream", 0)
		},
			events: []streamEvent{reqHeaders(true)},
			calls:  "context_create(2, 1) request_headers(2, 6, true) log(2) done(2) delete(2) response_headers(2, 4, false)",
			client: "reset", upstream: "nothing"},
		{name: "reply, then trap", guest: func(g *wasmtest.Guest) {
			reply(g, reqHead, deny...)
			g.Do(reqHead, wasmtest.Unreachable)
		},
			events: []streamEvent{reqHeaders(true), closed},
			calls:  "context_create(2, 1) request_headers(2, 6, true)",
			client: "503|", upstream: "nothing"},
		{name: "reply on a tick without effective context", guest: func(g *wasmtest.Guest) {
			g.Returns(reqHead, 1)
			reply(g, onTicks, deny...)
		},
			events: []streamEvent{reqHeaders(true), tick},
			calls:  "context_create(2, 1) request_headers(2, 6, true) tick(1)",
			client: "nothing", upstream: "nothing"},
		{name: "close", guest: func(g *wasmtest.Guest) { g.Call(respHead, "proxy_close_stream", 1) },
			events: []streamEvent{reqHeaders(true), respHeaders(true)},
			calls:  "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 1, true) log(2) done(2) delete(2)",
			client: "reset", upstream: "GET|"},
		{name: "trap in response headers", guest: func(g *wasmtest.Guest) { g.Do(respHead, wasmtest.Unreachable) },
			events: []streamEvent{reqHeaders(true), respHeaders(false), respData("ok", true), closed},
			calls:  "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 1, false)",
			client: "503|", upstream: "GET|"},
		{name: "trap in response body", guest: func(g *wasmtest.Guest) { g.Do(respBody, wasmtest.Unreachable) },
			events: []streamEvent{reqHeaders(true), respHeaders(false), respData("ok", true), closed},
			calls:  "context_create(2, 1) request_headers(2, 6, true) response_headers(2, 1, false) response_body(2, 2, false)",
			client: "200|reset", upstream: "GET|"},
		{name: "trap on a tick while held", guest: func(g *wasmtest.Guest) {
			g.Returns(reqHead, 1)
			g.Do(onTicks, wasmtest.Unreachable)
		},
			events: []streamEvent{reqHeaders(true), tick},
			calls:  "context_create(2, 1) request_headers(2, 6, true) tick(1)",
			client: "nothing", upstream: "nothing"},

		// The codec.
		{name: "control byte in a value", guest: func(*wasmtest.Guest) {}, events: []streamEvent{reqHeaders(true, "x",
			"a\x00b"), closed},
			calls: "context_create(2, 1) log(2) done(2) delete(2)", client: "400|Bad Request|", upstream: "nothing"},
		{name: "control byte in a value, raw", guest: func(*wasmtest.Guest) {}, config: StreamConfig{Raw: true},
			events: []streamEvent{reqHeaders(true, "x", "a\x00b")},
			calls:  "context_create(2, 1) request_headers(2, 7, true)", client: "nothing", upstream: "GET|"},
		{name: "upper case, HTTP/2", guest: func(*wasmtest.Guest) {}, config: StreamConfig{Protocol: HTTP2},
			events: []streamEvent{reqHeaders(true, "X", "a")}, client: "reset", upstream: "nothing"},
		{name: "too many headers", guest: func(*wasmtest.Guest) {}, events: []streamEvent{reqHeaders(true, many(100)...)},
			client: "431|Request Header Fields Too Large|", upstream: "nothing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := allCallbacks()
			test.guest(g)
			b := mustStart(t, g, setup{vm: VMConfig{Trace: true}, plugin: test.plugin})
			from := len(b.vm.Crossings())
			s := b.plugin.NewStream(test.config)
			for _, event := range test.events {
				event(b, s)
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

// TestStreamsInterleaved checks that streams and plugins of one VM do not change each other, and that a released stream
// is used again without its old state.
func TestStreamsInterleaved(t *testing.T) {
	g := allCallbacks()
	g.Call(reqHead, "proxy_add_header_map_value", 0, "x", "y")
	b := mustStart(t, g, setup{vm: VMConfig{Trace: true}})
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
