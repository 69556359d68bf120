package redteam

import (
	"maps"
	"math/rand/v2"
	"slices"

	wasm "github.com/header-auth/header-auth/host/wasmtest"
)

// Random draws a module: a plugin whose callbacks compute with i32, call each other, host functions and themselves,
// branch, use memory, and do so sometimes without end. The same seed gives the same module. It knows what this host
// does differently from other runtimes, which a general generator (wasm-smith) does not: imports are real, and
// every callback is called.
func Random(seed uint64) []byte {
	g := &drawn{guest: guest{Module: &wasm.Module{Pages: 1, MaxPages: 64}, index: map[string]uint32{}},
		r: rand.New(rand.NewPCG(seed, 0))}
	g.imports = slices.Sorted(maps.Keys(imports))
	for _, name := range g.imports {
		g.index[name] = g.Import("env", name, imports[name], "i")
	}
	for range 2 + g.r.IntN(6) {
		g.functions = append(g.functions, signature{g.r.IntN(4), g.r.IntN(2) == 0})
	}
	for range 2 {
		g.Global(int32(g.r.Uint32()))
	}
	for _, f := range g.functions {
		g.function("", "iiii"[:f.params], f.result, nil)
	}
	g.Func("proxy_abi_version_0_2_1", "", "", 0)
	for _, c := range []struct {
		name, params string
		returns      int // -1: nothing
	}{
		{"malloc", "i", 32 << 10}, {"_initialize", "", -1}, {"proxy_on_context_create", "ii", -1},
		{"proxy_on_vm_start", "ii", 1}, {"proxy_on_configure", "ii", 1}, {"proxy_on_request_headers", "iii", 0},
		{"proxy_on_request_body", "iii", 0}, {"proxy_on_response_headers", "iii", 0}, {"proxy_on_tick", "i", -1},
		{"proxy_on_queue_ready", "ii", -1}, {"proxy_on_http_call_response", "iiiii", -1}, {"proxy_on_done", "i", 1},
		{"proxy_on_log", "i", -1}, {"proxy_on_delete", "i", -1},
	} {
		g.atStart = c.name == "_initialize" || c.name == "malloc"
		var end wasm.Code
		if c.returns >= 0 {
			end = wasm.I32(c.returns)
		}
		g.function(c.name, c.params, c.returns >= 0, end)
	}
	return g.Bytes()
}

type signature struct {
	params int
	result bool
}

type drawn struct {
	guest
	r         *rand.Rand
	functions []signature
	current   signature
	locals    int
	labels    int  // blocks around
	atStart   bool // host calls would end it at once
}

const ownLocals = 3

// function adds one. end is its last code; nil: what it returns is drawn too.
func (g *drawn) function(name, params string, result bool, end wasm.Code) {
	g.current, g.locals, g.labels = signature{len(params), result}, len(params)+ownLocals, 0
	results := ""
	if result {
		results = "i"
	}
	code := g.statements(1+g.r.IntN(5), 3)
	if result && end == nil {
		end = g.value(3)
	}
	g.Func(name, params, results, ownLocals, code, end)
}

func (g *drawn) statements(n, depth int) (code wasm.Code) {
	for range n {
		code = append(code, g.statement(depth)...)
	}
	return code
}

// inside is statements in a block.
func (g *drawn) inside(depth int) wasm.Code {
	g.labels++
	defer func() { g.labels-- }()
	return g.statements(1+g.r.IntN(3), depth-1)
}

func (g *drawn) statement(depth int) wasm.Code {
	if depth <= 0 {
		return wasm.Join(g.value(0), wasm.Set(g.r.IntN(g.locals)))
	}
	switch n := g.r.IntN(100); {
	case n < 20:
		return wasm.Join(g.value(depth), wasm.Set(g.r.IntN(g.locals)))
	case n < 30:
		return wasm.Join(g.value(depth), wasm.SetGlobal(uint32(g.r.IntN(2))))
	case n < 42:
		return wasm.Join(g.address(depth), g.value(depth), wasm.Store(uint32(g.r.IntN(64))))
	case n < 57:
		return wasm.Join(g.value(depth), wasm.If, g.inside(depth), wasm.Else, g.inside(depth), wasm.End)
	case n < 65:
		return wasm.Join(wasm.Block, g.inside(depth), g.value(depth), wasm.BrIf(0), g.inside(depth), wasm.End)
	case n < 72: // a loop that mostly ends: it counts a word of memory down
		g.labels++
		defer func() { g.labels-- }()
		at := wasm.I32(8192 + 4*g.r.IntN(8))
		return wasm.Join(at, wasm.I32(g.r.IntN(200)), wasm.Store(0), wasm.Loop, g.statements(1, depth-1),
			at, at, wasm.Load(0), wasm.I32(1), wasm.Sub, wasm.Store(0), at, wasm.Load(0), wasm.BrIf(0), wasm.End)
	case n < 76 && g.labels > 0:
		return wasm.Join(g.value(depth), wasm.BrIf(g.r.IntN(g.labels)))
	case n < 79: // in a block: nothing behind a br_table is reached
		table := wasm.Join(g.value(depth), wasm.Code{0x0e}, leb(3))
		for range 4 {
			table = append(table, leb(uint32(g.r.IntN(g.labels+1)))...)
		}
		return wasm.Join(wasm.Block, table, wasm.End)
	case n < 82:
		return wasm.Join(g.address(depth), g.value(0), wasm.I32(g.r.IntN(1<<uint(g.r.IntN(20)))), memoryFill)
	case n < 85 && g.r.IntN(4) == 0:
		return wasm.Join(g.value(depth), wasm.If, wasm.Unreachable, wasm.End)
	case n < 87:
		return wasm.Join(g.value(depth), wasm.If, g.tailCall(), wasm.End)
	case n < 88 && g.r.IntN(8) == 0:
		return wasm.Join(g.value(depth), wasm.If, forever, wasm.End)
	default:
		return wasm.Join(g.value(depth), wasm.Drop)
	}
}

// tailCall calls a function that returns what the current one does; if there is none, it returns.
func (g *drawn) tailCall() wasm.Code {
	at := g.r.IntN(len(g.functions))
	f := g.functions[at]
	if f.result != g.current.result {
		if g.current.result {
			return wasm.Join(g.value(0), wasm.Return)
		}
		return wasm.Return
	}
	var args wasm.Code
	for range f.params {
		args = append(args, g.value(0)...)
	}
	return append(args, returnCall(uint32(len(g.imports)+at))...)
}

// address is one in the first page.
func (g *drawn) address(depth int) wasm.Code {
	if g.r.IntN(50) == 0 {
		return g.value(depth - 1) // anywhere
	}
	return wasm.Join(g.value(depth-1), wasm.I32(0x7ffc), wasm.And)
}

// operators take two numbers and give one: arithmetic, comparisons, shifts, and divisions that may trap.
var operators = []byte{0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x6a, 0x6b, 0x6c, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77,
	0x78, 0x70}

func (g *drawn) value(depth int) wasm.Code {
	if depth <= 0 {
		if g.r.IntN(2) == 0 {
			return wasm.Get(g.r.IntN(g.locals))
		}
		return wasm.I32(int(int32(g.r.Uint32())) >> uint(g.r.IntN(32)))
	}
	switch n := g.r.IntN(100); {
	case n < 40:
		return wasm.Join(g.value(depth-1), g.value(depth-1), wasm.Code{operators[g.r.IntN(len(operators))]})
	case n < 50:
		return wasm.Join(g.address(depth), wasm.Load(uint32(g.r.IntN(64))))
	case n < 55:
		return wasm.GetGlobal(uint32(g.r.IntN(2)))
	case n < 58:
		return wasm.MemorySize
	case n < 60:
		return wasm.Join(wasm.I32(g.r.IntN(4)), wasm.MemoryGrow)
	case n < 63:
		at := g.r.IntN(len(g.functions))
		f := g.functions[at]
		var code wasm.Code
		for range f.params {
			code = append(code, g.value(depth-2)...)
		}
		code = append(code, wasm.Call(uint32(len(g.imports)+at))...)
		if !f.result {
			code = append(code, g.value(0)...)
		}
		return code
	case n < 78 && !g.atStart:
		name := g.imports[g.r.IntN(len(g.imports))]
		var code wasm.Code
		for range imports[name] {
			if g.r.IntN(4) == 0 {
				code = append(code, g.value(0)...)
			} else {
				code = append(code, wasm.I32(g.r.IntN(1<<uint(g.r.IntN(14))))...)
			}
		}
		return append(code, wasm.Call(g.index[name])...)
	default:
		return g.value(0)
	}
}
