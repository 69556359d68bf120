package host

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// shortNames are the callbacks as TestChain writes them.
var shortNames = map[string]string{"proxy_on_context_create": "create", reqHead: "reqHead", reqBody: "reqBody",
	reqTrail: "reqTrail", respHead: "respHead", respBody: "respBody", onLogs: "log", onDones: "done", onDeletes: "delete",
	onCall: "call"}

// linked is a chain of two plugins, A and B, and the callbacks that they got, of streams only.
type linked struct {
	*Chain
	vms       [2]*VM
	callbacks []string
}

func link(t *testing.T, change func(a, b *wasmtest.Guest), policy FailurePolicy) *linked {
	t.Helper()
	l := &linked{}
	guests := [2]*wasmtest.Guest{wasmtest.NewGuest("0_2_1"), wasmtest.NewGuest("0_2_1")}
	for i, name := range []string{"A", "B"} {
		for callback, short := range shortNames {
			if callback == "proxy_on_context_create" {
				guests[i].Do(callback, wasmtest.Get(1), wasmtest.If) // not of the plugin
			}
			guests[i].Call(callback, "proxy_log", 2, name+"."+short)
			if callback == "proxy_on_context_create" {
				guests[i].Do(callback, wasmtest.End)
			}
		}
	}
	change(guests[0], guests[1])
	var plugins []*Plugin
	for i, g := range guests {
		b := mustStart(t, g, setup{vm: VMConfig{Clusters: clusters, Log: func(line LogLine) {
			l.callbacks = append(l.callbacks, line.Text)
		}},
			plugin: PluginConfig{FailurePolicy: policy}})
		plugins, l.vms[i] = append(plugins, b.plugin), b.vm
	}
	l.Chain = NewChain(StreamConfig{}, plugins...)
	return l
}

// exchange is a POST with a body in two pieces, and the response "hello" when the request has reached the upstream.
func (l *linked) exchange() {
	l.RequestHeaders(headermap.Of(":authority", "a", ":path", "/p", ":method", "POST", ":scheme", "http"), false)
	l.RequestBody([]byte("abc"), false)
	l.RequestBody([]byte("def"), true)
	if l.Upstream().Ended {
		l.ResponseHeaders(headermap.Of(":status", "200"), false)
		l.ResponseBody([]byte("hello"), true)
	}
}

// TestChain has the callbacks that Envoy 1.40 made of two filters.
func TestChain(t *testing.T) {
	reply := func(g *wasmtest.Guest, callback string) {
		g.Call(callback, "proxy_send_local_response", 403, "det", "body", wasmtest.Pairs(), -1)
	}
	call := func(g *wasmtest.Guest) {
		g.Call(reqHead, "proxy_http_call", "ready", callPairs, "", "", 100, out1)
		g.Returns(reqHead, 1)
		g.Call(onCall, "proxy_set_effective_context", 2)
	}
	whole := func(g *wasmtest.Guest, callback string) {
		g.Do(callback, wasmtest.Get(2), wasmtest.Eqz, wasmtest.If, wasmtest.I32(1), wasmtest.Return, wasmtest.End)
	}
	const (
		request  = "A.create A.reqHead B.create B.reqHead A.reqBody B.reqBody A.reqBody B.reqBody A.reqBody B.reqBody "
		response = "B.respHead A.respHead B.respBody A.respBody B.respBody A.respBody "
		end      = "A.log B.log A.done A.delete B.done B.delete"
		replied  = "B.respHead A.respHead B.respBody A.respBody "
	)
	tests := []struct {
		name      string
		guests    func(a, b *wasmtest.Guest)
		policy    FailurePolicy
		answers   int // the VM, from 1, whose call is answered
		callbacks string
		status    int
		body      string
		upstream  string
		details   string
	}{
		{name: "plain", callbacks: request + response + end, status: 200, body: "hello", upstream: "abcdef"},
		{name: "A replies", guests: func(a, _ *wasmtest.Guest) { reply(a, reqHead) },
			callbacks: "A.create A.reqHead A.respHead A.respBody A.log B.create B.log A.done A.delete B.done B.delete",
			status:    403, body: "body", details: "det"},
		{name: "B replies", guests: func(_, b *wasmtest.Guest) { reply(b, reqHead) },
			callbacks: "A.create A.reqHead B.create B.reqHead " + replied + end, status: 403, body: "body", details: "det"},
		{name: "B replies to the body", guests: func(_, b *wasmtest.Guest) { reply(b, reqBody) },
			callbacks: "A.create A.reqHead B.create B.reqHead A.reqBody B.reqBody " + replied + end, status: 403, body: "body",
			details: "det"},
		{name: "A replies to the response", guests: func(a, _ *wasmtest.Guest) { reply(a, respHead) },
			callbacks: request + "B.respHead A.respHead " + end, status: 403, body: "body", upstream: "abcdef", details: "det"},
		{name: "B replies to the response", guests: func(_, b *wasmtest.Guest) { reply(b, respHead) },
			callbacks: request + "B.respHead " + end, status: 403, body: "body", upstream: "abcdef", details: "det"},
		{name: "B replies to the response's body", guests: func(_, b *wasmtest.Guest) { reply(b, respBody) },
			callbacks: request + "B.respHead A.respHead B.respBody " + end, status: 200, upstream: "abcdef", details: "det"},
		{name: "A holds the request", guests: func(a, _ *wasmtest.Guest) {
			call(a)
			a.Call(onCall, "proxy_continue_stream",
				0)
		}, answers: 1, callbacks: "A.create A.reqHead A.call B.create B.reqHead A.reqBody B.reqBody " + response + end,
			status: 200, body: "hello", upstream: "abcdef"},
		{name: "B holds the request", guests: func(_, b *wasmtest.Guest) {
			call(b)
			b.Call(onCall, "proxy_continue_stream",
				0)
		}, answers: 2,
			callbacks: "A.create A.reqHead B.create B.reqHead A.reqBody A.reqBody A.reqBody B.call B.reqBody " + response + end,
			status:    200, body: "hello", upstream: "abcdef"},
		{name: "A holds the request and replies", guests: func(a, _ *wasmtest.Guest) { call(a); reply(a, onCall) },
			answers: 1, callbacks: "A.create A.reqHead A.call A.respHead A.respBody A.log B.create B.log " +
				"A.done A.delete B.done B.delete",
			status: 403, body: "body", details: "det"},
		{name: "B holds the request and replies", guests: func(_, b *wasmtest.Guest) { call(b); reply(b, onCall) },
			answers: 2, callbacks: "A.create A.reqHead B.create B.reqHead A.reqBody A.reqBody A.reqBody B.call " + replied + end,
			status: 403, body: "body", details: "det"},
		{name: "A holds the body", guests: func(a, _ *wasmtest.Guest) { whole(a, reqBody) },
			callbacks: "A.create A.reqHead B.create B.reqHead A.reqBody A.reqBody A.reqBody B.reqBody " + response + end,
			status:    200, body: "hello", upstream: "abcdef"},
		{name: "B holds the body", guests: func(_, b *wasmtest.Guest) { whole(b, reqBody) },
			callbacks: request + response + end, status: 200, body: "hello", upstream: "abcdef"},
		{name: "A holds the response's body", guests: func(a, _ *wasmtest.Guest) { whole(a, respBody) },
			callbacks: request + response + end, status: 200, body: "hello", upstream: "abcdef"},
		{name: "B holds the response's body", guests: func(_, b *wasmtest.Guest) { whole(b, respBody) },
			callbacks: request + "B.respHead A.respHead B.respBody B.respBody A.respBody " + end,
			status:    200, body: "hello", upstream: "abcdef"},
		{name: "A traps", guests: func(a, _ *wasmtest.Guest) { a.Do(reqHead, wasmtest.Unreachable) },
			callbacks: "A.create A.reqHead B.create B.log B.done B.delete", status: 503, details: failStream},
		{name: "B traps", guests: func(_, b *wasmtest.Guest) { b.Do(reqHead, wasmtest.Unreachable) },
			callbacks: "A.create A.reqHead B.create B.reqHead A.respHead A.log A.done A.delete", status: 503,
			details: failStream},
		{name: "B traps on the response", guests: func(_, b *wasmtest.Guest) { b.Do(respHead, wasmtest.Unreachable) },
			callbacks: request + "B.respHead A.log A.done A.delete", status: 503, upstream: "abcdef", details: failStream},
		{name: "B traps, and fails open", guests: func(_, b *wasmtest.Guest) { b.Do(reqHead, wasmtest.Unreachable) },
			policy: LegacyFailOpen, callbacks: "A.create A.reqHead B.create B.reqHead A.reqBody A.reqBody A.reqBody " +
				"A.respHead A.respBody A.respBody A.log A.done A.delete",
			status: 200, body: "hello", upstream: "abcdef"},
		{name: "B closes", guests: func(_, b *wasmtest.Guest) { b.Call(reqHead, "proxy_close_stream", 0) },
			callbacks: "A.create A.reqHead B.create B.reqHead " + end, details: "wasm_close_stream"},
		{name: "B takes the path away", guests: func(_, b *wasmtest.Guest) {
			b.Call(reqHead, "proxy_remove_header_map_value", 0, ":path")
		},
			callbacks: "A.create A.reqHead B.create B.reqHead B.respHead A.respHead " + end, status: 404,
			details: "route_not_found"},
		{name: "A takes the path away", guests: func(a, _ *wasmtest.Guest) {
			a.Call(reqHead, "proxy_remove_header_map_value", 0, ":path")
		},
			callbacks: "A.create A.reqHead B.create B.reqHead B.respHead A.respHead " + end, status: 404,
			details: "route_not_found"},
		{name: "B takes the status away", guests: func(_, b *wasmtest.Guest) {
			b.Call(respHead, "proxy_remove_header_map_value", 2, ":status")
		},
			callbacks: request + "B.respHead A.respHead " + end, status: 502, body: "missing required header: :status",
			upstream: "abcdef", details: "filter_removed_required_response_headers{missing_required_header:_:status}"},
		{name: "A makes trailers", guests: func(a, _ *wasmtest.Guest) {
			a.Do(reqBody, wasmtest.Get(2), wasmtest.If)
			a.Call(reqBody, "proxy_add_header_map_value", 1, "t", "1")
			a.Do(reqBody, wasmtest.End)
		}, callbacks: request + "B.reqTrail " + response + end, status: 200, body: "hello", upstream: "abcdef"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			guests := test.guests
			if guests == nil {
				guests = func(_, _ *wasmtest.Guest) {}
			}
			l := link(t, guests, test.policy)
			l.exchange()
			if test.answers > 0 {
				if err := l.vms[test.answers-1].Answer(4, CallAnswer{Headers: answered}); err != nil {
					t.Fatal(err)
				}
				if l.Upstream().Ended {
					l.ResponseHeaders(headermap.Of(":status", "200"), false)
					l.ResponseBody([]byte("hello"), true)
				}
			}
			l.Close()
			if diff := cmp.Diff(strings.Fields(test.callbacks), l.callbacks); diff != "" {
				t.Errorf("callbacks (-want +got):\n%s", diff)
			}
			d := l.Downstream()
			if d.Status() != test.status || string(d.Body()) != test.body || string(l.Upstream().Body()) != test.upstream ||
				l.Details() != test.details {
				t.Errorf("client got %d %q, upstream got %q, details %q", d.Status(), d.Body(), l.Upstream().Body(), l.Details())
			}
			l.Release()
		})
	}
}

// TestChainShares: what one plugin changes or sets, the other sees, and both see the result in proxy_on_log.
func TestChainShares(t *testing.T) {
	var aLog, bLog, bSees, aSees, set int
	l := link(t, func(a, b *wasmtest.Guest) {
		a.Call(reqHead, "proxy_set_property", "mine", "A")
		a.Call(reqHead, "proxy_add_header_map_value", 0, "x-a", "1")
		bSees = b.Call(reqHead, "proxy_get_header_map_value", 0, "x-a", out)
		set = b.Call(reqHead, "proxy_get_property", "filter_state\x00wasm.mine", out)
		b.Call(reqHead, "proxy_replace_header_map_value", 0, "x-a", "2")
		b.Call(respHead, "proxy_add_header_map_value", 2, "x-b", "1")
		aSees = a.Call(respHead, "proxy_get_header_map_value", 2, "x-b", out)
		a.Call(respHead, "proxy_remove_header_map_value", 2, "x-b")
		aLog = a.Call(onLogs, "proxy_get_header_map_value", 0, "x-a", out)
		bLog = b.Call(onLogs, "proxy_get_header_map_value", 2, "x-b", out)
	}, FailClosed)
	l.exchange()
	l.Close()
	a, b := &fixture{T: t, vm: l.vms[0]}, &fixture{T: t, vm: l.vms[1]}
	for what, got := range map[string][2]string{"B's request header": {b.shown(bSees), `"1"`},
		"A's property in B": {b.shown(set), `"A"`}, "A's response header": {a.shown(aSees), `"1"`},
		"the request header in A's log":  {a.shown(aLog), `"2"`},
		"the response header in B's log": {b.shown(bLog), "NotFound"}} {
		if got[0] != got[1] {
			t.Errorf("%s: got %s, want %s", what, got[0], got[1])
		}
	}
	if value, _ := l.Upstream().Header("x-a"); value != "2" {
		t.Errorf("upstream got x-a %q", value)
	}
	if _, found := l.Downstream().Header("x-b"); found {
		t.Error("client got x-b")
	}
}

// TestChainFails: the upstream fails while B holds the response.
func TestChainFails(t *testing.T) {
	l := link(t, func(_, b *wasmtest.Guest) { b.Returns(respHead, 1) }, FailClosed)
	l.exchange()
	if l.Streams()[0].ResponseHeld() || !l.Streams()[1].ResponseHeld() {
		t.Error("it is B that holds the response")
	}
	l.FailUpstream(CallProtocolError) // too late: the response is there as a whole
	if l.Downstream().HeadersSent || l.Flags() != 0 {
		t.Error("an upstream that had answered has failed")
	}
	l.Close()
	if l.Details() != "downstream_remote_disconnect" || l.Flags() != 0x4000 {
		t.Errorf("details %q, flags %#x", l.Details(), l.Flags())
	}

	l = link(t, func(_, b *wasmtest.Guest) { b.Returns(respHead, 1) }, FailClosed)
	l.RequestHeaders(get, true)
	l.ResponseHeaders(headermap.Of(":status", "200"), false)
	l.FailUpstream(CallProtocolError)
	l.Close()
	want := "A.create A.reqHead B.create B.reqHead B.respHead A.log B.log A.done A.delete B.done B.delete"
	if diff := cmp.Diff(strings.Fields(want), l.callbacks); diff != "" || l.Downstream().Status() != 502 {
		t.Errorf("status %d, callbacks (-want +got):\n%s", l.Downstream().Status(), diff)
	}
}

// TestChainInOneVM: two plugins of one VM, of which a third is not in the chain.
func TestChainInOneVM(t *testing.T) {
	g := wasmtest.NewGuest("0_2_1")
	g.Exports(reqHead, onLogs)
	b := mustStart(t, g, setup{vm: VMConfig{Trace: true}})
	other, err := b.vm.NewPlugin(context.Background(), PluginConfig{})
	if err != nil {
		t.Fatal(err)
	}
	before := len(b.vm.Crossings())
	c := NewChain(StreamConfig{}, b.plugin, other, b.plugin)
	c.RequestHeaders(get, true)
	c.Close()
	var got []string
	for _, crossing := range b.vm.Crossings()[before:] {
		if line, found := strings.CutPrefix(crossing.String(), "-> proxy_on_"); found {
			got = append(got, line)
		}
	}
	want := []string{"request_headers(context 3, headers 6, end_of_stream true)",
		"request_headers(context 4, headers 6, end_of_stream true)",
		"request_headers(context 5, headers 6, end_of_stream true)", "log(context 3)", "log(context 4)", "log(context 5)"}
	if diff := cmp.Diff(want, got); diff != "" || !c.Upstream().Ended {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestChainByAnyStream: an event that one of the streams is told is one of the exchange.
func TestChainByAnyStream(t *testing.T) {
	var want []string
	for i := range 3 {
		l := link(t, func(_, _ *wasmtest.Guest) {}, FailClosed)
		s := l.first() // in the first round, whose other events are the chain's
		if i > 0 {
			s = l.Streams()[i-1]
		}
		s.RequestHeaders(headermap.Of(":authority", "a", ":path", "/p", ":method", "POST", ":scheme", "http"), false)
		s.RequestBody([]byte("abc"), false)
		s.RequestTrailers(headermap.Of("a", "b"))
		if i == 0 {
			l.ResponseHeaders(headermap.Of(":status", "200"), false)
			l.ResponseBody([]byte("hel"), false)
			l.FailUpstream(CallClosed)
			l.Close()
			want = l.callbacks
		} else {
			s.ResponseHeaders(headermap.Of(":status", "200"), false)
			s.ResponseBody([]byte("hel"), false)
			s.FailUpstream(CallClosed)
			s.Close()
		}
		if diff := cmp.Diff(want, l.callbacks); diff != "" || len(want) == 0 {
			t.Errorf("stream %d: callbacks (-want +got):\n%s", i, diff)
		}
	}
}
