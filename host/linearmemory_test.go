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

// TestMemoryLimit: a module's own maximum counts when it is below the host's.
func TestMemoryLimit(t *testing.T) {
	for _, test := range []struct {
		own, host uint32 // pages, 0: none
		want      int64
	}{{0, 0, 1 << 30}, {0, 512, 32 << 20}, {64, 512, 4 << 20}, {1024, 512, 32 << 20}} {
		g := wasmtest.NewGuest("0_2_1")
		g.MaxPages = test.own
		if got := mustStart(t, g, setup{options: Options{MemoryPages: test.host}}).vm.MemoryLimit(); got != test.want {
			t.Errorf("%d pages of its own, %d of the host: %d bytes, expected %d", test.own, test.host, got, test.want)
		}
	}
}

// TestKept counts what the host keeps for a plugin: a value of shared data, a metric, an item of a queue.
func TestKept(t *testing.T) {
	const headers = "proxy_on_request_headers"
	for name, call := range map[string]func(*wasmtest.Guest){
		"nothing":     func(g *wasmtest.Guest) { g.Exports(headers) },
		"shared data": func(g *wasmtest.Guest) { g.Call(headers, "proxy_set_shared_data", "key", "a value", 0) },
		"a metric":    func(g *wasmtest.Guest) { g.Call(headers, "proxy_define_metric", 0, "name", wasmtest.Out1) },
	} {
		g := wasmtest.NewGuest("0_2_1")
		call(g)
		b := mustStart(t, g, setup{})
		before := b.vm.Kept()
		b.exchange().Close()
		once := b.vm.Kept()
		b.exchange().Close()
		if again := b.vm.Kept(); before != 0 || (once > 0) != (name != "nothing") || again != once {
			t.Errorf("%s: %d bytes, %d after a request, %d after another", name, before, once, again)
		}
	}
}

// TestTablesTogether: the limit is that of all tables of a module.
func TestTablesTogether(t *testing.T) {
	g := wasmtest.NewGuest("0_2_1")
	const headers, tables, tenth = "proxy_on_request_headers", 60, 1_000_000
	for range tables {
		g.Table(0, 0)
	}
	for i := range tables {
		g.Do(headers, wasmtest.I32(4*i), wasmtest.Code{0xd0, 0x70}, wasmtest.I32(tenth), wasmtest.Code{0xfc, 15, byte(i)},
			wasmtest.Store(0))
	}
	b := mustStart(t, g, setup{})
	b.exchange().Close()
	if err := b.vm.Failure(); err != nil {
		t.Fatal(err)
	}
	for i := range tables {
		if grown, _ := b.vm.memory.ReadUint32Le(uint32(4 * i)); grown != 0xffffffff {
			t.Errorf("table %d has grown by %d elements: all together would have %d", i, tenth, tables*tenth)
		}
	}
}
