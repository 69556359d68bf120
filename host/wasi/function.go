package wasi

import (
	"slices"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/profile"
)

// Modules are the names of the modules under which each function can be imported.
var Modules = [...]string{"wasi_snapshot_preview1", "wasi_unstable"}

// IsModule says whether name is one of Modules.
func IsModule(name string) bool { return slices.Contains(Modules[:], name) }

// Function is a function of preview 1.
type Function struct {
	abi.Function
	Links       profile.WASISet // from this set on it can be imported
	AtStart     profile.WASISet // from this set on start functions may call it
	InAllocator profile.WASISet // from this set on malloc and proxy_on_memory_allocate may call it

	// Call does the work. The wasm parameters are in stack, one word each, in order.
	Call func(s System, stack []uint64) Errno
}

// Functions are the functions that link in that Envoy, with the phases in which it lets a module call them
// (proxy-wasm-cpp-host, src/wasm.cc, WasmBase::startVm, and include/proxy-wasm/wasm.h, WasmBase::allocMemory).
func Functions(p profile.Profile) []Function {
	set := p.Rules().WASI
	var offered []Function
	for _, f := range table() {
		if f.Links > set {
			continue
		}
		f.Phases = abi.WhenRunning
		if f.AtStart <= set {
			f.Phases |= abi.WhenStarting
		}
		if f.InAllocator <= set {
			f.Phases |= abi.WhenAllocating
		}
		if f.Name == "poll_oneoff" && set < profile.SetC {
			f.Call = nosys
		}
		offered = append(offered, f)
	}
	return offered
}

// Find is the function of that name, whichever Envoy has it; false for a name that preview 1 does not have.
func Find(name string) (Function, bool) {
	all := table()
	i := slices.IndexFunc(all, func(f Function) bool { return f.Name == name })
	if i < 0 {
		return Function{}, false
	}
	return all[i], true
}

// The functions that always give the same answer.
func success(System, []uint64) Errno { return Success }
func badf(System, []uint64) Errno    { return Badf }
func noent(System, []uint64) Errno   { return Noent }
func nosys(System, []uint64) Errno   { return Nosys }
func notsup(System, []uint64) Errno  { return Notsup }
