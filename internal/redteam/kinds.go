package redteam

import (
	"bytes"
	"maps"
	"slices"

	wasm "github.com/header-auth/header-auth/host/wasmtest"
)

// Kind is one way to ill-treat a host.
type Kind struct {
	Name   string
	Harm   Harm
	write  func(g *guest) uint32 // gives the function that does it, without parameters and results
	large  bool                  // the harm is in the code: where it is called from makes no difference
	calls  bool                  // it needs host functions, which start functions can't call
	wasi   bool                  // it needs fd_write, too
	once   bool                  // one place is enough
	stream bool                  // it harms in the callbacks of a stream alone
	also   func(g *guest)        // adds callbacks of its own; nil: it has none
}

// Harm is what a kind does to a host without limits.
type Harm uint8

const (
	Hangs Harm = iota // a call does not end, or not in time
	Traps             // the guest traps, sooner or later
	Grows             // the host keeps more and more, until the guest traps or is ended
	Heavy             // it takes much time or memory, and is refused or is not
)

// Place is where a module does what its kind says.
type Place string

// Places are all.
var Places = []Place{"start section", "_initialize", "proxy_on_vm_start", "proxy_on_configure",
	"proxy_on_request_headers", "malloc", "proxy_on_log"}

// Fits says whether the kind can be done there.
func (k *Kind) Fits(at Place) bool {
	switch at {
	case "proxy_on_request_headers":
		return true
	case "start section", "_initialize", "malloc":
		return !k.calls && !k.large
	case "proxy_on_vm_start", "proxy_on_configure":
		if k.stream {
			return false
		}
	}
	return !k.large && !k.once
}

// Module is the module that does so at a place.
func (k *Kind) Module(at Place) []byte {
	g := &guest{Module: &wasm.Module{Pages: 4}}
	if at != "start section" && at != "_initialize" { // Envoy forbids the calls there, and tests of package host show it
		g.imports = slices.Sorted(maps.Keys(imports))
		if k.calls {
			g.imports = append(g.imports, slices.Sorted(maps.Keys(more))...)
		}
	}
	g.index = map[string]uint32{}
	for _, name := range g.imports {
		g.index[name] = g.Import("env", name, imports[name]+more[name], "i")
	}
	if k.wasi {
		g.imports = append(g.imports, "fd_write")
		g.index["fd_write"] = g.Import("wasi_snapshot_preview1", "fd_write", "iiii", "i")
	}
	harm := wasm.Call(k.write(g))
	callback := func(name Place, params, results string, code ...wasm.Code) {
		if at == name {
			code = append([]wasm.Code{harm}, code...)
		}
		g.Func(string(name), params, results, 0, code...)
	}
	g.Func("proxy_abi_version_0_2_1", "", "", 0)
	callback("malloc", "i", "i", wasm.I32(128<<10))
	callback("_initialize", "", "")
	callback("proxy_on_vm_start", "ii", "i", wasm.I32(1))
	callback("proxy_on_configure", "ii", "i", wasm.I32(1))
	callback("proxy_on_context_create", "ii", "")
	headers := []wasm.Code{wasm.I32(0)}
	if at == "malloc" {
		g.Data(1024, ":path")
		headers = []wasm.Code{g.call("proxy_get_header_map_value", ints(0, 1024, 5, 2048, 2052)), wasm.I32(0)}
	}
	callback("proxy_on_request_headers", "iii", "i", headers...)
	callback("proxy_on_log", "i", "")
	if k.also != nil {
		k.also(g)
	}
	if at == "start section" {
		g.Start(g.Func("", "", "", 0, harm))
	}
	return g.Bytes()
}

type guest struct {
	*wasm.Module
	imports []string
	index   map[string]uint32
}

// imports are host functions with their parameters; each returns a status.
var imports = map[string]string{
	"proxy_log": "iii", "proxy_get_header_map_value": "iiiii", "proxy_add_header_map_value": "iiiii",
	"proxy_send_local_response": "iiiiiiii", "proxy_define_metric": "iiii", "proxy_register_shared_queue": "iii",
	"proxy_enqueue_shared_queue": "iii", "proxy_set_shared_data": "iiiii", "proxy_http_call": "iiiiiiiiii",
	"proxy_set_property": "iiii", "proxy_set_tick_period_milliseconds": "i", "proxy_set_buffer_bytes": "iiiii",
}

// call calls a host function and drops its status.
func (g *guest) call(name string, args ...wasm.Code) wasm.Code {
	return wasm.Join(wasm.Join(args...), wasm.Call(g.index[name]), wasm.Drop)
}

// Instructions that package wasmtest has no name for.
func returnCall(f uint32) wasm.Code { return append(wasm.Code{0x12}, leb(f)...) }
func refFunc(f uint32) wasm.Code    { return append(wasm.Code{0xd2}, leb(f)...) }

var (
	tableSet   = wasm.Code{0x26, 0}
	memoryFill = wasm.Code{0xfc, 11, 0}
	memoryCopy = wasm.Code{0xfc, 10, 0, 0}
	nullFunc   = wasm.Code{0xd0, 0x70}
	everything = wasm.I32(3990 << 16) // bytes of memory that grown gives
	grown      = wasm.Join(wasm.I32(3990), wasm.MemoryGrow, wasm.Drop)
	forever    = wasm.Join(wasm.Loop, wasm.Br(0), wasm.End)
)

func tableGrow(table byte) wasm.Code { return wasm.Code{0xfc, 15, table} }
func tableFill(table byte) wasm.Code { return wasm.Code{0xfc, 17, table} }

func leb(n uint32) wasm.Code {
	var b wasm.Code
	for ; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

// next is the index of the function that is added next.
func (g *guest) next(added uint32) uint32 { return uint32(len(g.imports)) + added }

// plain is a kind whose function needs nothing else.
func plain(name string, harm Harm, code ...wasm.Code) Kind {
	return Kind{Name: name, Harm: harm, write: func(g *guest) uint32 { return g.Func("", "", "", 4, code...) }}
}

// heavy is a kind whose function is large.
func heavy(name string, harm Harm, code ...wasm.Code) Kind {
	k := plain(name, harm, code...)
	k.large = true
	return k
}

// storm is a kind that calls a host function in a loop. counter is the address of an i32 that is another each time.
func storm(name string, call func(g *guest) wasm.Code) Kind {
	return Kind{Name: name, Harm: Grows, calls: true, write: func(g *guest) uint32 {
		return g.Func("", "", "", 4, wasm.Loop, wasm.I32(counter), wasm.I32(counter), wasm.Load(0), wasm.I32(1), wasm.Add,
			wasm.Store(0), call(g), wasm.Br(0), wasm.End)
	}}
}

const counter = 4096

// ints puts numbers on the stack.
func ints(all ...int) (code wasm.Code) {
	for _, n := range all {
		code = append(code, wasm.I32(n)...)
	}
	return code
}

func repeat(n int, code ...wasm.Code) wasm.Code { return bytes.Repeat(wasm.Join(code...), n) }

// Kinds are all that are known.
func Kinds() []Kind {
	return append([]Kind{
		plain("loop", Hangs, forever),
		{Name: "tail call", Harm: Hangs, write: func(g *guest) uint32 {
			return g.Func("", "", "", 0, returnCall(g.next(0)))
		}},
		{Name: "tail calls of two", Harm: Hangs, write: func(g *guest) uint32 {
			g.Func("", "", "", 0, returnCall(g.next(1)))
			return g.Func("", "", "", 0, returnCall(g.next(0)))
		}},
		{Name: "indirect tail call", Harm: Hangs, write: func(g *guest) uint32 {
			g.Table(1, 1)
			f := g.Func("itself", "", "", 0, wasm.I32(0), returnCallIndirect(g))
			return g.Func("", "", "", 0, wasm.I32(0), refFunc(f), tableSet, wasm.Call(f))
		}},
		{Name: "doubling recursion", Harm: Hangs, write: func(g *guest) uint32 {
			f := g.next(0)
			less := wasm.Join(wasm.Get(0), wasm.I32(1), wasm.Sub)
			g.Func("", "i", "", 0, wasm.Get(0), wasm.If, less, wasm.Call(f), less, wasm.Call(f), wasm.End)
			return g.Func("", "", "", 0, wasm.I32(60), wasm.Call(f))
		}},
		{Name: "recursion", Harm: Traps, write: func(g *guest) uint32 {
			return g.Func("", "", "", 0, wasm.Call(g.next(0)), wasm.Call(g.next(0)))
		}},
		{Name: "recursion with many locals", Harm: Traps, write: func(g *guest) uint32 {
			return g.Func("", "", "", 40_000, wasm.Call(g.next(0)))
		}},
		plain("memory.fill", Hangs, grown, repeat(5000, wasm.I32(0), wasm.I32(1), everything, memoryFill)),
		plain("memory.copy", Hangs, grown, repeat(5000, ints(1, 0, 3990<<16-1), memoryCopy)),
		plain("memory", Heavy, grown, wasm.I32(0), wasm.I32(1), everything, memoryFill),
		{Name: "table.fill", Harm: Hangs, write: func(g *guest) uint32 {
			g.Table(9_000_000, 0)
			return g.Func("", "", "", 0, repeat(5000, wasm.I32(0), nullFunc, wasm.I32(9_000_000), tableFill(0)))
		}},
		{Name: "tables", Harm: Heavy, write: func(g *guest) uint32 {
			var code wasm.Code
			for i := range 60 {
				g.Table(0, 0)
				for _, elements := range []int{9_900_000, 160_000} {
					code = wasm.Join(code, nullFunc, wasm.I32(elements), tableGrow(byte(i)), wasm.Drop)
				}
			}
			return g.Func("", "", "", 0, code)
		}},
		heavy("blocks", Heavy, repeat(200_000, wasm.Block), repeat(200_000, wasm.End)),
		heavy("loops", Heavy, repeat(100_000, wasm.Loop), repeat(100_000, wasm.End)),
		heavy("ifs", Heavy, repeat(100_000, wasm.I32(1), wasm.If), repeat(100_000, wasm.End)),
		heavy("ifs in a row", Heavy, repeat(100_000, wasm.I32(1), wasm.If, wasm.Else, wasm.End)),
		heavy("br_table", Heavy, brTables(1, 1_000_000)),
		heavy("br_tables", Heavy, brTables(20, 65_000)),
		{Name: "functions", Harm: Heavy, large: true, write: func(g *guest) uint32 {
			for range 300_000 {
				g.Func("", "", "", 0)
			}
			return g.Func("", "", "", 0)
		}},
		{Name: "local reply", Harm: Grows, calls: true, stream: true, write: func(g *guest) uint32 {
			return g.Func("", "", "", 0, grown, g.call("proxy_send_local_response", ints(403, 0, 0, 0, 60<<20, 0, 0, -1)))
		}},
		{Name: "local reply within the limit", Harm: Heavy, calls: true, write: func(g *guest) uint32 {
			return g.Func("", "", "", 0, grown, g.call("proxy_send_local_response", ints(403, 0, 0, 0, 15<<20, 0, 0, -1)))
		}},
		{Name: "queue items", Harm: Grows, calls: true, write: func(g *guest) uint32 {
			return g.Func("", "", "", 0, g.call("proxy_register_shared_queue", ints(counter, 1, counter+8)),
				wasm.Loop, g.call("proxy_enqueue_shared_queue", wasm.I32(counter+8), wasm.Load(0), ints(0, 0)), wasm.Br(0),
				wasm.End)
		}},
		storm("queues", func(g *guest) wasm.Code {
			return g.call("proxy_register_shared_queue", ints(counter, 4, counter+8))
		}),
		storm("metrics", func(g *guest) wasm.Code {
			return g.call("proxy_define_metric", ints(0, counter, 4, counter+8))
		}),
		storm("shared data", func(g *guest) wasm.Code {
			return g.call("proxy_set_shared_data", ints(counter, 4, 0, 64, 0))
		}),
		storm("log lines", func(g *guest) wasm.Code { return g.call("proxy_log", ints(2, counter, 4)) }),
		storm("properties", func(g *guest) wasm.Code {
			return g.call("proxy_set_property", ints(counter, 4, 0, 1000))
		}),
		storm("headers", func(g *guest) wasm.Code {
			return g.call("proxy_add_header_map_value", ints(0, counter, 4, 0, 0))
		}),
		storm("calls", func(g *guest) wasm.Code {
			return g.call("proxy_http_call", ints(counter, 4, 0, 4, 0, 0, 0, 0, 1000, counter+8))
		}),
		plain("memory that grows and grows", Heavy, wasm.Loop, wasm.I32(1), wasm.MemoryGrow, wasm.I32(-1), wasm.Eq,
			wasm.BrIf(1), wasm.MemorySize, wasm.I32(65536), wasm.Mul, wasm.I32(4), wasm.Sub, wasm.I32(1), wasm.Store(0),
			wasm.Br(0), wasm.End),
		{Name: "indirect recursion", Harm: Traps, write: func(g *guest) uint32 {
			g.Table(1, 1)
			f := g.Func("itself again", "", "", 0, wasm.I32(0), callIndirect(g), wasm.I32(0), callIndirect(g))
			return g.Func("", "", "", 0, wasm.I32(0), refFunc(f), tableSet, wasm.Call(f))
		}},
		heavy("additions", Heavy, repeat(1_500_000, wasm.I32(1)), repeat(1_499_999, wasm.Add), wasm.Drop),
		{Name: "many locals and loops", Harm: Heavy, large: true, write: func(g *guest) uint32 {
			var code wasm.Code
			for i := range 20_000 {
				code = append(code, wasm.Join(wasm.Loop, wasm.Get(i), wasm.Set(i+1), wasm.Get(i), wasm.BrIf(0), wasm.End)...)
			}
			return g.Func("", "", "", 40_000, code)
		}},
		{Name: "functions with many locals", Harm: Heavy, large: true, write: func(g *guest) uint32 {
			for range 200_000 {
				g.Func("", "", "", 49_000)
			}
			return g.Func("", "", "", 0)
		}},
	}, hostKinds()...)
}

// callIndirect is call_indirect of a function without parameters and results.
func callIndirect(g *guest) wasm.Code {
	return wasm.Join(wasm.Code{0x11}, leb(g.TypeIndex("", "")), wasm.Code{0})
}

// returnCallIndirect is return_call_indirect of a function without parameters and results.
func returnCallIndirect(g *guest) wasm.Code {
	return wasm.Join(wasm.Code{0x13}, leb(g.TypeIndex("", "")), wasm.Code{0})
}

// brTables are instructions with so many labels each.
func brTables(n int, labels uint32) wasm.Code {
	one := wasm.Join(wasm.I32(0), wasm.Code{0x0e}, leb(labels), bytes.Repeat([]byte{0}, int(labels)+1))
	return repeat(n, wasm.Block, one, wasm.End)
}
