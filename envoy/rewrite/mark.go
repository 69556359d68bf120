package rewrite

import (
	"github.com/header-auth/header-auth/host/wasmfile"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// MarkLevel is no level of a log: a call of proxy_log with it does nothing, and its arguments are in Envoy's own log.
const MarkLevel = 100

// Apart is the number of the modules of ours, which belong to no case.
const Apart = 1 << 16

// Mark changes a module so that each callback first calls proxy_log(MarkLevel, number, 0). Envoy's log does not say
// which VM a line is about, and a call between Envoy and a VM is a line. The allocator has no mark: Envoy calls it
// while the plugin calls Envoy, and never else.
func Mark(wasm []byte, number int) ([]byte, error) {
	m, err := open(wasm)
	if err != nil {
		return nil, err
	}
	log := m.imported("proxy_log", "iii")
	m.exports(func(name string, kind byte, index uint32) {
		if kind != byte(wasmfile.KindFunction) || name == "malloc" || name == "proxy_on_memory_allocate" {
			return
		}
		e, _ := m.file.Export(name)
		code := wasmtest.Join(i32(MarkLevel), i32(number), i32(0), wasmtest.Call(log), wasmtest.Drop)
		for p := range e.Type.Params {
			code = append(code, get(p)...)
		}
		m.lead(name, e.Type, append(code, wasmtest.Call(m.moved(index, false))...))
	})
	return m.bytes()
}
