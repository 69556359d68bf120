package host

import (
	"context"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/callbacks"
)

// fusion is callbacks that the host makes with one call, because nothing can happen between them: a call from Go into
// wasm takes longer than most callbacks. The helper module makes them, one after another. As soon as one of them calls
// a host function, the helper returns behind it, and the host makes the others itself.
type fusion uint8

const (
	noFusion   fusion = iota
	openFusion        // create, headers of the request
	bodyFusion        // a piece of a body, the empty one that ends it
	endFusion         // log, done, delete
)

// lastOf is the number of a fusion's last callback, the first being 0.
var lastOf = [...]int{openFusion: 1, bodyFusion: 1, endFusion: 2}

// fused is the helper module's instance beside that of the guest.
type fused struct {
	instance  api.Module
	open, end api.Function
	body      [2]api.Function // request, response
	at        api.Global      // which of the callbacks runs, or ran last: 0, 1, 2
	stop      api.MutableGlobal
}

// usesBeforeFusion is how many exchanges an instance serves before it gets its helper, which takes some 50 µs to make.
var usesBeforeFusion = 16

// fuse makes the helper for an instance that serves its exchanges directly, and whose guest has all callbacks of an
// exchange without trailers. Without a helper everything is as before, but slower.
func (vm *VM) fuse() {
	vm.uses++
	if vm.uses != usesBeforeFusion || !vm.callsDirectly || vm.tracedOrIntercepted || vm.module.readsProperties ||
		vm.module.abi == abi.V010 {
		return
	}
	for _, c := range callbacks.Needed {
		if vm.functions[c] == nil {
			return
		}
	}
	compiled, err := vm.module.helper()
	if err != nil {
		return
	}
	ctx := experimental.WithImportResolver(context.Background(), func(string) api.Module { return vm.instance })
	m, err := vm.module.runtime.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return
	}
	vm.fused = &fused{instance: m, open: m.ExportedFunction(callbacks.Open), end: m.ExportedFunction(callbacks.End),
		body: [2]api.Function{m.ExportedFunction(callbacks.RequestBody), m.ExportedFunction(callbacks.ResponseBody)},
		at:   m.ExportedGlobal(callbacks.At), stop: m.ExportedGlobal(callbacks.Stop).(api.MutableGlobal)}
}

// compileHelper is Module.helper, which remembers what it gives.
func (m *Module) compileHelper() (wazero.CompiledModule, error) {
	return m.runtime.CompileModule(context.Background(), callbacks.Module())
}

// callFused makes the callbacks of f, whose parameters are in vm.stack. It returns how many have been made, and what
// the last one returned. The caller asks whether the instance is dead.
func (vm *VM) callFused(f fusion, call api.Function, s *Stream) (made int, result uint32) {
	vm.begin(&s.abiContext)
	vm.fusion = f
	err := call.CallWithStack(vm.ctx, vm.stack[:])
	vm.inGuest = false
	if err != nil {
		return vm.failFused(err), 0
	}
	if vm.stopped {
		vm.stopped = false
		vm.fused.stop.Set(0)
	}
	vm.fusion = noFusion
	if f == endFusion {
		return int(uint32(vm.stack[0])), 0
	}
	return int(uint32(vm.stack[1])), uint32(vm.stack[0])
}

// failFused ends the VM with the error of a fused call.
func (vm *VM) failFused(err error) (made int) {
	made = int(vm.fused.at.Get()) + 1
	if vm.fusion != noFusion {
		vm.split()
	}
	vm.stopped = false
	vm.fused.stop.Set(0)
	vm.fail(vm.callback.Name(), err)
	stack := vm.failure.Stack
	if last := strings.LastIndexByte(stack, '\n'); strings.HasPrefix(stack[last+1:], callbacks.Name+".") {
		vm.failure.Stack = stack[:max(last, 0)]
	}
	return made
}

// split ends a fusion in the middle of one of its callbacks, when that calls a host function or traps: from now on all
// is as if the host had made that callback itself.
func (vm *VM) split() {
	f, at := vm.fusion, int(vm.fused.at.Get())
	vm.fusion = noFusion
	if at < lastOf[f] {
		vm.fused.stop.Set(1)
		vm.stopped = true
	}
	vm.currentContext.stream.arrive(f, at)
}
