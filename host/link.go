package host

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero/api"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/wasmfile"
)

// link offers the host functions that the module imports. Preflight has compared every import with the same lists.
func (m *Module) link(ctx context.Context) error {
	for module, functions := range functions(m.options.Profile) {
		builder := m.runtime.NewHostModuleBuilder(module)
		n := 0
		for i := range functions {
			f := &functions[i]
			if !m.imports(module, f.Name) {
				continue
			}
			n++
			t := f.Type()
			builder.NewFunctionBuilder().
				WithGoFunction(&binding{f}, valueTypes(t.Params), valueTypes(t.Results)).
				Export(f.Name)
		}
		if n == 0 {
			continue
		}
		if _, err := builder.Instantiate(ctx); err != nil {
			return fmt.Errorf("link module %s: %w", module, err)
		}
	}
	return nil
}

// valueTypes are types as wazero has them, which numbers them as the binary format does.
func valueTypes(types []wasmfile.ValType) []api.ValueType {
	var out []api.ValueType
	for _, t := range types {
		out = append(out, api.ValueType(t))
	}
	return out
}

// imports says whether the module imports that function.
func (m *Module) imports(module, name string) bool {
	for _, i := range m.file.Imports {
		if i.Kind == wasmfile.KindFunction && i.Module == module && i.Name == name {
			return true
		}
	}
	return false
}

// binding is a host function as wazero calls it.
type binding struct{ *function }

func (b *binding) Call(ctx context.Context, stack []uint64) {
	c, ok := ctx.(*goContext)
	if !ok {
		c = ctx.Value(goContextKey{}).(*goContext)
	}
	vm := c.vm
	if vm.fusion != noFusion {
		vm.split()
	}
	if vm.tracedOrIntercepted || b.Phases&vm.phase == 0 {
		b.callObserved(vm, stack)
		return
	}
	r := b.call(vm, stack)
	if b.Result != abi.ResultNone {
		stack[0] = uint64(r)
	}
}

// callObserved is Call for a VM that is traced or whose functions are intercepted, and for calls that are not allowed
// now.
func (b *binding) callObserved(vm *VM, stack []uint64) {
	traced := 0
	if vm.config.Trace {
		traced = vm.traceHostCall(&b.Function, stack)
	}
	vm.checkPhase(&b.Function)
	var args [16]uint64
	copy(args[:], stack) // the result replaces the first one
	var r uint32
	if a, ok := vm.intercepted(&b.Function); ok {
		r = vm.giveAnswer(&b.Function, a, stack)
	} else {
		r = b.call(vm, stack)
	}
	if b.Result != abi.ResultNone {
		stack[0] = uint64(r)
	}
	if vm.config.Trace {
		vm.traceHostResult(traced, &b.Function, args[:], r)
	}
}

func (vm *VM) intercepted(f *abi.Function) (Answer, bool) {
	if vm.config.Intercept == nil {
		return Answer{}, false
	}
	return vm.config.Intercept(f.Name)
}

// giveAnswer gives the guest the answer of VMConfig.Intercept in place of the function's own.
func (vm *VM) giveAnswer(f *abi.Function, a Answer, stack []uint64) uint32 {
	if a.Data == nil {
		return uint32(a.Status)
	}
	at := 0
	for _, p := range f.Params {
		if p.Kind == abi.KindOutBytes || p.Kind == abi.KindOutPairs {
			return uint32(vm.copyToGuest(a.Data, uint32(stack[at]), uint32(stack[at+1])))
		}
		at += p.Kind.Words()
	}
	return uint32(a.Status)
}

// checkPhase makes the guest trap where V8 in Envoy does (proxy-wasm-cpp-host, src/v8/v8.cc, "restricted_callback").
func (vm *VM) checkPhase(f *abi.Function) {
	if f.Phases&vm.phase != 0 {
		return
	}
	switch vm.phase {
	case abi.WhenStarting:
		vm.trap("start functions must not call " + f.Name + ": " + load.StartPhaseCure(f.Name, vm.running()))
	case abi.WhenAllocating:
		vm.trap(f.Name + " must not be called by the allocator while the host asks it for memory")
	default:
		vm.crash(f.Name + " is called from the module's start section: Envoy dies of SIGSEGV while it loads the module")
	}
}

var _ api.GoFunction = (*binding)(nil)
