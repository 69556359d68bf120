package wasmtest

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Addresses in a guest's memory.
const (
	resultsAt = 1024      // one record of recordSize bytes for each Call
	stringsAt = 16 << 10  // the strings of calls
	heapAt    = 128 << 10 // what the allocator gives; it begins anew at the end of memory
	heapEnd   = 256 << 10
	record    = 16
)

// Guest is a Proxy-Wasm plugin being written. Its memory has four pages. A callback is exported once a
// method names it. It runs what the methods have added, in order, and returns Continue or true unless Returns says
// otherwise.
type Guest struct {
	Module
	ABI       string // such as "0_2_1"
	Allocator string // export; "malloc" unless set
	Twin      string // a second export of the allocator
	NoMalloc  bool   // no allocator at all

	order   []string // of callbacks
	bodies  map[string][]step
	returns map[string]int
	strings uint32
	records int
	calls   []callStep
	malloc  Code
	built   []byte
}

// step is code, or a call whose import has an index only when the module is written.
type step struct {
	code Code
	call *callStep
}

type callStep struct {
	module, name    string
	params, results string
	args            Code
	record          uint32 // address
}

// NewGuest begins a plugin for a version of the ABI, such as "0_2_1".
func NewGuest(abi string) *Guest {
	return &Guest{ABI: abi, Allocator: "malloc", Module: Module{Pages: 4}, bodies: map[string][]step{},
		returns: map[string]int{}, strings: stringsAt}
}

// Arguments of a call, besides numbers (int: i32, int64: i64), strings (address and length) and Code that pushes an
// i32.
type (
	outWords int
	local    int
	// Raw is an address and a length.
	Raw struct{ At, Len int }
)

// Out is a pair of out words for bytes, Out1 is one.
const (
	Out  outWords = 2
	Out1 outWords = 1
)

// Param is a parameter of the callback, 0 being the context.
func Param(n int) any { return local(n) }

// signatures are the callbacks' types.
var signatures = map[string][2]string{
	"_initialize": {"", ""}, "_start": {"", ""}, "main": {"ii", "i"}, "__main_void": {"", "i"},
	"proxy_on_context_create": {"ii", ""}, "proxy_on_vm_start": {"ii", "i"}, "proxy_on_configure": {"ii", "i"},
	"proxy_on_tick": {"i", ""}, "proxy_on_request_headers": {"iii", "i"}, "proxy_on_request_body": {"iii", "i"},
	"proxy_on_request_trailers": {"ii", "i"}, "proxy_on_response_headers": {"iii", "i"},
	"proxy_on_response_body": {"iii", "i"}, "proxy_on_response_trailers": {"ii", "i"}, "proxy_on_log": {"i", ""},
	"proxy_on_done": {"i", "i"}, "proxy_on_delete": {"i", ""}, "proxy_on_queue_ready": {"ii", ""},
	"proxy_on_http_call_response": {"iiiii", ""}, "proxy_on_grpc_receive": {"iii", ""},
	"proxy_on_grpc_close": {"iii", ""}, "proxy_on_grpc_receive_initial_metadata": {"iii", ""},
	"proxy_on_grpc_receive_trailing_metadata": {"iii", ""}, "proxy_on_foreign_function": {"iii", ""},
}

func (g *Guest) add(callback string, s step) {
	if _, known := signatures[callback]; !known {
		panic("wasmtest: no callback " + callback)
	}
	if g.bodies[callback] == nil {
		g.order = append(g.order, callback)
	}
	g.bodies[callback] = append(g.bodies[callback], s)
}

// Exports makes callbacks that do nothing.
func (g *Guest) Exports(callbacks ...string) {
	for _, c := range callbacks {
		g.add(c, step{code: Code{}})
	}
}

// Do makes a callback run code.
func (g *Guest) Do(callback string, code ...Code) { g.add(callback, step{code: Join(code...)}) }

// Returns makes a callback return a number.
func (g *Guest) Returns(callback string, n int) {
	g.Exports(callback)
	g.returns[callback] = n
}

// Alloc replaces the allocator's code; parameter 0 is the size.
func (g *Guest) Alloc(code ...Code) { g.malloc = Join(code...) }

// Call makes a callback call a function of module env. The number it returns is for Status, Word and Output, which read
// the result of the last time it ran.
func (g *Guest) Call(callback, function string, args ...any) int {
	return g.CallFrom("env", callback, function, "i", args...)
}

// CallFrom is Call for any module, with the types of the results: "i" or "".
func (g *Guest) CallFrom(module, callback, function, results string, args ...any) int {
	at := uint32(resultsAt + record*g.records)
	c := &callStep{module: module, name: function, results: results, record: at}
	out := at + 4
	for _, a := range args {
		switch a := a.(type) {
		case int:
			c.params, c.args = c.params+"i", append(c.args, I32(a)...)
		case int64:
			c.params, c.args = c.params+"I", append(c.args, I64(a)...)
		case Code:
			c.params, c.args = c.params+"i", append(c.args, a...)
		case local:
			c.params, c.args = c.params+"i", append(c.args, Get(int(a))...)
		case Raw:
			c.params, c.args = c.params+"ii", append(append(c.args, I32(a.At)...), I32(a.Len)...)
		case string:
			c.params, c.args = c.params+"ii", append(append(c.args, I32(int(g.keep(a)))...), I32(len(a))...)
		case outWords:
			for range a {
				c.params, c.args = c.params+"i", append(c.args, I32(int(out))...)
				out += 4
			}
		default:
			panic(fmt.Sprintf("wasmtest: argument of type %T", a))
		}
	}
	g.calls = append(g.calls, *c)
	g.add(callback, step{call: c})
	g.records++
	return g.records - 1
}

// keep puts a string into memory.
func (g *Guest) keep(s string) uint32 {
	at := g.strings
	g.Data(at, s)
	g.strings += uint32(len(s))
	if g.strings > heapAt {
		panic("wasmtest: too many strings")
	}
	return at
}

// Bytes is the plugin in the binary format.
func (g *Guest) Bytes() []byte {
	if g.built == nil {
		g.write()
		g.built = g.Module.Bytes()
	}
	return g.built
}

func (g *Guest) write() {
	for _, c := range g.calls {
		g.Import(c.module, c.name, c.params, c.results)
	}
	if g.ABI != "" {
		g.Func("proxy_abi_version_"+g.ABI, "", "", 0)
	}
	if !g.NoMalloc {
		heap := g.Global(heapAt)
		code := g.malloc
		if code == nil {
			code = Join(
				Get(0), I32(heapEnd-heapAt), GtU, If, I32(0), Return, End,
				GetGlobal(heap), Get(0), Add, I32(heapEnd), GtU, If, I32(heapAt), SetGlobal(heap), End,
				GetGlobal(heap), Set(1), GetGlobal(heap), Get(0), Add, SetGlobal(heap), Get(1))
		}
		index := g.Func(g.Allocator, "i", "i", 1, code)
		if g.Twin != "" {
			g.exports = append(g.exports, exported{g.Twin, 0, index})
		}
	}
	for _, name := range g.order {
		t := signatures[name]
		if g.ABI == "0_1_0" && strings.HasSuffix(name, "_headers") {
			t[0] = "ii"
		}
		var code Code
		for _, s := range g.bodies[name] {
			if s.call == nil {
				code = append(code, s.code...)
				continue
			}
			c := s.call
			call := append(c.args, Call(g.importIndex(c.module, c.name, c.params, c.results))...)
			if c.results != "" {
				call = Join(I32(int(c.record)), call, Store(0))
			}
			code = append(code, call...)
		}
		if t[1] != "" {
			result, given := g.returns[name]
			if !given && (name == "proxy_on_vm_start" || name == "proxy_on_configure" || name == "proxy_on_done") {
				result = 1
			}
			code = append(code, I32(result)...)
		}
		g.Func(name, t[0], t[1], 4, code)
	}
}

// importIndex is the index of an import that is there already.
func (g *Guest) importIndex(module, name, params, results string) uint32 {
	t := g.TypeIndex(params, results)
	for i, im := range g.imports {
		if im.module == module && im.name == name && im.index == t {
			return uint32(i)
		}
	}
	panic("wasmtest: no import " + name)
}

// Result pushes what a call returned when it ran last.
func Result(call int) Code { return Join(I32(resultsAt+record*call), Load(0)) }

// OutWord pushes out word n of a call, counted from 0, as it was when the call ran last.
func OutWord(call, n int) Code { return Join(I32(resultsAt+record*call+4+4*n), Load(0)) }

// Memory is a guest's memory, as wazero's api.Memory has it.
type Memory interface {
	Read(offset, byteCount uint32) ([]byte, bool)
}

func words(m Memory, call int) []byte {
	b, ok := m.Read(uint32(resultsAt+record*call), record)
	if !ok {
		panic("wasmtest: memory is too small")
	}
	return b
}

// StatusAt is the address of what a call returned, for code of the guest's own.
func StatusAt(call int) uint32 { return uint32(resultsAt + record*call) }

// Status is what a call returned.
func Status(m Memory, call int) uint32 { return binary.LittleEndian.Uint32(words(m, call)) }

// Word is one of a call's out words, counted from 0.
func Word(m Memory, call, n int) uint32 { return binary.LittleEndian.Uint32(words(m, call)[4+4*n:]) }

// Output is the bytes whose address and length are a call's out words n and n+1.
func Output(m Memory, call, n int) string {
	b, ok := m.Read(Word(m, call, n), Word(m, call, n+1))
	if !ok {
		return "outside memory"
	}
	return string(b)
}

// Pairs serializes a header map.
func Pairs(nameValues ...string) string {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(nameValues)/2))
	for _, s := range nameValues {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
	}
	for _, s := range nameValues {
		b = append(append(b, s...), 0)
	}
	return string(b)
}
