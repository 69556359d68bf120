package rewrite

import (
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// CarriedHeader is a header that carries others: the digits of their bytes, as Carrier packs and unpacks them.
const CarriedHeader = "x-parity-carried"

// Header maps, by their numbers in the ABI.
const (
	RequestHeaders  = 0
	ResponseHeaders = 2
)

// Carrier is a plugin that stands beside the one under test. It puts what CarriedHeader carries in the place of the
// headers of the map unpacks, if it is there, and packs those of the map packs (-1: none), with kept in front of it. A
// header may have any bytes on the way between two carriers.
func Carrier(unpacks, packs int, kept []headermap.Header) []byte {
	const digits, name, bytes, heap, list = 16, 64, 128, 1 << 20, 2 << 20 // addresses; bytes: where some are, and how many
	const from, left, to = 3, 4, 5                                        // locals, behind the parameters of the callbacks
	m := wasmtest.Module{Pages: 64}
	value := m.Import("env", "proxy_get_header_map_value", "iiiii", "i")
	pairs := m.Import("env", "proxy_get_header_map_pairs", "iii", "i")
	replace := m.Import("env", "proxy_set_header_map_pairs", "iii", "i")
	m.Data(digits, "0123456789abcdef")
	m.Data(name, CarriedHeader)
	m.Func("proxy_abi_version_0_2_1", "", "", 0)
	m.Func("malloc", "i", "i", 0, i32(heap))

	begin := wasmtest.Join(i32(bytes), wasmtest.Load(0), wasmtest.Set(from), i32(bytes), wasmtest.Load(4),
		wasmtest.Set(left))
	each := func(step int, code ...wasmtest.Code) wasmtest.Code { // of the bytes that are left
		return wasmtest.Join(wasmtest.Block, wasmtest.Loop, get(left), wasmtest.Eqz, wasmtest.BrIf(1), wasmtest.Join(code...),
			grow(from, step), grow(left, -step), wasmtest.Br(0), wasmtest.End, wasmtest.End)
	}
	number := func(at uint32) wasmtest.Code { // of the digit at from: 9 more for a letter
		return wasmtest.Join(get(from), wasmtest.Load8(at), i32(15), wasmtest.And, get(from), wasmtest.Load8(at), i32(6), shr,
			i32(9), wasmtest.Mul, wasmtest.Add)
	}
	digit := func(place int, nibble ...wasmtest.Code) wasmtest.Code {
		return wasmtest.Join(get(to), get(from), wasmtest.Load8(0), wasmtest.Join(nibble...), wasmtest.Load8(digits),
			at(store8, place))
	}
	callbacks := map[int]string{RequestHeaders: "proxy_on_request_headers", ResponseHeaders: "proxy_on_response_headers"}
	m.Func(callbacks[unpacks], "iii", "i", 3,
		i32(bytes), i32(0), wasmtest.Store(4),
		i32(unpacks), i32(name), i32(len(CarriedHeader)), i32(bytes), i32(bytes+4), wasmtest.Call(value), wasmtest.Drop,
		begin, get(left), wasmtest.Eqz, wasmtest.If, i32(0), wasmtest.Return, wasmtest.End, get(from), wasmtest.Set(to),
		each(2, get(to), number(0), i32(4), shl, number(1), wasmtest.Or, at(store8, 0), grow(to, 1)),
		i32(unpacks), i32(bytes), wasmtest.Load(0), get(to), i32(bytes), wasmtest.Load(0), wasmtest.Sub,
		wasmtest.Call(replace), wasmtest.Drop, i32(0))

	if packs < 0 {
		return m.Bytes()
	}
	written := wasmtest.Pairs(append(flat(kept), CarriedHeader, "")...)
	lastSize := list + 8*(len(kept)+1) // of the value that the digits are
	m.Data(list, written)
	m.Func(callbacks[packs], "iii", "i", 3,
		i32(packs), i32(bytes), i32(bytes+4), wasmtest.Call(pairs), wasmtest.Drop,
		begin, i32(list+len(written)-1), wasmtest.Set(to),
		each(1, digit(0, i32(4), shr), digit(1, i32(15), wasmtest.And), grow(to, 2)),
		get(to), i32(0), at(store8, 0),
		i32(lastSize), i32(bytes), wasmtest.Load(4), i32(2), wasmtest.Mul, wasmtest.Store(0),
		i32(packs), i32(list), get(to), i32(list-1), wasmtest.Sub, wasmtest.Call(replace), wasmtest.Drop, i32(0))
	return m.Bytes()
}

func flat(headers []headermap.Header) (all []string) {
	for _, h := range headers {
		all = append(all, h.Name, h.Value)
	}
	return all
}

// grow adds to a local.
func grow(local, by int) wasmtest.Code {
	return wasmtest.Join(get(local), i32(by), wasmtest.Add, wasmtest.Set(local))
}
