package host

import (
	"context"
	"testing"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// fixture is a guest in a VM with one plugin, and what it logged.
type fixture struct {
	*testing.T
	module *Module
	vm     *VM
	plugin *Plugin
	lines  []string
	err    error // of NewVM or NewPlugin
}

type setup struct {
	options Options
	vm      VMConfig
	plugin  PluginConfig
}

// tryStart compiles a module and starts a plugin; what goes wrong from NewVM on is in err.
func tryStart(t *testing.T, wasm []byte, s setup) *fixture {
	t.Helper()
	ctx := context.Background()
	m, err := Compile(ctx, wasm, s.options)
	if err != nil {
		t.Fatal(err)
	}
	b := &fixture{T: t, module: m}
	t.Cleanup(func() {
		if b.vm != nil {
			_ = b.vm.Close(ctx)
		}
		_ = m.Close(ctx)
	})
	if s.vm.Log == nil {
		s.vm.Log = func(l LogLine) { b.lines = append(b.lines, l.Level.String()+l.Prefix+": "+l.Text) }
	}
	if b.vm, b.err = m.NewVM(ctx, s.vm); b.err != nil {
		return b
	}
	b.plugin, b.err = b.vm.NewPlugin(ctx, s.plugin)
	return b
}

// mustStart is tryStart for a guest that must start.
func mustStart(t *testing.T, g *wasmtest.Guest, s setup) *fixture {
	t.Helper()
	b := tryStart(t, g.Bytes(), s)
	if b.err != nil {
		t.Fatal(b.err)
	}
	return b
}

func (b *fixture) status(call int) abi.Status { return abi.Status(wasmtest.Status(b.vm.memory, call)) }
func (b *fixture) word(call, n int) uint32    { return wasmtest.Word(b.vm.memory, call, n) }
func (b *fixture) output(call int) string     { return wasmtest.Output(b.vm.memory, call, 0) }

var get = headermap.Of(":authority", "a.example", ":path", "/p?q=1", ":method", "GET", ":scheme", "http",
	"allow", "true", "x-forwarded-proto", "http")

var answered = headermap.Of(":status", "200", "content-length", "2")

// exchange sends a GET and, if it reaches the upstream, the response "ok".
func (b *fixture) exchange() *Stream {
	s := b.plugin.NewStream(StreamConfig{})
	s.RequestHeaders(get, true)
	if s.Upstream().Ended {
		s.ResponseHeaders(answered, false)
		s.ResponseBody([]byte("ok"), true)
	}
	return s
}

func TestAllowAndDeny(t *testing.T) {
	g := wasmtest.NewGuest("0_2_1")
	value := g.Call("proxy_on_request_headers", "proxy_get_header_map_value", 0, "Allow", wasmtest.Out)
	b := mustStart(t, g, setup{})
	s := b.exchange()
	s.Close()
	if got := b.output(value); got != "true" || b.status(value) != abi.StatusOk {
		t.Errorf("value %q, status %v", got, b.status(value))
	}
	if d := s.Downstream(); d.Status() != 200 || string(d.Body()) != "ok" || !d.Ended {
		t.Errorf("downstream %+v", d)
	}

	g = wasmtest.NewGuest("0_2_1")
	g.Call("proxy_on_request_headers", "proxy_send_local_response", 403, "no", "go away", wasmtest.Pairs("X-A", "b"), -1)
	b = mustStart(t, g, setup{vm: VMConfig{Trace: true}})
	s = b.exchange()
	s.Close()
	if d := s.Downstream(); d.Status() != 403 || string(d.Body()) != "go away" || !d.Ended || s.Upstream().HeadersSent {
		t.Errorf("downstream %+v", d)
	}
	for _, c := range b.vm.Crossings() {
		t.Log(c)
	}
	t.Log(s.Downstream().Headers(), s.Reply())
}
