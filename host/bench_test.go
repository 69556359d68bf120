package host

import (
	"context"
	"encoding/binary"
	"runtime"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/wasmtest"
	"github.com/header-auth/header-auth/internal/clock"
)

// allowGuest does what a small plugin with an SDK does in an allowed request: it exports every HTTP callback and reads
// one header.
func allowGuest() *wasmtest.Guest {
	g := wasmtest.NewGuest("0_2_1")
	g.Exports("proxy_on_context_create", "proxy_on_vm_start", "proxy_on_configure", "proxy_on_request_headers",
		"proxy_on_request_body", "proxy_on_request_trailers", "proxy_on_response_headers", "proxy_on_response_body",
		"proxy_on_response_trailers", "proxy_on_log", "proxy_on_done", "proxy_on_delete")
	g.Call("proxy_on_request_headers", "proxy_get_header_map_value", 0, "allow", wasmtest.Out)
	return g
}

// denyGuest refuses every request.
func denyGuest() *wasmtest.Guest {
	g := wasmtest.NewGuest("0_2_1")
	g.Exports("proxy_on_context_create", "proxy_on_response_headers", "proxy_on_response_body", "proxy_on_log",
		"proxy_on_done", "proxy_on_delete")
	g.Call("proxy_on_request_headers", "proxy_get_header_map_pairs", 0, wasmtest.Out)
	g.Call("proxy_on_request_headers", "proxy_log", 1, "refused: missing")
	g.Call("proxy_on_request_headers", "proxy_send_local_response", 403, "header_auth_refused", "access denied.",
		wasmtest.Pairs("powered-by", "header-auth"), 7)
	g.Returns("proxy_on_request_headers", 1)
	return g
}

var body = []byte("ok")

// request is one whole exchange on a warm VM, from create to delete.
func request(p *Plugin) {
	s := p.NewStream(StreamConfig{})
	s.RequestHeaders(get, true)
	if s.Upstream().Ended {
		s.ResponseHeaders(answered, false)
		s.ResponseBody(body, true)
	}
	s.Close()
	s.Release()
}

// bare is allowGuest with host functions that do almost nothing.
type bare struct {
	ctx                       context.Context
	create, requestHeaders    api.Function
	responseHeaders, respBody api.Function
	log, done, delete, malloc api.Function
	memory                    api.Memory
	stack                     [5]uint64
	inner                     [1]uint64
	id                        uint64
}

func newBare(b testing.TB) *bare {
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	b.Cleanup(func() { _ = r.Close(ctx) })
	n := &bare{ctx: ctx, id: 1}
	i32 := api.ValueTypeI32
	_, err := r.NewHostModuleBuilder("env").NewFunctionBuilder().WithGoModuleFunction(
		api.GoModuleFunc(func(ctx context.Context, _ api.Module, stack []uint64) {
			n.inner[0] = 4
			if err := n.malloc.CallWithStack(ctx, n.inner[:]); err != nil {
				panic(err)
			}
			ptr := uint32(n.inner[0])
			view, _ := n.memory.Read(ptr, 4)
			binary.LittleEndian.PutUint32(view, 0x65757274)
			n.memory.WriteUint32Le(uint32(stack[3]), ptr)
			n.memory.WriteUint32Le(uint32(stack[4]), 4)
			stack[0] = 0
		}), []api.ValueType{i32, i32, i32, i32, i32}, []api.ValueType{i32}).Export("proxy_get_header_map_value").
		Instantiate(ctx)
	if err != nil {
		b.Fatal(err)
	}
	m, err := r.Instantiate(ctx, allowGuest().Bytes())
	if err != nil {
		b.Fatal(err)
	}
	f := m.ExportedFunction
	n.create, n.requestHeaders = f("proxy_on_context_create"), f("proxy_on_request_headers")
	n.responseHeaders, n.respBody = f("proxy_on_response_headers"), f("proxy_on_response_body")
	n.log, n.done, n.delete = f("proxy_on_log"), f("proxy_on_done"), f("proxy_on_delete")
	n.malloc, n.memory = f("malloc"), m.Memory()
	return n
}

func (n *bare) call(f api.Function, a, b uint64) {
	n.stack[0], n.stack[1], n.stack[2] = n.id, a, b
	if err := f.CallWithStack(n.ctx, n.stack[:]); err != nil {
		panic(err)
	}
}

func (n *bare) request() {
	n.id++
	n.call(n.create, 1, 0)
	n.call(n.requestHeaders, 6, 1)
	n.call(n.responseHeaders, 2, 0)
	n.call(n.respBody, 2, 0)
	n.call(n.respBody, 0, 1)
	n.call(n.log, 0, 0)
	n.call(n.done, 0, 0)
	n.call(n.delete, 0, 0)
}

// BenchmarkRequest is a whole allowed request, from create to delete. ratio-to-bare compares it with wazero's calls for
// the same crossings alone. Both run in turns of some 100 µs on one thread, and the clock is that thread's processor
// time: on a busy machine the elapsed time says little.
func BenchmarkRequest(b *testing.B) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := startPlugin(b, allowGuest(), VMConfig{})
	n := newBare(b)
	const round = 500
	for range 20 * round {
		request(p)
		n.request()
	}
	b.ReportAllocs()
	b.ResetTimer()
	var host, bare time.Duration
	for left := b.N; left > 0; left -= round {
		times := min(left, round)
		begin := clock.Now()
		for range times {
			request(p)
		}
		between := clock.Now()
		for range times {
			n.request()
		}
		host, bare = host+between-begin, bare+clock.Now()-between
	}
	b.ReportMetric(float64(host)/float64(bare), "ratio-to-bare")
	b.ReportMetric(float64(bare)/float64(b.N), "bare-ns/op")
	b.ReportMetric(float64(host)/float64(b.N), "ns/op")
}

// BenchmarkRefusal is a whole refused request: header pairs, a log line, a local reply through the response callbacks.
func BenchmarkRefusal(b *testing.B) {
	p := startPlugin(b, denyGuest(), VMConfig{})
	b.ReportAllocs()
	for b.Loop() {
		request(p)
	}
}

func startPlugin(t testing.TB, g *wasmtest.Guest, c VMConfig) *Plugin {
	ctx := context.Background()
	m, err := Compile(ctx, g.Bytes(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	vm, err := m.NewVM(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = vm.Close(ctx); _ = m.Close(ctx) })
	p, err := vm.NewPlugin(ctx, PluginConfig{Name: "plugin"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRequestAllocatesNothing(t *testing.T) {
	tests := []struct {
		name    string
		guest   *wasmtest.Guest
		want    int
		replied bool
	}{
		{"allowed", allowGuest(), 200, false},
		{"refused", denyGuest(), 403, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := startPlugin(t, test.guest, VMConfig{})
			s := p.NewStream(StreamConfig{})
			s.RequestHeaders(get, true)
			s.ResponseHeaders(answered, true)
			if got := s.Downstream().Status(); got != test.want {
				t.Fatalf("status %d, want %d", got, test.want)
			}
			if s.Replied() != test.replied || (s.Reply() != nil) != test.replied {
				t.Fatalf("replied %v with %v, want %v", s.Replied(), s.Reply(), test.replied)
			}
			s.Close()
			s.Release()
			for range 100 {
				request(p)
			}
			if n := testing.AllocsPerRun(1000, func() { request(p) }); n != 0 {
				t.Errorf("%v allocations for one request, want none", n)
			}
			if err := p.vm.Failure(); err != nil {
				t.Error(err)
			}
		})
	}
}

// callGuest holds every request, calls a cluster and continues the request with the answer.
func callGuest() *wasmtest.Guest {
	g := wasmtest.NewGuest("0_2_1")
	context := g.Global(0)
	g.Exports("proxy_on_context_create", "proxy_on_response_headers", "proxy_on_response_body", "proxy_on_log",
		"proxy_on_done", "proxy_on_delete")
	g.Do("proxy_on_request_headers", wasmtest.Get(0), wasmtest.SetGlobal(context))
	g.Call("proxy_on_request_headers", "proxy_http_call", "asks", wasmtest.Pairs(":method", "GET", ":path", "/ask",
		":authority", "asks.example", "x-session", "5d1c2a7419a8"), "", wasmtest.Pairs(), 5000, wasmtest.Out1)
	g.Returns("proxy_on_request_headers", 1)
	g.Call("proxy_on_http_call_response", "proxy_set_effective_context", wasmtest.GetGlobal(context))
	g.Call("proxy_on_http_call_response", "proxy_get_header_map_pairs", int(abi.HttpCallResponseHeaders), wasmtest.Out)
	g.Call("proxy_on_http_call_response", "proxy_continue_stream", int(abi.StreamRequest))
	return g
}

// asking is a VM whose only cluster, asks, always answers 200.
func asking() VMConfig {
	yes := CallAnswer{Headers: headermap.Of(":status", "200")}
	return VMConfig{Clusters: func(string) ClusterState { return ClusterReady },
		Upstream: func(*Call) (CallAnswer, bool) { return yes, true }}
}

// BenchmarkCallout is a whole request that waits for the answer to a call.
func BenchmarkCallout(b *testing.B) {
	p := startPlugin(b, callGuest(), asking())
	b.ReportAllocs()
	for b.Loop() {
		request(p)
		p.vm.ForgetCalls()
	}
}
