package host

import "time"

func proxyGetCurrentTime(vm *VM, stack []uint64) uint32 {
	if !vm.writeU64(uint32(stack[0]), vm.wallClock()) {
		return invalidMemoryAccess
	}
	return ok
}

// proxySetTickPeriod starts the root's timer anew, whichever of its contexts asks.
func proxySetTickPeriod(vm *VM, stack []uint64) uint32 {
	if p := vm.acting().plugin; p != nil && !p.gone {
		p.period = time.Duration(uint32(stack[0])) * time.Millisecond
		p.due = vm.now().Add(p.period)
	}
	return ok
}
