package load

import (
	"bytes"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/host/wasmfile"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// TestCheckCode: what V8 refuses is refused, and what is just as large as it may be is not.
func TestCheckCode(t *testing.T) {
	brTable := func(labels int) []wasmtest.Code {
		size := wasmtest.I32(labels)[1:] // signed LEB128 of a number whose next bit is 0 is the unsigned one
		return []wasmtest.Code{wasmtest.I32(0), append(append(wasmtest.Code{0x0e}, size...),
			bytes.Repeat([]byte{0}, labels+1)...)}
	}
	nops := func(n int) []wasmtest.Code { return []wasmtest.Code{bytes.Repeat([]byte{0x01}, n)} }
	for _, test := range []struct {
		name   string
		locals int
		code   []wasmtest.Code
		want   string // "": no fault
	}{
		{"small", 1, nops(1), ""},
		{"long", 0, nops(maxFunctionBytes - 2), ""},
		{"too long", 0, nops(maxFunctionBytes + 1), "7654324 bytes"},
		{"locals", maxLocals, nops(1), ""},
		{"too many locals", maxLocals + 1, nops(1), "50001 locals"},
		{"labels", 0, brTable(maxLabels), ""},
		{"too many labels", 0, brTable(maxLabels + 1), "65521 labels in one br_table"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var m wasmtest.Module
			m.Func("f", "", "", test.locals, test.code...)
			wasm := m.Bytes()
			f, err := wasmfile.Parse(wasm)
			if err != nil {
				t.Fatal(err)
			}
			faults := CheckCode(f, wasm)
			if test.want == "" && len(faults) > 0 || test.want != "" &&
				(len(faults) != 1 || !strings.Contains(faults[0].What, test.want)) {
				t.Errorf("faults %+v, want one with %q", faults, test.want)
			}
		})
	}
}
