package host

// proxyCallForeignFunction knows one of Envoy's functions, the one that needs nothing but a stream.
func proxyCallForeignFunction(vm *VM, stack []uint64) uint32 {
	name, ok1 := input(vm, stack)
	if _, ok2 := input(vm, stack[2:]); !ok1 || !ok2 {
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

// envoyResolveDNS finds no resolver.
func envoyResolveDNS(vm *VM, stack []uint64) uint32 {
	if _, valid := input(vm, stack); !valid || !vm.writeU32(uint32(stack[2]), 0) {
		return invalidMemoryAccess
	}
	return internalFailure
}

func emscriptenNotifyMemoryGrowth(*VM, []uint64) uint32 { return 0 }

func pthreadEqual(_ *VM, stack []uint64) uint32 { return flag(uint32(stack[0]) == uint32(stack[1])) }
