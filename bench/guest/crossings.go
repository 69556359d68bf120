package guest

import (
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// Crossing is a guest that does one thing in each request, besides what Empty does.
type Crossing struct {
	Name   string // that of the function
	What   string // it does, in a few words
	Status int    // that the client gets
	write  func(*wasmtest.Guest)
}

// Empty is the guest that others are compared with: five callbacks that do nothing.
const Empty = "empty"

// Crossings are the guests that do one thing each, Empty first.
func Crossings() []Crossing {
	in := func(function string, args ...any) func(*wasmtest.Guest) {
		return func(g *wasmtest.Guest) { g.Call(onRequestHeaders, function, args...) }
	}
	requests := int(abi.RequestHeaders)
	return []Crossing{
		{Empty, "an empty plugin", 200, func(*wasmtest.Guest) {}},
		{"proxy_on_response_headers, empty", "one callback more", 200, func(g *wasmtest.Guest) {
			g.Exports(onResponseHeaders)
		}},
		{"all exports of an SDK, empty", "all callbacks", 200, func(g *wasmtest.Guest) { g.Exports(allCallbacks...) }},
		{"proxy_get_header_map_value", "one header read", 200,
			in("proxy_get_header_map_value", requests, "allow", wasmtest.Out)},
		{"proxy_get_header_map_pairs", "all headers read", 200, in("proxy_get_header_map_pairs", requests, wasmtest.Out)},
		{"proxy_get_header_map_size", "the headers' size asked", 200,
			in("proxy_get_header_map_size", requests, wasmtest.Out1)},
		{"proxy_replace_header_map_value", "one header set", 200,
			in("proxy_replace_header_map_value", requests, "x-checked", "yes")},
		{"proxy_get_property", "a property read", 200, in("proxy_get_property", "request\x00path", wasmtest.Out)},
		{"proxy_get_shared_data", "shared data asked for", 200,
			in("proxy_get_shared_data", "key", wasmtest.Out, wasmtest.Out1)},
		{"proxy_increment_metric", "a counter raised", 200, incrementMetric},
		{"proxy_get_current_time_nanoseconds", "the clock read", 200,
			in("proxy_get_current_time_nanoseconds", wasmtest.Out1)},
		{"clock_time_get", "the clock, by WASI", 200, func(g *wasmtest.Guest) {
			g.CallFrom("wasi_snapshot_preview1", onRequestHeaders, "clock_time_get", "i", 0, int64(1), wasmtest.Out1)
		}},
		{"proxy_log, below the level", "a line not written", 200, in("proxy_log", int(abi.LogDebug), "refused: missing")},
		{"proxy_log, written", "a line written", 200, in("proxy_log", int(abi.LogError), "refused: missing")},
		{"proxy_send_local_response", "a local response", forbidden, func(g *wasmtest.Guest) {
			unauthorized(g)
			g.Returns(onRequestHeaders, int(abi.Pause))
		}},
	}
}

var allCallbacks = []string{"proxy_on_vm_start", onConfigure, "proxy_on_tick", "proxy_on_request_body",
	"proxy_on_request_trailers",
	onResponseHeaders, "proxy_on_response_body", "proxy_on_response_trailers", onReply, "proxy_on_queue_ready",
	"proxy_on_grpc_receive", "proxy_on_grpc_close", "proxy_on_foreign_function"}

// Bytes is the module.
func (c Crossing) Bytes() []byte {
	g := wasmtest.NewGuest("0_2_1")
	g.Allocator = "proxy_on_memory_allocate"
	g.Alloc(wasmtest.I32(bufferAt))
	g.Exports("proxy_on_context_create", onRequestHeaders, "proxy_on_log", "proxy_on_done", "proxy_on_delete")
	c.write(g)
	return g.Bytes()
}

func incrementMetric(g *wasmtest.Guest) {
	defined := g.Call(onConfigure, "proxy_define_metric", int(abi.Counter), "requests", wasmtest.Out1)
	g.Call(onRequestHeaders, "proxy_increment_metric", wasmtest.OutWord(defined, 0), int64(1))
}
