package host

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/linearmemory"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/process"
)

// load instantiates the module and runs the start functions.
func (vm *VM) load(ctx context.Context) error {
	vm.loadedAt = vm.now()
	vm.phase, vm.failure, vm.liveGeneration, vm.callCtx, vm.keptBytes = 0, nil, vm.generation, vm.ctx, 0
	vm.currentContext, vm.effectiveContext = &vm.contextZero, nil
	vm.contexts, vm.lastID, vm.contextIDsWrapped = vm.contexts[:0], 0, false
	vm.metricIDs = [abi.MetricTypes][]*process.Value{}
	vm.lastCall, vm.lastUnary, vm.lastGrpc = 0, 0, 0
	vm.traceDepth, vm.nesting = 0, 0
	vm.linear = &linearmemory.Memory{}

	err := vm.runGuarded("the start section", func(callCtx context.Context) (err error) {
		callCtx = experimental.WithMemoryAllocator(callCtx, vm.linear)
		vm.instance, err = vm.module.runtime.InstantiateModule(callCtx, vm.module.compiled,
			wazero.NewModuleConfig().WithName("").WithStartFunctions())
		return err
	})
	if err != nil {
		return err
	}
	if vm.memory = vm.instance.Memory(); vm.memory == nil {
		return &load.Error{Faults: []load.Fault{{What: "the module has no memory", Cure: "export a memory"}}}
	}
	vm.findExports()
	return vm.start()
}

// findCallbacks finds the callbacks that the module exports.
func (vm *VM) findCallbacks() {
	for c := range abi.Callbacks {
		if c.In(vm.module.abi) {
			vm.functions[c] = vm.instance.ExportedFunction(c.Name())
		}
	}
}

// findExports finds the exports the host calls.
func (vm *VM) findExports() {
	vm.findCallbacks()
	vm.allocatorName = vm.module.options.Allocator.Find(vm.module.file)
	vm.allocator = vm.instance.ExportedFunction(vm.allocatorName)
}

// start runs the start functions: _initialize and then main, or else _start.
func (vm *VM) start() error {
	vm.phase = abi.WhenStarting
	defer func() { vm.phase = abi.WhenRunning }()
	for _, name := range load.StartFunctions(vm.module.file, vm.module.options.Profile) {
		if err := vm.runStart(name); err != nil {
			return err
		}
	}
	return nil
}

// runStart runs one start function.
func (vm *VM) runStart(name string) error {
	f := vm.instance.ExportedFunction(name)
	vm.traceStart(name)
	err := vm.runGuarded(name, func(ctx context.Context) error {
		vm.callCtx = ctx
		defer func() { vm.callCtx = vm.ctx }()
		return f.CallWithStack(ctx, make([]uint64, 2))
	})
	vm.traceStartEnd(name, err)
	return err
}

// runGuarded runs guest code outside a callback, under the deadline. The error is a *Failure, which is the VM's too.
func (vm *VM) runGuarded(name string, run func(context.Context) error) (err error) {
	ctx := context.Context(vm.ctx)
	if d := vm.module.options.Deadline; d > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	vm.starting, vm.inGuest, vm.output = name, true, vm.output[:0]
	defer watched(vm.module.options.Watch, name)()
	defer func() {
		vm.inGuest = false
		if r := recover(); r != nil {
			err = fmt.Errorf("%v (recovered by wazero)", r)
		}
		if err != nil {
			vm.fail(name, err)
			err = vm.failure
		}
	}()
	return run(ctx)
}

// unload closes the instance.
func (vm *VM) unload(ctx context.Context) error {
	var err error
	if vm.fused != nil {
		_ = vm.fused.instance.Close(ctx)
	}
	vm.fused, vm.uses, vm.fusion = nil, 0, noFusion
	if vm.instance != nil {
		err = vm.instance.Close(ctx)
		vm.instance = nil
	}
	if vm.memory != nil {
		vm.lastSize, vm.memory = vm.memory.Size(), nil
	}
	vm.functions, vm.allocator = [abi.Callbacks]api.Function{}, nil
	vm.linear.Release()
	return err
}
