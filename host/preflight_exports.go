package host

import (
	"fmt"
	"slices"

	"github.com/header-auth/header-auth/host/wasmfile"
)

// checkExports holds the exports that Envoy looks up against the types under which it does. Others are none of its
// business, and so is a known name that is no function.
func checkExports(f *wasmfile.File, abi ABI, o Options) []Fault {
	var faults []Fault
	check := func(name string, want wasmfile.FuncType) {
		if e, ok := f.Export(name); ok && e.Kind == wasmfile.KindFunction && !e.Type.Equal(want) {
			faults = append(faults, Fault{
				What: quote(fmt.Sprintf("Bad function signature for: %s, want: %s, but the module exports: %s",
					name, want, e.Type)),
				Cure: exportCure(name, abi),
			})
		}
	}
	for _, name := range startFunctions(f, o.Profile) {
		check(name, startType(name))
	}
	allocator := allocatorOf(f, o.Allocator)
	if allocator == "" {
		faults = append(faults, Fault{
			What: quote("Wasm module is missing malloc function.") + ": neither malloc nor proxy_on_memory_allocate " +
				"is an exported function",
			Cure: "export proxy_on_memory_allocate(size) or malloc(size); SDKs do, unless a build tag or wasm-opt " +
				"removed it",
		})
	} else {
		check(allocator, signature([]param{num("size")}, resultValue))
	}
	for i := range callbackTable {
		c := &callbackTable[i]
		if abi == 0 || c.abi&abi.set() != 0 {
			check(c.name, signature(c.paramsIn(abi), c.result))
		}
	}
	return faults
}

func startType(name string) wasmfile.FuncType {
	switch name {
	case "main":
		return signature([]param{num("argc"), address("argv")}, resultValue)
	case "__main_void":
		return signature(nil, resultValue)
	}
	return signature(nil, resultNone)
}

// startFunctions are the exports Envoy calls when a VM starts, in order. _start counts only without _initialize.
func startFunctions(f *wasmfile.File, p Profile) []string {
	candidates := []string{"_start"}
	if f.ExportsFunction("_initialize") {
		candidates = []string{"_initialize", "main"}
		if p.rules().mainVoid && !f.ExportsFunction("main") {
			candidates[1] = "__main_void"
		}
	}
	return slices.DeleteFunc(candidates, func(name string) bool { return !f.ExportsFunction(name) })
}

// allocatorOf is the export that the host calls for memory inside the guest, "" without one.
func allocatorOf(f *wasmfile.File, order AllocatorOrder) string {
	for _, name := range order.exports() {
		if f.ExportsFunction(name) {
			return name
		}
	}
	return ""
}

func exportCure(name string, abi ABI) string {
	switch name {
	case "proxy_on_request_headers", "proxy_on_response_headers":
		if abi == ABI010 {
			return "in ABI 0.1.0 it takes context and number of headers, without end_of_stream: SDK and ABI marker disagree"
		}
		return "since ABI 0.2.0 it takes context, number of headers and end_of_stream: SDK and ABI marker disagree"
	case "_initialize", "_start", "main", "__main_void":
		return "let the compiler make the entry point instead of exporting a function of that name"
	}
	return "export it with the type Envoy wants, or under another name if it is something else"
}
