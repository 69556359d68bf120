package host

// proxyCallForeignFunction is proxy_call_foreign_function(name, arguments, results): of the functions of Envoy,
// clear_route_cache is there (from Envoy 1.33 on), which gives no result: 0 and 0 go to results (two u32, each left
// out when its address is 0). NotFound for other names; InvalidMemoryAccess when a range or an out word is outside
// memory.
// Source: proxy-wasm-cpp-host src/exports.cc, call_foreign_function; Envoy source/extensions/common/wasm/foreign.cc.
func proxyCallForeignFunction(vm *VM, stack []uint64) uint32 {
	name, ok1 := readRange(vm, stack)
	if _, ok2 := readRange(vm, stack[2:]); !ok1 || !ok2 {
		return invalidMemoryAccess
	}
	if string(name) != "clear_route_cache" || !vm.module.options.Profile.Rules().ClearRouteCache {
		return notFound
	}
	// Out pointers may be 0 here: the result is dropped then.
	if ptr, n := uint32(stack[4]), uint32(stack[5]); ptr != 0 && !vm.writeU32(ptr, 0) || n != 0 && !vm.writeU32(n, 0) {
		return invalidMemoryAccess
	}
	return ok
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
