package host

import (
	"context"

	"github.com/header-auth/header-auth/host/abi"
)

// callGuest makes a callback on behalf of s and returns its result: missing when the guest does not export it, 0 when
// it trapped. The caller then runs vm.runActions.
func (vm *VM) callGuest(c abi.Callback, s *abiContext, missing uint32, a, b, d, e uint32) uint32 {
	f := vm.functions[c]
	if f == nil || vm.liveGeneration < 0 {
		return missing
	}
	vm.begin(s)
	vm.callback = c
	stack := &vm.stack
	stack[0], stack[1], stack[2], stack[3], stack[4] = uint64(s.id), uint64(a), uint64(b), uint64(d), uint64(e)
	var err error
	if vm.callsDirectly {
		err = f.CallWithStack(vm.ctx, stack[:])
	} else {
		err = vm.callTraced(c)
	}
	vm.inGuest = false
	if err != nil {
		vm.fail(c.Name(), err)
	}
	if vm.liveGeneration < 0 {
		return 0
	}
	return uint32(stack[0])
}

// begin comes before each call into the guest on behalf of s.
func (vm *VM) begin(s *abiContext) {
	if vm.effectiveContext != nil {
		vm.effectiveContext = nil
	}
	if len(vm.output) > 0 {
		vm.output = vm.output[:0]
	}
	vm.currentContext, vm.inGuest, vm.keptBytes = s, true, 0
}

// callTraced is the call itself for a VM that is traced, watched or under a deadline.
func (vm *VM) callTraced(c abi.Callback) error {
	if !vm.config.Trace {
		return vm.callWithDeadline(c)
	}
	depth := vm.traceDepth
	vm.traceCallback(c)
	err := vm.callWithDeadline(c)
	vm.traceDepth = depth // a trap ends host functions without their return
	vm.traceReturn(c, uint32(vm.stack[0]), err)
	return err
}

// callWithDeadline is the call itself under Options.Deadline and Options.Watch.
func (vm *VM) callWithDeadline(c abi.Callback) error {
	if w := vm.module.options.Watch; w != nil {
		defer w.End(w.Begin(c.Name()))
	}
	if vm.module.options.Deadline == 0 {
		return vm.functions[c].CallWithStack(vm.ctx, vm.stack[:])
	}
	ctx, cancel := context.WithTimeout(vm.ctx, vm.module.options.Deadline)
	defer cancel()
	vm.callCtx = ctx
	err := vm.functions[c].CallWithStack(ctx, vm.stack[:])
	vm.callCtx = vm.ctx
	return err
}

// callAllocator asks the guest for n bytes while one of its callbacks, or a start function, waits for a host function.
func (vm *VM) callAllocator(n uint32) (uint32, bool) {
	phase, depth := vm.phase, vm.traceDepth
	vm.phase = abi.WhenAllocating
	if vm.config.Trace {
		vm.traceAllocator(n)
	}
	vm.allocStack[0] = uint64(n)
	var err error
	if vm.callsDirectly {
		err = vm.allocator.CallWithStack(vm.callCtx, vm.allocStack[:])
	} else {
		ended := watched(vm.module.options.Watch, vm.allocatorName)
		err = vm.allocator.CallWithStack(vm.callCtx, vm.allocStack[:])
		ended()
	}
	vm.phase = phase
	ptr := uint32(vm.allocStack[0])
	if err != nil {
		vm.fail(vm.allocatorName, err)
		ptr = 0
	}
	if vm.config.Trace {
		vm.traceDepth = depth
		vm.traceAllocated(ptr, err)
	}
	if err == nil {
		return ptr, true
	}
	if vm.failure.Kind != Trapped {
		// The guest must not run on: wazero has closed the module, or a real Envoy would be dead.
		panic(&trapError{vm.failure.Reason})
	}
	return 0, false
}
