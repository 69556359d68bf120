package host

import "time"

// proxyGetCurrentTime is proxy_get_current_time_nanoseconds(time): the time since 1970 in nanoseconds, whole
// microseconds, goes to time (u64). InvalidMemoryAccess when that is outside memory.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::getCurrentTimeNanoseconds.
func proxyGetCurrentTime(vm *VM, stack []uint64) uint32 {
	if !vm.writeU64(uint32(stack[0]), vm.wallClock()) {
		return invalidMemoryAccess
	}
	return ok
}

// proxySetTickPeriod is proxy_set_tick_period_milliseconds(milliseconds): starts the timer of the acting context's
// root anew: proxy_on_tick comes every so many milliseconds; 0 stops it. Ok always.
// Source: proxy-wasm-cpp-host src/context.cc, ContextBase::setTimerPeriod; Envoy
// source/extensions/common/wasm/wasm.cc, Wasm::tickHandler.
func proxySetTickPeriod(vm *VM, stack []uint64) uint32 {
	if p := vm.actingContext().plugin; p != nil && !p.closed {
		p.period = time.Duration(uint32(stack[0])) * time.Millisecond
		p.due = vm.now().Add(p.period)
	}
	return ok
}
