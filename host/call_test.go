package host

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/wasmtest"
)

func TestForgetCalls(t *testing.T) {
	config := asking()
	answer, now := config.Upstream, false
	config.Upstream = func(c *Call) (CallAnswer, bool) {
		a, _ := answer(c)
		return a, now
	}
	p := startPlugin(t, callGuest(), config)
	vm := p.vm
	tokens := func() (list []uint32) {
		for _, c := range vm.Calls() {
			list = append(list, c.Token)
		}
		return list
	}
	expect := func(when string, want ...uint32) {
		t.Helper()
		if got := tokens(); !slices.Equal(got, want) {
			t.Fatalf("%s: calls %v, want %v", when, got, want)
		}
	}
	vm.ForgetCalls()
	expect("before any")
	for _, answered := range []bool{true, false, true, false} {
		now = answered
		request(p)
	}
	expect("made", 4, 8, 12, 16)
	vm.ForgetCalls()
	expect("two are done", 8, 16)
	if err := vm.Answer(16, CallAnswer{Headers: answered}); err != nil {
		t.Fatal(err)
	}
	vm.ForgetCalls()
	expect("another one is answered", 8)
	if err := vm.Answer(4, CallAnswer{}); !errors.Is(err, ErrNoCall) {
		t.Errorf("answering a forgotten call: %v, want %v", err, ErrNoCall)
	}
	now = true
	request(p)
	expect("tokens go on", 8, 20)
	if err := vm.Failure(); err != nil {
		t.Error(err)
	}
}

// An HTTP call allocates its Call, with its name, headers and text, and nothing else.
func TestCalloutAllocatesLittle(t *testing.T) {
	p := startPlugin(t, callGuest(), asking())
	s := p.NewStream(StreamConfig{})
	s.RequestHeaders(get, true)
	if !s.Upstream().Ended || len(p.vm.Calls()) != 1 || !p.vm.Calls()[0].Done {
		t.Fatal("the request was not continued")
	}
	s.Close()
	s.Release()
	if n := testing.AllocsPerRun(1000, func() { request(p); p.vm.ForgetCalls() }); n > 4 {
		t.Errorf("%v allocations for one call-out, want 4 at most", n)
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
	newFixture := func(t *testing.T) (*fixture, *Stream) {
		b := mustStart(t, g, setup{vm: VMConfig{Clock: clock, Clusters: clusters}})
		s := b.plugin.NewStream(StreamConfig{})
		s.RequestHeaders(get, true)
		if !s.RequestHeld() {
			t.Fatal("the request is not held")
		}
		return b, s
	}
	t.Run("answered", func(t *testing.T) {
		b, s := newFixture(t)
		c := b.vm.Calls()[0]
		want := headermap.Of(":method", "POST", ":path", "/t", ":authority", "a", "content-length", "4",
			"x-envoy-internal", "true", "x-envoy-expected-rq-timeout-ms", "50")
		if diff := cmp.Diff(want, c.Headers); diff != "" || string(c.Body) != "body" || c.ContextID != 2 ||
			c.Cluster != "ready" {
			t.Errorf("call %+v (-want +got):\n%s", c, diff)
		}
		if err := b.vm.Answer(4, CallAnswer{Headers: headermap.Of(":Status", "201"), Body: []byte("hi"),
			Trailers: headermap.Of("t", "u")}); err != nil {
			t.Fatal(err)
		}
		if b.output(status) != "201" || b.output(trailer) != "u" || b.output(body) != "hi" {
			t.Errorf("answer %q %q %q", b.output(status), b.output(trailer), b.output(body))
		}
		if b.status(change) != abi.StatusBadArgument || b.status(request) != abi.StatusBadArgument ||
			b.output(held) != "/p?q=1" {
			t.Errorf("change %v, request from the root %v, from the stream %q", b.status(change), b.status(request),
				b.output(held))
		}
		if b.word(code, 0) != 0 || !s.Upstream().Ended {
			t.Errorf("status code %d, sent on %v", b.word(code, 0), s.Upstream().Ended)
		}
		if err := b.vm.Answer(4, CallAnswer{}); !errors.Is(err, ErrNoCall) {
			t.Errorf("second answer: %v", err)
		}
	})
	t.Run("timed out", func(t *testing.T) {
		b, s := newFixture(t)
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
		b, _ := newFixture(t)
		_ = b.vm.Answer(4, CallAnswer{Failure: CallBrokenOff})
		if b.word(code, 0) != 11 || wasmtest.Output(b.vm.memory, code, 1) != "reset" || b.status(body) != abi.StatusOk &&
			b.status(body) != abi.StatusNotFound {
			t.Errorf("status %d %q", b.word(code, 0), wasmtest.Output(b.vm.memory, code, 1))
		}
		b.plugin.NewStream(StreamConfig{}).RequestHeaders(get, true)
		_ = b.vm.Answer(8, CallAnswer{})
		if b.word(code, 0) != 11 || b.word(code, 1) != 0 {
			t.Errorf("later: status %d, message at %d", b.word(code, 0), b.word(code, 1))
		}
	})
	t.Run("client gone", func(t *testing.T) {
		b, s := newFixture(t)
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
		g.Call(reqHead, "proxy_http_call", "ready", wasmtest.Pairs(":method", "GET", ":path", "/", ":authority", "a", "x",
			"a\nb"), "", "", 0, out1)
		body := g.Call(onCall, "proxy_get_buffer_bytes", 4, 0, 99, out)
		b := mustStart(t, g, setup{vm: VMConfig{Clusters: clusters}})
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
			{[]string{"x-a", "1", "x-envoy-retry-on", "5xx\n", "x-envoy-expected-rq-timeout-ms", "9", "X-Envoy-Max-Retries", "2",
				"x-envoy-ip-tags", "t"}, 50, headermap.Of("x-a", "1", "x-envoy-expected-rq-timeout-ms", "50", "x-envoy-ip-tags",
				"t", "x-envoy-internal", "true")},
			{[]string{timeout, " 77"}, 50, headermap.Of("x-envoy-internal", "true", "x-envoy-expected-rq-timeout-ms", "77")},
			{[]string{timeout, "77"}, 0, headermap.Of("x-envoy-internal", "true", "x-envoy-expected-rq-timeout-ms", "77")},
			{[]string{timeout, "0"}, 50, headermap.Of("x-envoy-internal", "true")},
			{[]string{timeout, "abc"}, 50, headermap.Of("x-envoy-internal", "true", "x-envoy-expected-rq-timeout-ms", "50")},
			{[]string{timeout, "50", timeout, "60"}, 99, headermap.Of("x-envoy-internal", "true",
				"x-envoy-expected-rq-timeout-ms", "99")},
			{[]string{timeout, "-1"}, 50, headermap.Of("x-envoy-internal", "true", "x-envoy-expected-rq-timeout-ms", "50")},
		} {
			g := wasmtest.NewGuest("0_2_1")
			pairs := append([]string{":method", "GET", ":path", "/", ":authority", "a"}, test.more...)
			g.Call(reqHead, "proxy_http_call", "ready", wasmtest.Pairs(pairs...), "", "", test.millis, out1)
			b := mustStart(t, g, setup{vm: VMConfig{Clock: NewManualClock(time.Unix(0, 0)), Clusters: clusters}})
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
		b := mustStart(t, g, setup{vm: VMConfig{Clusters: clusters}})
		b.exchange()
		if got := b.word(second, 0); got != 8 {
			t.Errorf("token %d, want 8", got)
		}
	})
}
