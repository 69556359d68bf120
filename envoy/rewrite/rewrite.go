// Package rewrite changes a plugin's module so that a real Envoy shows what host/ shows of it: the bytes of a local
// response before Envoy changes them, and what the plugin does when a host function fails or gives the bytes of a case.
//
// The plugin's own code stays. Its calls of some imports go to functions that are added behind it; they do their part
// and call the import. Custom sections are left out, because their indices would be wrong.
package rewrite

import (
	"fmt"
	"maps"
	"slices"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/wasmfile"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// LogLevel is that of the lines that are logged before a call of a function of Logged.
const LogLevel = 5

// Logged are the functions whose bytes are logged before they are called, a line for each address and length: of a
// local response the details, the body and the pairs; of an HTTP call the cluster, the pairs, the body and the
// trailers; of a gRPC call the upstream, the service, the method, the pairs and the message; of what is stored, sent or
// set the name and the value.
var Logged = map[string][]int{ // parameters that are addresses
	"proxy_send_local_response":   {1, 3, 5},
	"proxy_http_call":             {0, 2, 4, 6},
	"proxy_grpc_call":             {0, 2, 4, 6, 8},
	"proxy_grpc_stream":           {0, 2, 4, 6},
	"proxy_grpc_send":             {1},
	"proxy_set_shared_data":       {0, 2},
	"proxy_enqueue_shared_queue":  {1},
	"proxy_register_shared_queue": {0},
	"proxy_resolve_shared_queue":  {2},
	"proxy_set_property":          {0, 2},
	"proxy_call_foreign_function": {0, 2},
}

// Numbered are the functions whose out word, a number by which the plugin knows something from then on, is logged after
// they were called, as four bytes.
var Numbered = map[string]int{ // the parameter that is its address
	"proxy_grpc_call":             11,
	"proxy_grpc_stream":           8,
	"proxy_register_shared_queue": 2,
	"proxy_resolve_shared_queue":  4,
}

// Watch changes a module so that it logs its local responses, its calls, and what it stores, sends and sets.
func Watch(wasm []byte) ([]byte, error) { return rewrite(wasm, nil) }

// Fail changes a module as Watch does, and so that each of the sets of faults can be put in force.
func Fail(wasm []byte, sets [][]table.HostFault) ([]byte, error) {
	for _, set := range sets {
		for _, f := range set {
			if _, known := outParams[f.Function]; f.Bytes != nil && !known {
				return nil, fmt.Errorf("a fault with bytes of %s: expected a function that hands over bytes", f.Function)
			}
		}
	}
	return rewrite(wasm, sets)
}

func rewrite(wasm []byte, sets [][]table.HostFault) ([]byte, error) {
	m, err := open(wasm)
	if err != nil {
		return nil, err
	}
	logged := m.imported("proxy_log", "iii")
	f := &faults{module: m, sets: sets}
	if len(sets) > 0 {
		f.define, f.get = m.imported("proxy_define_metric", "iiii"), m.imported("proxy_get_metric", "ii")
		f.last = m.global()
	}
	m.findAllocator()
	names := slices.Sorted(maps.Keys(Logged))
	for _, set := range sets {
		for _, fault := range set {
			if !slices.Contains(names, fault.Function) {
				names = append(names, fault.Function)
			}
		}
	}
	if len(sets) > 0 {
		for range names {
			f.counts = append(f.counts, m.global())
		}
	}
	for i, name := range names {
		index, t, there := m.find("env", name)
		if !there {
			continue
		}
		var code wasmtest.Code
		if len(sets) > 0 {
			code = f.code(name, i, t)
		}
		for _, p := range Logged[name] {
			if p+1 < len(t.Params) { // else it is not the function that Envoy has
				code = append(code, wasmtest.Join(i32(LogLevel), get(p), get(p+1), wasmtest.Call(logged), wasmtest.Drop)...)
			}
		}
		for p := range t.Params {
			code = append(code, wasmtest.Get(p)...)
		}
		code = append(code, wasmtest.Call(index)...)
		if out, ok := Numbered[name]; ok && out < len(t.Params) {
			result := len(t.Params) + 4 // the i32 of locals
			code = append(code, wasmtest.Join(wasmtest.Set(result), i32(LogLevel), get(out), i32(4), wasmtest.Call(logged),
				wasmtest.Drop, get(result))...)
		}
		m.replace(index, t, code)
	}
	return m.bytes()
}

// locals of a function that is added: four i64 and one i32, behind the parameters.
var locals = []byte{2, 4, byte(wasmfile.I64), 1, byte(wasmfile.I32)}
