package rewrite

import "github.com/header-auth/header-auth/host/wasmtest"

// Random changes a module so that the random bytes that it gets are the given ones, again and again. Envoy still says
// whether there is a place for them.
func Random(wasm, given []byte) ([]byte, error) {
	m, err := open(wasm)
	if err != nil {
		return nil, err
	}
	next := m.global() // the number of the next of them
	for _, of := range []string{"wasi_snapshot_preview1", "wasi_unstable"} {
		if index, t, there := m.find(of, "random_get"); there && len(t.Params) == 2 {
			m.replace(index, t, randomGet(index, next, given))
		}
	}
	return m.bytes()
}

// randomGet is a function of an address and a length.
func randomGet(imported, next uint32, given []byte) wasmtest.Code {
	const address, length, found = 0, 1, 6 // found: the i32 of locals
	c := wasmtest.Join(get(address), get(length), wasmtest.Call(imported), wasmtest.Tee(found), wasmtest.If, get(found),
		wasmtest.Return, wasmtest.End, wasmtest.Block, wasmtest.Loop, get(length), wasmtest.Eqz, wasmtest.BrIf(1))
	for i, b := range given {
		c = append(c, wasmtest.Join(wasmtest.GetGlobal(next), wrap, i32(i), wasmtest.Eq, wasmtest.If, i32(int(b)),
			wasmtest.Set(found), wasmtest.End)...)
	}
	return append(c, wasmtest.Join(get(address), get(found), at(store8, 0),
		get(address), i32(1), wasmtest.Add, wasmtest.Set(address), get(length), i32(1), wasmtest.Sub, wasmtest.Set(length),
		wasmtest.GetGlobal(next), wasmtest.I64(1), add64, wasmtest.I64(int64(len(given))), rem64, wasmtest.SetGlobal(next),
		wasmtest.Br(0), wasmtest.End, wasmtest.End, i32(0))...)
}
