package abi

import "github.com/header-auth/header-auth/host/wasmfile"

// Function describes a host function: an import of the modules env (Proxy-Wasm) or wasi_snapshot_preview1.
type Function struct {
	Name     string
	Params   []Param
	Result   Result
	Versions Versions // in which Envoy offers it; of WASI functions all
	Phases   Phases   // in which a module may call it; WhenRunning is always among them
}

// Type is the function's type, as a module's import must have it.
func (f *Function) Type() wasmfile.FuncType { return FuncType(f.Params, f.Result) }

// FuncType is the wasm type that a function with these parameters and this result has.
func FuncType(params []Param, r Result) wasmfile.FuncType {
	var t wasmfile.FuncType
	for _, p := range params {
		for range p.Kind.Words() {
			t.Params = append(t.Params, p.Kind.ValType())
		}
	}
	if r != ResultNone {
		t.Results = []wasmfile.ValType{wasmfile.I32}
	}
	return t
}
