package wasmfile_test

import (
	"testing"

	"github.com/header-auth/header-auth/host/wasmfile"
	"github.com/header-auth/header-auth/host/wasmtest"
)

func TestBodies(t *testing.T) {
	m := wasmtest.Module{Pages: 1}
	imported := m.Import("env", "f", "", "")
	m.Func("a", "", "", 2, wasmtest.Call(imported), wasmtest.I32(0x10), wasmtest.Drop) // 0x10 is call's opcode, too
	b := m.Func("b", "", "", 0)
	m.Func("c", "", "", 0, wasmtest.Call(b), wasmtest.Call(imported))
	wasm := m.Bytes()
	f, err := wasmfile.Parse(wasm)
	if err != nil {
		t.Fatal(err)
	}
	bodies, err := f.Bodies(wasm)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]uint32{{imported}, nil, {b, imported}}
	if len(bodies) != len(want) {
		t.Fatalf("got %d bodies, expected %d", len(bodies), len(want))
	}
	for i, body := range bodies {
		if len(body.Calls) != len(want[i]) {
			t.Fatalf("body %d: got %v, expected calls of %v", i, body.Calls, want[i])
		}
		for j, c := range body.Calls {
			if c.Index != want[i][j] || wasm[c.At-1] != 0x10 || c.At < body.At || c.At+c.Size > body.At+body.Size {
				t.Errorf("body %d: got %+v in %+v, expected a call of %d", i, c, body, want[i][j])
			}
		}
	}
	// An unknown instruction is an error: what follows it may be calls.
	wasm[bodies[1].At+1] = 0xff
	if _, err := f.Bodies(wasm); err == nil {
		t.Error("an unknown instruction was passed over")
	}
}
