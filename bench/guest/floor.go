package guest

import (
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// floors write the floor of a scenario, by the id of its case.
var floors = map[string]func(*wasmtest.Guest){
	"typical/allow":          allow,
	"typical/refuse-missing": func(g *wasmtest.Guest) { deny(g, "refused: missing") },
	"typical/refuse-wrong":   func(g *wasmtest.Guest) { deny(g, "refused: mismatch") },
	"typical/headers-20":     allow,
	"typical/headers-60":     allow,
	"typical/rate-limited":   rateLimited,
	"typical/config-header":  configHeader,
	"typical/callout":        callout,
	"typical/log-headers":    logHeaders,
}

// Floor is the plugin that makes the host calls that no plugin can do without in a scenario, with constants in place
// of what a plugin would compute. Its time is the cost of the host and of the calls. It reports false for a scenario
// that has none.
//
// It has one answer only: run its case without the good request that the suite sends afterwards.
func Floor(scenario string) ([]byte, bool) {
	write, known := floors[scenario]
	if !known {
		return nil, false
	}
	g := plugin()
	write(g)
	return g.Bytes(), true
}

func allow(g *wasmtest.Guest) { getHeaders(g, onRequestHeaders, abi.RequestHeaders) }

func deny(g *wasmtest.Guest, line string) {
	getHeaders(g, onRequestHeaders, abi.RequestHeaders)
	log(g, onRequestHeaders, abi.LogDebug, line)
	unauthorized(g)
	g.Returns(onRequestHeaders, int(abi.Pause))
}

// rateLimited allows its first request and no other.
func rateLimited(g *wasmtest.Guest) {
	empty := g.Global(0)
	for _, callback := range []string{onConfigure, onRequestHeaders} {
		g.Call(callback, "proxy_get_current_time_nanoseconds", wasmtest.Out1)
	}
	g.Do(onRequestHeaders, wasmtest.GetGlobal(empty), wasmtest.Eqz, wasmtest.If, wasmtest.I32(1),
		wasmtest.SetGlobal(empty))
	allow(g)
	g.Do(onRequestHeaders, returning(abi.Continue), wasmtest.End)
	log(g, onRequestHeaders, abi.LogDebug, "refused: rate limited")
	refuse(g, "rate limited, wait and retry.", "powered-by", "header-auth")
	g.Returns(onRequestHeaders, int(abi.Pause))
}

func configHeader(g *wasmtest.Guest) {
	allow(g)
	const config = `{"config_header":"x-config","response_headers":[["x-wasm-filter","hello from wasm"]]}`
	g.Call(onResponseHeaders, "proxy_add_header_map_value", int(abi.ResponseHeaders), "x-wasm-filter", "hello from wasm")
	g.Call(onResponseHeaders, "proxy_replace_header_map_value", int(abi.ResponseHeaders), "x-config", config)
}

// callout keeps the context of the last request until the answer to its call is there.
func callout(g *wasmtest.Guest) {
	context := g.Global(0)
	g.Do(onRequestHeaders, wasmtest.Get(0), wasmtest.SetGlobal(context))
	allow(g)
	headers := wasmtest.Pairs(":method", "GET", ":path", "/ask", ":authority", "asks.example", "x-session", "5d1c2a7419a8")
	const timeout = 5000 // milliseconds
	g.Call(onRequestHeaders, "proxy_http_call", "asks", headers, "", wasmtest.Pairs(), timeout, wasmtest.Out1)
	g.Returns(onRequestHeaders, int(abi.Pause))

	g.Call(onReply, "proxy_set_effective_context", wasmtest.GetGlobal(context))
	getHeaders(g, onReply, abi.HttpCallResponseHeaders)
	g.Call(onReply, "proxy_continue_stream", int(abi.StreamRequest))
}

func logHeaders(g *wasmtest.Guest) {
	allow(g)
	log(g, onRequestHeaders, abi.LogInfo,
		"request header :method: GET",
		"request header :path: /a?b=1",
		"request header :authority: shop.example",
		"request header :scheme: https",
		"request header user-agent: curl/8.15.0",
		"request header accept: */*",
		"request header allow: ***")
	getHeaders(g, onResponseHeaders, abi.ResponseHeaders)
	log(g, onResponseHeaders, abi.LogInfo,
		"response header :status: 200",
		"response header content-type: text/html",
		"response header server: shop")
}
