package host

import (
	"context"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// fusing sets after how many exchanges an instance gets its helper.
func fusing(t testing.TB, uses int) {
	before := usesBeforeFusion
	usesBeforeFusion = uses
	t.Cleanup(func() { usesBeforeFusion = before })
}

const neverFused = -1

// messageCallbacks are those that return an action.
var messageCallbacks = []string{reqHead, reqBody, "proxy_on_response_headers", "proxy_on_response_body"}

// plainCallbacks are those of an exchange without trailers.
var plainCallbacks = append(messageCallbacks[:4:4], "proxy_on_context_create", "proxy_on_log", "proxy_on_done",
	"proxy_on_delete")

// deeds are what a guest does in one of its callbacks.
var deeds = map[string]func(g *wasmtest.Guest, in string){
	"nothing": func(*wasmtest.Guest, string) {},
	"log":     func(g *wasmtest.Guest, in string) { g.Call(in, "proxy_log", 2, "a line") },
	"read": func(g *wasmtest.Guest, in string) {
		for m := range 4 {
			g.Call(in, "proxy_get_header_map_pairs", m, wasmtest.Out)
			g.Call(in, "proxy_get_header_map_value", m, ":status", wasmtest.Out)
		}
		g.Call(in, "proxy_get_buffer_bytes", 0, 0, 100, wasmtest.Out)
		g.Call(in, "proxy_get_buffer_bytes", 1, 0, 100, wasmtest.Out)
	},
	"change": func(g *wasmtest.Guest, in string) {
		for m := range 4 {
			g.Call(in, "proxy_add_header_map_value", m, "x-added", "1")
		}
	},
	"break the path": func(g *wasmtest.Guest, in string) { g.Call(in, "proxy_remove_header_map_value", 0, ":path") },
	"write bodies": func(g *wasmtest.Guest, in string) {
		g.Call(in, "proxy_set_buffer_bytes", 0, 0, 100, "request")
		g.Call(in, "proxy_set_buffer_bytes", 1, 0, 100, "response")
	},
	"reply": func(g *wasmtest.Guest, in string) {
		g.Call(in, "proxy_send_local_response", 403, "no", "go", "", -1)
	},
	"continue the request":  func(g *wasmtest.Guest, in string) { g.Call(in, "proxy_continue_stream", 0) },
	"continue the response": func(g *wasmtest.Guest, in string) { g.Call(in, "proxy_continue_stream", 1) },
	"close":                 func(g *wasmtest.Guest, in string) { g.Call(in, "proxy_close_stream", 1) },
	"act for the root": func(g *wasmtest.Guest, in string) {
		g.Call(in, "proxy_set_effective_context", 1)
		g.Call(in, "proxy_get_header_map_pairs", 0, wasmtest.Out)
		g.Call(in, "proxy_log", 2, "the root's line")
	},
	"reply for the root": func(g *wasmtest.Guest, in string) {
		g.Call(in, "proxy_set_effective_context", 1)
		g.Call(in, "proxy_send_local_response", 403, "no", "go", "", -1)
	},
	"enqueue": func(g *wasmtest.Guest, in string) {
		g.Call(in, "proxy_register_shared_queue", "q", wasmtest.Out1)
		g.Call(in, "proxy_enqueue_shared_queue", 1, "item")
	},
	"trap": func(g *wasmtest.Guest, in string) { g.Do(in, wasmtest.Unreachable) },
	"log, and trap": func(g *wasmtest.Guest, in string) {
		g.Call(in, "proxy_log", 2, "a line")
		g.Do(in, wasmtest.Unreachable)
	},
	"a bad address": func(g *wasmtest.Guest, in string) { g.Call(in, "proxy_log", 2, wasmtest.Raw{At: -8, Len: 4}) },
}

// TestQuick runs guests that do one thing in one callback, on the quick paths and on the ordinary ones: after each
// event all that can be seen is the same.
func TestQuick(t *testing.T) {
	oldest, err := profile.Parse("1.36")
	if err != nil {
		t.Fatal(err)
	}
	exchanges := map[string][]streamEvent{
		"no bodies":  {reqHeaders(true), quickAnswer(true), closed},
		"a response": {reqHeaders(true), quickAnswer(false), respData("ok", true), closed},
		"bodies": {reqHeaders(false), reqData("abc", false), reqData("de", true), quickAnswer(false),
			respData("a", false), respData("bc", true), closed},
		"an early answer":    {reqHeaders(false), reqData("abc", false), quickAnswer(false), respData("a", true), closed},
		"the client goes":    {reqHeaders(false), reqData("abc", false), closed},
		"the client is gone": {reqHeaders(true), closed},
		"trailers": {reqHeaders(false), reqData("abc", false), reqTrailers("t", "1"), quickAnswer(false),
			respData("a", false), respTrailers("u", "1"), closed},
		"continued": {reqHeaders(false), reqData("abc", false), quickTick, reqData("de", false), quickTick,
			reqData("f", true), quickTick, quickAnswer(true), closed},
		"the router asks": {oddHeaders, quickAnswer(true), closed},
		"an empty end":    {reqHeaders(false), reqData("", true), quickAnswer(false), respData("", true), closed},
	}
	for name, deed := range deeds {
		for _, callback := range plainCallbacks {
			for action := range 4 {
				if action > 1 && name != "nothing" || action > 0 &&
					!strings.Contains(strings.Join(messageCallbacks, " "), callback) {
					continue
				}
				g := wasmtest.NewGuest("0_2_1")
				g.Exports(plainCallbacks...)
				g.Exports("proxy_on_request_trailers", "proxy_on_response_trailers", "proxy_on_vm_start", "proxy_on_configure")
				if action > 0 {
					g.Returns(callback, action)
				}
				if callback == "proxy_on_context_create" {
					g.Do(callback, wasmtest.Get(1), wasmtest.Eqz, wasmtest.If, wasmtest.Return, wasmtest.End)
				}
				deed(g, callback)
				for context := 2; context < 5; context++ {
					g.Call("proxy_on_tick", "proxy_set_effective_context", context)
					g.Call("proxy_on_tick", "proxy_continue_stream", 0)
				}
				for _, protocol := range []Protocol{HTTP1, HTTP2} {
					var rules profile.Profile // each protocol with the rules of another Envoy
					if protocol == HTTP2 {
						rules = oldest
					}
					m, err := Compile(context.Background(), g.Bytes(), Options{Profile: rules})
					if err != nil {
						t.Fatal(err)
					}
					for exchange, events := range exchanges {
						ordinary, quick := follow(t, m, neverFused, protocol, events), follow(t, m, 1, protocol, events)
						for i := range ordinary {
							if ordinary[i] != quick[i] {
								t.Fatalf("%s in %s, which returns %d; %s, %v; after event %d:\nordinary %s\nquick    %s",
									name, callback, action, exchange, protocol, i, ordinary[i], quick[i])
							}
						}
					}
					if err := m.Close(context.Background()); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
}

func quickAnswer(end bool) streamEvent {
	return func(_ *fixture, s *Stream) { s.ResponseHeaders(answered, end) }
}

func quickTick(_ *fixture, s *Stream) { _ = s.plugin.Tick() }

// odd are headers of which the router takes one out.
var odd = append(get[:len(get):len(get)], Header{Name: "x-envoy-max-retries", Value: "3"},
	Header{Name: ":path", Value: "no-slash"})

func oddHeaders(_ *fixture, s *Stream) {
	scratch := s.plugin.NewStream(s.config)
	scratch.loadHeaders(&scratch.request, odd)
	s.RequestHeaders(odd, true)
}

// follow runs an exchange twice in one VM, and returns what is to be seen after each event.
func follow(t *testing.T, m *Module, uses int, protocol Protocol, events []streamEvent) (seen []string) {
	t.Helper()
	fusing(t, uses)
	ctx := context.Background()
	var lines []string
	vm, err := m.NewVM(ctx, VMConfig{Log: func(l LogLine) { lines = append(lines, fmt.Sprint(l)) }})
	if err != nil {
		t.Fatal(err)
	}
	p, err := vm.NewPlugin(ctx, PluginConfig{Name: "plugin", AllowOnHeadersStopIteration: protocol == HTTP2})
	if err != nil {
		t.Fatal(err)
	}
	config := StreamConfig{Protocol: protocol}
	known := p.NewStream(config)
	known.loadHeaders(&known.request, get)
	known.loadHeaders(&known.response, answered)
	if vm.fused == nil != (uses == neverFused) {
		t.Fatalf("helper %v", vm.fused)
	}
	for range 2 {
		s := p.NewStream(config)
		for _, event := range events {
			event(nil, s)
			seen = append(seen, snapshot(vm, s)+strings.Join(lines, "; "))
		}
	}
	if err := vm.Close(ctx); err != nil {
		t.Fatal(err)
	}
	return seen
}

// snapshot is all that a caller, or the guest's next callback, can see.
func snapshot(vm *VM, s *Stream) string {
	message := func(m *Message) string {
		return fmt.Sprint(m.Headers(), m.HeadersSent, m.Ended, m.Reset, m.Repeated, m.Trailers(), string(m.Body()))
	}
	request, response := s.Actions()
	failure := ""
	if f := vm.Failure(); f != nil {
		failure = fmt.Sprintf("%+v", *f)
	}
	return fmt.Sprintln("up", message(s.Upstream()), "down", message(s.Downstream()), "actions", request,
		response, s.Reply(), s.Details(), s.Flags(), s.RequestHeld(), s.ResponseHeld(), "failure", failure, "contexts",
		len(vm.contexts), s.ContextID(), vm.entryDepth, vm.nesting, len(vm.actions), vm.stopIteration, vm.phase, vm.inGuest,
		"memory", crc32.ChecksumIEEE(vm.Linear()), s.place, s.active,
		s.dispatching, s.receivedBytes, state(&s.request), state(&s.response))
}

// state is all of a direction's progress, with the name of the body that the guest sees in place of its address.
func state(d *direction) string {
	p := d.progress
	body := map[*[]byte]string{nil: "none", &d.chunk: "chunk", &d.buffer: "buffer"}[p.body]
	p.body = nil
	return fmt.Sprintf("%+v %s %q %q", p, body, d.chunk, d.buffer)
}

// TestQuickServes: the exchange that the benchmarks measure takes no other path.
func TestQuickServes(t *testing.T) {
	fusing(t, 1)
	p := startPlugin(t, allowGuest(), VMConfig{})
	request(p)
	s := p.NewStream(StreamConfig{})
	for i, served := range []bool{s.openQuickly(get, true), s.answerQuickly(answered, false),
		s.passQuickly(&s.response, body, true), s.closeQuickly()} {
		if !served {
			t.Errorf("event %d took the ordinary path", i)
		}
	}
}
