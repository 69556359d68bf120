package rewrite

import (
	"fmt"
	"slices"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/wasmfile"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// FaultMetric is the gauge that says which faults are in force. Its eight bytes are Token's.
const FaultMetric = "ha_fault"

// Token is the value of FaultMetric, as text: the number of a set of faults, from 1, and the times that one was put in
// force so far, which makes a function begin to count its calls anew. Set 0 is no faults.
func Token(set, times int) string { return fmt.Sprintf("%04d%04d", set%10000, times%10000) }

// outParams are the parameters that a function writes the address of its bytes to; that of their size follows.
var outParams = map[string]int{
	"proxy_get_header_map_pairs": 1, "proxy_get_header_map_value": 3, "proxy_get_buffer_bytes": 3,
	"proxy_get_property": 2, "proxy_get_shared_data": 2, "proxy_get_status": 1, "proxy_call_foreign_function": 4,
}

// faults writes the part of a function that fails.
type faults struct {
	module      *module
	sets        [][]table.HostFault
	define, get uint32   // functions
	last        uint32   // global: the token that was seen last
	counts      []uint32 // globals: calls of each function since then
}

func (f *faults) code(name string, nth int, t wasmfile.FuncType) wasmtest.Code {
	saved := len(t.Params)
	token := saved + len(scratch)
	var c wasmtest.Code
	add := func(code ...wasmtest.Code) { c = append(c, wasmtest.Join(code...)...) }
	for i, address := range scratch {
		add(i32(0), at(load64, address), wasmtest.Set(saved+i))
	}
	add(i32(0), wasmtest.I64(word(FaultMetric)), at(store64, scratch[0]))
	add(i32(1), i32(scratch[0]), i32(len(FaultMetric)), i32(scratch[1]), wasmtest.Call(f.define), wasmtest.Drop)
	add(i32(0), wasmtest.Load(uint32(scratch[1])), i32(scratch[2]), wasmtest.Call(f.get), wasmtest.Drop)
	add(i32(0), at(load64, scratch[2]), wasmtest.Set(token))
	for i, address := range scratch {
		add(i32(0), get(saved+i), at(store64, address))
	}
	add(get(token), wasmtest.GetGlobal(f.last), ne64, wasmtest.If, get(token), wasmtest.SetGlobal(f.last))
	for _, count := range f.counts {
		add(wasmtest.I64(0), wasmtest.SetGlobal(count))
	}
	add(wasmtest.End)
	count := f.counts[nth]
	add(wasmtest.GetGlobal(count), wasmtest.I64(1), add64, wasmtest.SetGlobal(count))
	for number, set := range f.sets {
		for _, fault := range set {
			if fault.Function != name {
				continue
			}
			add(get(token), wrap, i32(int(word(Token(number+1, 0)[:4]))), wasmtest.Eq)
			if fault.Nth > 0 {
				add(wasmtest.GetGlobal(count), wrap, i32(fault.Nth), wasmtest.Eq, wasmtest.And)
			}
			add(wasmtest.If, f.answer(fault, token+1), wasmtest.Return, wasmtest.End)
		}
	}
	return c
}

// answer is what a function gives in place of the truth; address is a local of its own.
func (f *faults) answer(fault table.HostFault, address int) wasmtest.Code {
	if fault.Bytes == nil {
		return i32(int(fault.Status))
	}
	c := wasmtest.Join(i32(0), wasmtest.Set(address))
	if len(fault.Bytes) > 0 {
		c = wasmtest.Join(i32(len(fault.Bytes)), wasmtest.Call(f.module.allocator), wasmtest.Set(address))
	}
	for i := 0; i < len(fault.Bytes); i += 8 {
		part := fault.Bytes[i:min(i+8, len(fault.Bytes))]
		if len(part) == 8 {
			c = append(c, wasmtest.Join(get(address), wasmtest.I64(word(string(part))), at(store64, i))...)
			continue
		}
		for j, b := range part {
			c = append(c, wasmtest.Join(get(address), i32(int(b)), at(store8, i+j))...)
		}
	}
	out := outParams[fault.Function]
	return append(c, wasmtest.Join(get(out), get(address), wasmtest.Store(0), get(out+1), i32(len(fault.Bytes)),
		wasmtest.Store(0), i32(0))...)
}

// Instructions that wasmtest has not.
var (
	load64   = wasmtest.Code{0x29, 0}
	store64  = wasmtest.Code{0x37, 0}
	store8   = wasmtest.Code{0x3a, 0}
	ne64     = wasmtest.Code{0x52}
	add64    = wasmtest.Code{0x7c}
	rem64    = wasmtest.Code{0x82}
	shl      = wasmtest.Code{0x74}
	shr      = wasmtest.Code{0x76} // unsigned
	wrap     = wasmtest.Code{0xa7}
	scratch  = []int{0, 8, 16} // addresses that are borrowed: the name, the number and the value of the metric
	get, i32 = wasmtest.Get, wasmtest.I32
)

func at(instruction wasmtest.Code, offset int) wasmtest.Code {
	return append(slices.Clone(instruction), number(uint64(offset))...)
}

// word is text as the number that a load gives.
func word(text string) (n int64) {
	for i := len(text) - 1; i >= 0; i-- {
		n = n<<8 | int64(text[i])
	}
	return n
}
