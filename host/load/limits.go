package load

import (
	"fmt"

	"github.com/header-auth/header-auth/host/wasmfile"
)

// V8's limits of a function (its source, src/wasm/wasm-limits.h). They also keep compilation in bounds: wazero's time
// grows with the square of what is in one function.
const (
	maxFunctionBytes = 7_654_321
	maxLocals        = 50_000
	maxLabels        = 65_520 // of a br_table
)

// CheckCode says which of V8's limits the functions in wasm exceed, the bytes f was parsed from.
func CheckCode(f *wasmfile.File, wasm []byte) []Fault {
	e := f.Extremes(wasm)
	var faults []Fault
	for _, c := range []struct {
		what        string
		found, most uint64
	}{
		{"bytes", uint64(e.Size), maxFunctionBytes},
		{"locals", e.Locals, maxLocals},
		{"labels in one br_table", uint64(e.Labels), maxLabels},
	} {
		if c.found > c.most {
			faults = append(faults, Fault{
				What: fmt.Sprintf("a function has %d %s: V8 allows %d", c.found, c.what, c.most),
				Cure: "split the function, or compile with less inlining",
			})
		}
	}
	return faults
}
