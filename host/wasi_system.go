package host

import (
	"io"
	"time"
)

// Clock ids of preview 1. Envoy knows no processor time.
const (
	clockRealtime  = 0
	clockMonotonic = 1
)

// uptime is what the monotonic clock shows when a VM is made. Envoy's counts from the machine's start; Go's runtime
// refuses to run on one that shows 0.
const uptime = time.Hour

func wasiClockTimeGet(vm *VM, stack []uint64) uint32 {
	var now uint64
	switch uint32(stack[0]) {
	case clockRealtime:
		now = vm.wallClock()
	case clockMonotonic:
		now = uint64(uptime + vm.monotonic())
	default:
		return errnoNotsup
	}
	if !vm.writeU64(uint32(stack[2]), now) {
		return errnoFault
	}
	return errnoSuccess
}

func wasiClockResGet(vm *VM, stack []uint64) uint32 {
	if id := uint32(stack[0]); id != clockRealtime && id != clockMonotonic {
		return errnoNotsup
	}
	if !vm.writeU64(uint32(stack[1]), 1) {
		return errnoFault
	}
	return errnoSuccess
}

// maxRandom is the most bytes Envoy gives at once.
const maxRandom = 65536

func wasiRandomGet(vm *VM, stack []uint64) uint32 {
	pointer, n := uint32(stack[0]), uint32(stack[1])
	switch {
	case n > maxRandom:
		return errnoInval
	case n == 0:
		return errnoSuccess
	}
	b, ok := vm.room(pointer, n)
	if !ok {
		return errnoFault
	}
	if _, err := io.ReadFull(vm.random, b); err != nil {
		return errnoInval // what Envoy says when its own source fails
	}
	return errnoSuccess
}

func wasiArgsSizesGet(vm *VM, stack []uint64) uint32 {
	if !vm.writeU32(uint32(stack[0]), 0) || !vm.writeU32(uint32(stack[1]), 0) {
		return errnoFault
	}
	return errnoSuccess
}

func wasiEnvironSizesGet(vm *VM, stack []uint64) uint32 {
	var size int
	environment := vm.config.Environment
	for _, v := range environment {
		size += len(v.Name) + len("=") + len(v.Value) + len("\x00")
	}
	if !vm.writeU32(uint32(stack[0]), uint32(len(environment))) || !vm.writeU32(uint32(stack[1]), uint32(size)) {
		return errnoFault
	}
	return errnoSuccess
}

func wasiEnvironGet(vm *VM, stack []uint64) uint32 {
	table, at := uint32(stack[0]), uint32(stack[1])
	for _, v := range vm.config.Environment {
		n := uint32(len(v.Name) + len(v.Value) + 2)
		text, ok := vm.room(at, n)
		if !ok || !vm.writeU32(table, at) {
			return errnoFault
		}
		i := copy(text, v.Name)
		i += copy(text[i:], "=")
		i += copy(text[i:], v.Value)
		text[i] = 0
		table, at = table+4, at+n
	}
	return errnoSuccess
}

// wasiProcExit comes back to the guest, which goes on after it. In start functions it is not allowed at all.
func wasiProcExit(*VM, []uint64) uint32 { return 0 }

// wasiPollOneoff never sleeps: no event happened, all is well.
func wasiPollOneoff(vm *VM, stack []uint64) uint32 {
	if !vm.writeU32(uint32(stack[3]), 0) {
		return errnoFault
	}
	return errnoSuccess
}
