package host

import "github.com/header-auth/header-auth/host/abi"

const sharedFull = "shared data and queues hold more than 128 MiB"

func proxyGetSharedData(vm *VM, stack []uint64) uint32 {
	key, valid := input(vm, stack)
	if !valid {
		return invalidMemoryAccess
	}
	vm.shared.mu.Lock()
	item, found := vm.shared.data[sharedKey{vm.config.ID, string(key)}]
	vm.shared.mu.Unlock()
	if !found {
		return notFound
	}
	// The value is replaced as a whole, never changed, so it may be read without the lock.
	if status := vm.give(item.value, uint32(stack[2]), uint32(stack[3])); status != abi.StatusOk {
		return uint32(status)
	}
	if !vm.writeU32(uint32(stack[4]), item.cas) {
		return invalidMemoryAccess
	}
	return ok
}

func proxySetSharedData(vm *VM, stack []uint64) uint32 {
	key, ok1 := input(vm, stack)
	value, ok2 := input(vm, stack[2:])
	if !ok1 || !ok2 {
		return invalidMemoryAccess
	}
	vm.charge(len(key) + len(value))
	status, full := vm.shared.set(sharedKey{vm.config.ID, string(key)}, value, uint32(stack[4]))
	if full {
		vm.trap(sharedFull)
	}
	return uint32(status)
}

func proxyRegisterSharedQueue(vm *VM, stack []uint64) uint32 {
	name, valid := input(vm, stack)
	if !valid {
		return invalidMemoryAccess
	}
	p := vm.acting().plugin
	if p == nil {
		return internalFailure
	}
	vm.charge(len(name))
	if !vm.writeU32(uint32(stack[2]), vm.shared.register(sharedKey{vm.config.ID, string(name)}, p)) {
		return invalidMemoryAccess
	}
	return ok
}

func proxyResolveSharedQueue(vm *VM, stack []uint64) uint32 {
	id, ok1 := input(vm, stack)
	name, ok2 := input(vm, stack[2:])
	if !ok1 || !ok2 {
		return invalidMemoryAccess
	}
	key := sharedKey{string(id), string(name)}
	if len(id) == 0 {
		key.vm = vm.config.ID
	}
	token := vm.shared.resolve(key)
	if token == 0 {
		return notFound
	}
	if !vm.writeU32(uint32(stack[4]), token) {
		return invalidMemoryAccess
	}
	return ok
}

func proxyEnqueueSharedQueue(vm *VM, stack []uint64) uint32 {
	item, valid := input(vm, stack[1:])
	if !valid {
		return invalidMemoryAccess
	}
	vm.charge(len(item))
	status, full := vm.shared.enqueue(uint32(stack[0]), item)
	if full {
		vm.trap(sharedFull)
	}
	return uint32(status)
}

func proxyDequeueSharedQueue(vm *VM, stack []uint64) uint32 {
	item, status := vm.shared.dequeue(uint32(stack[0]))
	if status != abi.StatusOk {
		return uint32(status)
	}
	return uint32(vm.give(item, uint32(stack[1]), uint32(stack[2])))
}
