package rewrite

import "github.com/header-auth/header-auth/host/wasmtest"

// TokenHeader carries a Token to the plugin that Control gives.
const TokenHeader = "x-token"

// Control is a plugin that sets FaultMetric to what a request has in TokenHeader. Metrics are the one thing that
// plugins in different VMs of an Envoy share.
func Control() []byte {
	const (
		metricName, headerName = 16, 32
		id, value              = 64, 72
		heap                   = 4096
	)
	m := wasmtest.Module{Pages: 1}
	define := m.Import("env", "proxy_define_metric", "iiii", "i")
	header := m.Import("env", "proxy_get_header_map_value", "iiiii", "i")
	record := m.Import("env", "proxy_record_metric", "iI", "i")
	m.Data(metricName, FaultMetric)
	m.Data(headerName, TokenHeader)
	m.Func("proxy_abi_version_0_2_1", "", "", 0)
	m.Func("malloc", "i", "i", 0, i32(heap))
	m.Func("proxy_on_request_headers", "iii", "i", 0,
		i32(1), i32(metricName), i32(len(FaultMetric)), i32(id), wasmtest.Call(define), wasmtest.Drop,
		i32(0), i32(headerName), i32(len(TokenHeader)), i32(value), i32(value+4), wasmtest.Call(header), wasmtest.Drop,
		i32(0), wasmtest.Load(id), i32(0), wasmtest.Load(value), at(load64, 0), wasmtest.Call(record), wasmtest.Drop,
		i32(0))
	return m.Bytes()
}
