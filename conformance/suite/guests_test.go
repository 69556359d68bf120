package suite

import (
	"testing"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/wasmtest"
	"github.com/header-auth/header-auth/report"
)

const onRequest = "proxy_on_request_headers"

// guest begins a plugin that lets every request pass.
func guest() *wasmtest.Guest {
	g := wasmtest.NewGuest("0_2_1")
	g.Exports("proxy_on_context_create", "proxy_on_vm_start", "proxy_on_configure", onRequest, "proxy_on_response_headers",
		"proxy_on_log", "proxy_on_done", "proxy_on_delete")
	return g
}

// refusing answers everything with 403.
func refusing() *wasmtest.Guest {
	g := guest()
	g.Call(onRequest, "proxy_log", 1, "refused")
	g.Call(onRequest, "proxy_send_local_response", 403, "why", "no", wasmtest.Pairs("x-why", "no"), 7)
	g.Returns(onRequest, 1)
	return g
}

func in(callback string, code ...wasmtest.Code) []byte {
	g := guest()
	g.Do(callback, code...)
	return g.Bytes()
}

var (
	endlessLoop   = []wasmtest.Code{wasmtest.Loop, wasmtest.Br(0), wasmtest.End}
	endlessGrowth = []wasmtest.Code{wasmtest.Loop, wasmtest.I32(16), wasmtest.MemoryGrow, wasmtest.Drop, wasmtest.Br(0),
		wasmtest.End}
	growOnce = []wasmtest.Code{wasmtest.I32(1), wasmtest.MemoryGrow, wasmtest.Drop}
)

// talks logs a line of 64 KiB without end.
func talks() []byte {
	g := guest()
	g.Do(onRequest, wasmtest.Loop)
	g.Call(onRequest, "proxy_log", 2, wasmtest.Raw{At: 0, Len: 64 << 10})
	g.Do(onRequest, wasmtest.Br(0), wasmtest.End)
	return g.Bytes()
}

// wild calls host functions with invalid pointers.
func wild() []byte {
	g := guest()
	for _, at := range []int{-1, 1 << 30, 256<<10 - 2} {
		nowhere := wasmtest.Raw{At: at, Len: -1}
		g.Call(onRequest, "proxy_get_header_map_pairs", 0, at, at)
		g.Call(onRequest, "proxy_set_header_map_pairs", 0, nowhere)
		g.Call(onRequest, "proxy_get_header_map_value", 0, nowhere, at, at)
		g.Call(onRequest, "proxy_send_local_response", 403, nowhere, nowhere, nowhere, 7)
		g.Call(onRequest, "proxy_log", 2, nowhere)
		g.Call(onRequest, "proxy_http_call", nowhere, nowhere, nowhere, nowhere, 1, at)
		g.Call(onRequest, "proxy_define_metric", 0, nowhere, at)
		g.Call(onRequest, "proxy_get_buffer_bytes", 0, 0, -1, at, at)
		g.Call(onRequest, "proxy_get_property", nowhere, at, at)
	}
	return g.Bytes()
}

func unknownImport() []byte {
	g := guest()
	g.Call(onRequest, "proxy_make_coffee", 2)
	return g.Bytes()
}

func exits() []byte {
	g := guest()
	g.CallFrom("wasi_snapshot_preview1", "_start", "proc_exit", "", 0)
	return g.Bytes()
}

// smallTable has six equal cases, whose request must be allowed, and a good request.
func smallTable() *table.Table {
	request := &table.Request{Message: table.Message{Headers: get},
		Response: table.Message{Headers: headermap.Of(":status", "200")}}
	step := table.Step{Request: request, Times: 1, Want: table.Want{Decision: table.Allow}}
	var cases []table.Case
	for _, id := range []string{"g/one", "g/two", "g/three", "g/four", "g/five", "g/six"} {
		cases = append(cases, table.Case{ID: id, Start: table.Start{Accepted: true}, Steps: []table.Step{step}})
	}
	return &table.Table{Contract: table.Contract{Good: request}, Groups: []table.Group{{Name: "g", Cases: cases}}}
}

func subjects(t *testing.T, modules ...any) []Subject {
	t.Helper()
	var out []Subject
	for i := 0; i < len(modules); i += 2 {
		out = append(out, Subject{Build: report.Build{Name: modules[i].(string)}, Wasm: modules[i+1].([]byte)})
	}
	return out
}
