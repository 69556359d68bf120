package host

import (
	"testing"

	"github.com/header-auth/header-auth/host/wasmtest"
)

// TestGrowth checks that tables and memory have a limit.
func TestGrowth(t *testing.T) {
	g := wasmtest.NewGuest("0_2_1")
	g.Table(1, 0)
	const headers = "proxy_on_request_headers"
	g.Do(headers, wasmtest.I32(0), wasmtest.I32(0), wasmtest.MemorySize, wasmtest.Drop,
		wasmtest.Code{0xd0, 0x70}, wasmtest.I32(1<<30), wasmtest.Code{0xfc, 15, 0}, wasmtest.Store(0), wasmtest.Drop)
	g.Do(headers, wasmtest.I32(4), wasmtest.I32(1000), wasmtest.MemoryGrow, wasmtest.Store(0))
	b := mustStart(t, g, setup{options: Options{MemoryPages: 512}})
	b.exchange().Close()
	if err := b.vm.Failure(); err != nil {
		t.Fatal(err)
	}
	table, _ := b.vm.memory.ReadUint32Le(0)
	memory, _ := b.vm.memory.ReadUint32Le(4)
	if table != 0xffffffff || memory != 0xffffffff {
		t.Errorf("table.grow %d, memory.grow %d, want -1 each", int32(table), int32(memory))
	}
}
