package host

import "github.com/header-auth/header-auth/host/abi"

// proxyCallForeignFunction is proxy_call_foreign_function(name, arguments, results): calls a function of Envoy's by
// name; what they do and which statuses they return stands at foreignFunctions. What the function gives goes into a new
// block of the guest, its address and length to results (two u32, each left out when its address is 0); a function that
// gives nothing, or fails, writes 0 and 0. NotFound for other names; InvalidMemoryAccess when a range or an out word is
// outside memory. An allocator that gives no memory for the result kills Envoy.
// Source: proxy-wasm-cpp-host src/exports.cc, call_foreign_function; Envoy source/extensions/common/wasm/foreign.cc.
func proxyCallForeignFunction(vm *VM, stack []uint64) uint32 {
	name, ok1 := readRange(vm, stack)
	argument, ok2 := readRange(vm, stack[2:])
	if !ok1 || !ok2 {
		return invalidMemoryAccess
	}
	function := vm.foreignFunction(string(name))
	if function == nil {
		return notFound
	}
	result, hasResult, status := function(vm, argument)
	if status == abi.StatusOk {
		vm.told(EffectForeign, name, argument)
	}
	outPtr, outLen, ptr := uint32(stack[4]), uint32(stack[5]), uint32(0)
	if hasResult && outPtr != 0 { // else the result is dropped
		ptr = vm.allocateResult(result)
	}
	if outPtr != 0 && !vm.writeU32(outPtr, ptr) || outLen != 0 && !vm.writeU32(outLen, uint32(len(result))) {
		return invalidMemoryAccess
	}
	return uint32(status)
}

// allocateResult copies b into a new block of the guest. The allocator is called for no bytes, too.
func (vm *VM) allocateResult(b []byte) uint32 {
	ptr, ok := vm.callAllocator(uint32(len(b)))
	view, inside := vm.writableView(ptr, uint32(len(b)))
	if !ok || !inside || ptr == 0 && len(b) > 0 {
		vm.crash("the allocator gives no memory for the result of a foreign function: Envoy dies of SIGSEGV")
	}
	copy(view, b)
	return ptr
}

// envoyResolveDNS is envoy_resolve_dns(address, token): InternalFailure always, as there is no resolver; 0 goes to
// token (u32). InvalidMemoryAccess when address or token is outside memory.
// Source: Envoy source/extensions/common/wasm/wasm.cc, resolve_dns.
func envoyResolveDNS(vm *VM, stack []uint64) uint32 {
	if _, valid := readRange(vm, stack); !valid || !vm.writeU32(uint32(stack[2]), 0) {
		return invalidMemoryAccess
	}
	return internalFailure
}

// emscriptenNotifyMemoryGrowth is emscripten_notify_memory_growth(memory): Emscripten tells that memory has grown. It
// has no result and does nothing.
// Source: proxy-wasm-cpp-host src/exports.cc, emscripten_notify_memory_growth.
func emscriptenNotifyMemoryGrowth(*VM, []uint64) uint32 { return 0 }

// pthreadEqual is pthread_equal(a, b): 1 when both are the same number, else 0. C++ modules import it.
// Source: proxy-wasm-cpp-host src/exports.cc, pthread_equal.
func pthreadEqual(_ *VM, stack []uint64) uint32 { return flag(uint32(stack[0]) == uint32(stack[1])) }
