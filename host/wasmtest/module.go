// Package wasmtest writes small WebAssembly modules, for tests and where a program needs one of its own. Module writes the binary format. Guest uses it to make
// Proxy-Wasm plugins whose callbacks call host functions and keep the results in memory.
package wasmtest

import "slices"

// Module is a module being written: functions, one memory, i32 globals, data. Imports come before functions.
type Module struct {
	Name     string // of the module, for stack traces; "": none
	Pages    uint32 // of memory at first
	MaxPages uint32 // 0: no limit
	NoExport bool   // memory is not exported

	types     []string // "PARAMS>RESULTS"
	imports   []imported
	functions []defined
	exports   []exported
	globals   []int32
	tables    [][2]uint32
	data      []segment
	start     int // function index + 1
}

type imported struct {
	module, name string
	kind         byte
	index        uint32 // of the type
}

type defined struct {
	index  uint32 // of the type
	locals int
	code   Code
}

type exported struct {
	name  string
	kind  byte
	index uint32
}

type segment struct {
	at   uint32
	text string
}

// TypeIndex finds or adds a function type. Types are written with i for i32 and I for i64: TypeIndex("iI", "i").
func (m *Module) TypeIndex(params, results string) uint32 {
	t := params + ">" + results
	if i := slices.Index(m.types, t); i >= 0 {
		return uint32(i)
	}
	m.types = append(m.types, t)
	return uint32(len(m.types) - 1)
}

// Import imports a function, the same one once, and returns its index. It panics after the first Func.
func (m *Module) Import(module, name, params, results string) uint32 {
	if len(m.functions) > 0 {
		panic("wasmtest: Import after Func")
	}
	i := imported{module, name, 0, m.TypeIndex(params, results)}
	if at := slices.Index(m.imports, i); at >= 0 {
		return uint32(at)
	}
	m.imports = append(m.imports, i)
	return uint32(len(m.imports) - 1)
}

// Func adds a function with i32 locals behind its parameters, exported under name unless that is empty. Its index is
// returned. The code needs no final end.
func (m *Module) Func(name, params, results string, locals int, code ...Code) uint32 {
	m.functions = append(m.functions, defined{m.TypeIndex(params, results), locals, slices.Concat(code...)})
	index := uint32(len(m.imports) + len(m.functions) - 1)
	if name != "" {
		m.exports = append(m.exports, exported{name, 0, index})
	}
	return index
}

// Global adds a mutable i32 and returns its index.
func (m *Module) Global(value int32) uint32 {
	m.globals = append(m.globals, value)
	return uint32(len(m.globals) - 1)
}

// ExportGlobal exports a global.
func (m *Module) ExportGlobal(name string, index uint32) {
	m.exports = append(m.exports, exported{name, 3, index})
}

// Table adds a table of functions with so many elements at first and at most; most 0 is no limit.
func (m *Module) Table(least, most uint32) { m.tables = append(m.tables, [2]uint32{least, most}) }

// Data puts text into memory at an address.
func (m *Module) Data(at uint32, text string) { m.data = append(m.data, segment{at, text}) }

// Start makes a function the start section's.
func (m *Module) Start(index uint32) { m.start = int(index) + 1 }

// Bytes is the module in the binary format.
func (m *Module) Bytes() []byte {
	out := []byte("\x00asm\x01\x00\x00\x00")
	section := func(id byte, n int, body []byte) {
		if n > 0 {
			body = append(leb(uint64(n)), body...)
			out = append(append(append(out, id), leb(uint64(len(body)))...), body...)
		}
	}
	section(1, len(m.types), each(m.types, func(t string) []byte {
		params, results, _ := cut(t)
		return append([]byte{0x60}, append(values(params), values(results)...)...)
	}))
	section(2, len(m.imports), each(m.imports, func(i imported) []byte {
		return slices.Concat(text(i.module), text(i.name), []byte{i.kind}, leb(uint64(i.index)))
	}))
	section(3, len(m.functions), each(m.functions, func(f defined) []byte { return leb(uint64(f.index)) }))
	section(4, len(m.tables), each(m.tables, func(t [2]uint32) []byte {
		return append([]byte{0x70}, limits(t[0], t[1])...)
	}))
	if m.Pages > 0 {
		section(5, 1, limits(m.Pages, m.MaxPages))
	}
	section(6, len(m.globals), each(m.globals, func(v int32) []byte {
		return slices.Concat([]byte{0x7f, 1}, I32(int(v)), End)
	}))
	exports := m.exports
	if m.Pages > 0 && !m.NoExport {
		exports = append([]exported{{"memory", 2, 0}}, exports...)
	}
	section(7, len(exports), each(exports, func(e exported) []byte {
		return slices.Concat(text(e.name), []byte{e.kind}, leb(uint64(e.index)))
	}))
	if m.start > 0 {
		body := leb(uint64(m.start - 1))
		out = append(append(append(out, 8), leb(uint64(len(body)))...), body...)
	}
	section(10, len(m.functions), each(m.functions, func(f defined) []byte {
		body := []byte{0}
		if f.locals > 0 {
			body = append(append([]byte{1}, leb(uint64(f.locals))...), 0x7f)
		}
		body = slices.Concat(body, f.code, End)
		return append(leb(uint64(len(body))), body...)
	}))
	section(11, len(m.data), each(m.data, func(s segment) []byte {
		return slices.Concat([]byte{0}, I32(int(s.at)), End, text(s.text))
	}))
	if m.Name != "" {
		name := text(m.Name)
		body := slices.Concat(text("name"), []byte{0}, leb(uint64(len(name))), name)
		out = append(append(append(out, 0), leb(uint64(len(body)))...), body...)
	}
	return out
}

func cut(t string) (params, results string, ok bool) {
	for i := range t {
		if t[i] == '>' {
			return t[:i], t[i+1:], true
		}
	}
	return t, "", false
}

func each[T any](list []T, encode func(T) []byte) []byte {
	var out []byte
	for _, v := range list {
		out = append(out, encode(v)...)
	}
	return out
}

func values(types string) []byte {
	out := leb(uint64(len(types)))
	for _, c := range types {
		if c == 'I' {
			out = append(out, 0x7e)
		} else {
			out = append(out, 0x7f)
		}
	}
	return out
}

func text(s string) []byte { return append(leb(uint64(len(s))), s...) }

func limits(least, most uint32) []byte {
	if most == 0 {
		return append([]byte{0}, leb(uint64(least))...)
	}
	return slices.Concat([]byte{1}, leb(uint64(least)), leb(uint64(most)))
}

// leb is an unsigned number in LEB128.
func leb(n uint64) []byte {
	var out []byte
	for n >= 0x80 {
		out = append(out, byte(n)|0x80)
		n >>= 7
	}
	return append(out, byte(n))
}

// sleb is a signed number in LEB128.
func sleb(n int64) []byte {
	var out []byte
	for n < -64 || n > 63 {
		out = append(out, byte(n)&0x7f|0x80)
		n >>= 7
	}
	return append(out, byte(n)&0x7f)
}
