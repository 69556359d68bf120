package load

import (
	"fmt"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/wasmfile"
)

// checkExports compares the exports that Envoy looks up with the types under which it does. It ignores other exports,
// and a known name that is no function.
func checkExports(f *wasmfile.File, version abi.Version, o Options) []Fault {
	var faults []Fault
	check := func(name string, want wasmfile.FuncType) {
		if e, ok := f.Export(name); ok && e.Kind == wasmfile.KindFunction && !e.Type.Equal(want) {
			faults = append(faults, Fault{
				What: quote(fmt.Sprintf("Bad function signature for: %s, want: %s, but the module exports: %s",
					name, want, e.Type)),
				Cure: exportCure(name, version),
			})
		}
	}
	for _, name := range StartFunctions(f, o.Profile) {
		check(name, startType(name))
	}
	allocator := o.Allocator.Find(f)
	if allocator == "" {
		faults = append(faults, Fault{
			What: quote("Wasm module is missing malloc function.") + ": neither malloc nor proxy_on_memory_allocate " +
				"is an exported function",
			Cure: "export proxy_on_memory_allocate(size) or malloc(size); SDKs do, unless a build tag or wasm-opt " +
				"removed it",
		})
	} else {
		check(allocator, wasmfile.FuncType{Params: i32s[:1], Results: i32s[:1]})
	}
	for c := range abi.Callbacks {
		if c.In(version) {
			check(c.Name(), c.Type(version))
		}
	}
	return faults
}

// i32s are types to take parameters and results from.
var i32s = []wasmfile.ValType{wasmfile.I32, wasmfile.I32}

func startType(name string) wasmfile.FuncType {
	switch name {
	case "main": // argc and argv
		return wasmfile.FuncType{Params: i32s, Results: i32s[:1]}
	case "__main_void":
		return wasmfile.FuncType{Results: i32s[:1]}
	}
	return wasmfile.FuncType{}
}

func exportCure(name string, version abi.Version) string {
	switch name {
	case "proxy_on_request_headers", "proxy_on_response_headers":
		if version == abi.V010 {
			return "in ABI 0.1.0 it takes context and number of headers, without end_of_stream: SDK and ABI marker disagree"
		}
		return "since ABI 0.2.0 it takes context, number of headers and end_of_stream: SDK and ABI marker disagree"
	case "_initialize", "_start", "main", "__main_void":
		return "let the compiler make the entry point instead of exporting a function of that name"
	}
	return "export it with the type Envoy wants, or under another name if it is something else"
}
