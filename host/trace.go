package host

import (
	"strconv"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/trace"
)

// maxCrossings is how many crossings a VM keeps.
const maxCrossings = 1 << 16

// Crossings are the crossings recorded so far, at most 65536. They are recorded when VMConfig.Trace is set.
func (vm *VM) Crossings() []trace.Crossing { return vm.trace }

// Traffic is what has been counted so far. It is counted when VMConfig.Trace is set, without the limit that Crossings
// has.
func (vm *VM) Traffic() trace.Traffic { return vm.traffic }

// record counts a crossing, appends it and returns its index, -1 when the trace is full.
func (vm *VM) record(c trace.Crossing) int {
	vm.traffic.Count(&c)
	if len(vm.trace) >= maxCrossings {
		return -1
	}
	c.Depth = vm.traceDepth
	vm.trace = append(vm.trace, c)
	return len(vm.trace) - 1
}

// traceCallback records a callback whose parameters are in vm.stack.
func (vm *VM) traceCallback(c abi.Callback) {
	params := c.Params(vm.module.abi)
	vm.record(trace.Crossing{ToGuest: true, Name: c.Name(), Args: trace.Args(vm.memory, params, vm.stack[:], true)})
	vm.traceDepth++
}

// traceReturn records the return of a callback.
func (vm *VM) traceReturn(callback abi.Callback, result uint32, err error) {
	c := trace.Crossing{ToGuest: true, Return: true, Name: callback.Name()}
	switch {
	case err != nil || vm.failure != nil:
		vm.fail(callback.Name(), err)
		c.Result = vm.failure.Kind.String()
	case callback.Result() == abi.ResultAction:
		c.Result = abi.Action(result).String()
	case callback.Result() == abi.ResultBool:
		c.Result = strconv.FormatBool(result != 0)
	}
	vm.record(c)
}

// traceStart and traceStartEnd record a start function and its return.
func (vm *VM) traceStart(name string) {
	if vm.config.Trace {
		vm.record(trace.Crossing{ToGuest: true, Name: name})
		vm.traceDepth++
	}
}

func (vm *VM) traceStartEnd(name string, err error) {
	if vm.config.Trace {
		vm.traceDepth = 0
		c := trace.Crossing{ToGuest: true, Return: true, Name: name}
		if err != nil {
			c.Result = vm.failure.Kind.String()
		}
		vm.record(c)
	}
}

// traceAllocator and traceAllocated record a call of the allocator and its return.
func (vm *VM) traceAllocator(n uint32) {
	vm.record(trace.Crossing{ToGuest: true, Name: vm.allocatorName, Args: "size " + strconv.FormatUint(uint64(n), 10)})
	vm.traceDepth++
}

func (vm *VM) traceAllocated(ptr uint32, err error) {
	result := "0x" + strconv.FormatUint(uint64(ptr), 16)
	c := trace.Crossing{ToGuest: true, Return: true, Name: vm.allocatorName, Result: result}
	if err != nil {
		c.Result = vm.failure.Kind.String()
	}
	vm.record(c)
}

// traceHostCall and traceHostResult record a host function and its result. A start section runs before the host has the
// memory: the arguments of its calls are not shown.
func (vm *VM) traceHostCall(f *abi.Function, stack []uint64) int {
	c := trace.Crossing{Name: f.Name}
	if vm.memory != nil {
		c.Args = trace.Args(vm.memory, f.Params, stack, false)
	}
	i := vm.record(c)
	vm.traceDepth++
	return i
}

func (vm *VM) traceHostResult(i int, f *abi.Function, stack []uint64, r uint32) {
	vm.traceDepth--
	if i < 0 {
		return
	}
	result := ""
	switch f.Result {
	case abi.ResultNone:
		return
	case abi.ResultStatus:
		result = abi.Status(r).String()
	case abi.ResultErrno:
		result = "errno " + strconv.FormatUint(uint64(r), 10)
	case abi.ResultValue:
		result = strconv.FormatUint(uint64(r), 10)
	}
	if r == 0 {
		result += trace.Outs(vm.memory, f.Params, stack)
	}
	vm.trace[i].Result = result
}
