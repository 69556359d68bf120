// Package guest writes the plugins that the benchmark needs besides the builds: floors, which make the host calls of a
// scenario and do nothing else, and plugins with a known fault, with which the benchmark is tested.
//
// Each plugin answers the request of its scenario with constants, without looking at the request. So it can't answer
// other requests. It serves one stream at a time.
package guest

import (
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/wasmtest"
)

const (
	onConfigure       = "proxy_on_configure"
	onRequestHeaders  = "proxy_on_request_headers"
	onResponseHeaders = "proxy_on_response_headers"
	onReply           = "proxy_on_http_call_response"
)

// Addresses in a guest's memory, which has four pages.
const (
	bufferAt = 128 << 10 // all that the host writes goes here: a guest looks at none of it
	heapAt   = 256 << 10 // the first byte behind the four pages
)

// pageBytes is a page of linear memory.
const pageBytes = 64 << 10

// plugin begins a guest with the exports of a plugin that is made with an SDK, and with the same host calls at its
// start.
func plugin() *wasmtest.Guest {
	g := wasmtest.NewGuest("0_2_1")
	g.Allocator = "proxy_on_memory_allocate"
	g.Alloc(wasmtest.I32(bufferAt))
	g.Exports("_initialize", "proxy_on_context_create", "proxy_on_vm_start", onConfigure, "proxy_on_tick",
		onRequestHeaders, "proxy_on_request_body", "proxy_on_request_trailers",
		onResponseHeaders, "proxy_on_response_body", "proxy_on_response_trailers",
		onReply, "proxy_on_queue_ready", "proxy_on_log", "proxy_on_done", "proxy_on_delete")
	const longest = 64<<10 + 1 // bytes of configuration: one more than a plugin takes
	g.Call(onConfigure, "proxy_get_buffer_bytes", int(abi.PluginConfiguration), 0, longest, wasmtest.Out)
	return g
}

func getHeaders(g *wasmtest.Guest, callback string, m abi.MapType) {
	g.Call(callback, "proxy_get_header_map_pairs", int(m), wasmtest.Out)
}

func log(g *wasmtest.Guest, callback string, level abi.LogLevel, lines ...string) {
	for _, line := range lines {
		g.Call(callback, "proxy_log", int(level), line)
	}
}

const forbidden, permissionDenied = 403, 7

// refuse sends the reply to a request. The callback has to return Pause.
func refuse(g *wasmtest.Guest, body string, header ...string) {
	g.Call(onRequestHeaders, "proxy_send_local_response", forbidden, "header_auth_refused", body,
		wasmtest.Pairs(header...), permissionDenied)
}

// unauthorized is refuse as for a request without the right header.
func unauthorized(g *wasmtest.Guest) {
	refuse(g, "Forbidden by ASM Wasm Plugin", "content-type", "text/plain")
}

// returning is code that makes a callback return at once.
func returning(a abi.Action) wasmtest.Code {
	return wasmtest.Join(wasmtest.I32(int(a)), wasmtest.Return)
}
