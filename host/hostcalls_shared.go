package host

import (
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/process"
)

const sharedFull = "shared data and queues hold more than 128 MiB"

// proxyGetSharedData is proxy_get_shared_data(key, value, cas): the value goes into a new block of the guest, address
// and length to value (two u32), the number of its version to cas (u32). NotFound for a key that is not there;
// InvalidMemoryAccess when a range or an out word is outside memory, or when the allocator gives none.
// Source: proxy-wasm-cpp-host src/shared_data.cc, SharedData::get.
func proxyGetSharedData(vm *VM, stack []uint64) uint32 {
	key, valid := readRange(vm, stack)
	if !valid {
		return invalidMemoryAccess
	}
	item, found := vm.shared.Item(process.Key{VMID: vm.config.ID, Name: string(key)})
	if !found {
		return notFound
	}
	if status := vm.copyToGuest(item.Value, uint32(stack[2]), uint32(stack[3])); status != abi.StatusOk {
		return uint32(status)
	}
	if !vm.writeU32(uint32(stack[4]), item.CAS) {
		return invalidMemoryAccess
	}
	return ok
}

// proxySetSharedData is proxy_set_shared_data(key, value, cas): stores a copy of the value for all VMs of that VM id.
// CasMismatch when cas is neither 0 nor the version of the value that is there; InvalidMemoryAccess when key or value
// is outside memory.
// Source: proxy-wasm-cpp-host src/shared_data.cc, SharedData::set.
func proxySetSharedData(vm *VM, stack []uint64) uint32 {
	key, ok1 := readRange(vm, stack)
	value, ok2 := readRange(vm, stack[2:])
	if !ok1 || !ok2 {
		return invalidMemoryAccess
	}
	vm.chargeBytes(len(key) + len(value))
	status, full := vm.shared.Store(process.Key{VMID: vm.config.ID, Name: string(key)}, value, uint32(stack[4]))
	if full {
		vm.trap(sharedFull)
	}
	if status == abi.StatusOk {
		vm.told(EffectSharedData, key, value)
	}
	return uint32(status)
}

// proxyRegisterSharedQueue is proxy_register_shared_queue(name, queue): makes the plugin the owner of the queue, which
// is made if it is not there, and writes its number to queue (u32). The owner gets proxy_on_queue_ready for each item.
// InternalFailure in context 0; InvalidMemoryAccess when name or queue is outside memory.
// Source: proxy-wasm-cpp-host src/shared_queue.cc, SharedQueue::registerQueue.
func proxyRegisterSharedQueue(vm *VM, stack []uint64) uint32 {
	name, valid := readRange(vm, stack)
	if !valid {
		return invalidMemoryAccess
	}
	p := vm.actingContext().plugin
	if p == nil {
		return internalFailure
	}
	vm.chargeBytes(len(name))
	token, full := vm.shared.Register(process.Key{VMID: vm.config.ID, Name: string(name)}, func(token uint32) {
		vm.events.put(event{plugin: p, queue: token})
	})
	if full {
		vm.trap(sharedFull)
	}
	if !vm.writeU32(uint32(stack[2]), token) {
		return invalidMemoryAccess
	}
	return ok
}

// proxyResolveSharedQueue is proxy_resolve_shared_queue(vm_id, name, queue): the number of a queue goes to queue
// (u32); an empty vm_id is the VM's own. NotFound when there is none; InvalidMemoryAccess when a range or queue is
// outside memory.
// Source: proxy-wasm-cpp-host src/shared_queue.cc, SharedQueue::resolveQueue.
func proxyResolveSharedQueue(vm *VM, stack []uint64) uint32 {
	id, ok1 := readRange(vm, stack)
	name, ok2 := readRange(vm, stack[2:])
	if !ok1 || !ok2 {
		return invalidMemoryAccess
	}
	key := process.Key{VMID: string(id), Name: string(name)}
	if len(id) == 0 {
		key.VMID = vm.config.ID
	}
	token := vm.shared.Resolve(key)
	if token == 0 {
		return notFound
	}
	if !vm.writeU32(uint32(stack[4]), token) {
		return invalidMemoryAccess
	}
	return ok
}

// proxyEnqueueSharedQueue is proxy_enqueue_shared_queue(queue, item): appends a copy of the item. NotFound for a
// number of no queue; InvalidMemoryAccess when item is outside memory.
// Source: proxy-wasm-cpp-host src/shared_queue.cc, SharedQueue::enqueue.
func proxyEnqueueSharedQueue(vm *VM, stack []uint64) uint32 {
	item, valid := readRange(vm, stack[1:])
	if !valid {
		return invalidMemoryAccess
	}
	vm.chargeBytes(len(item) + process.ItemBytes)
	status, full := vm.shared.Enqueue(uint32(stack[0]), item)
	if full {
		vm.trap(sharedFull)
	}
	if status == abi.StatusOk && vm.config.Effect != nil {
		vm.told(EffectQueue, []byte(vm.shared.QueueName(uint32(stack[0]))), item)
	}
	return uint32(status)
}

// proxyDequeueSharedQueue is proxy_dequeue_shared_queue(queue, item): takes the first item out; it goes into a new
// block of the guest, address and length to item (two u32). NotFound for a number of no queue; Empty when it has no
// item; InvalidMemoryAccess when an out word is outside memory or the allocator gives none, and the item is lost.
// Source: proxy-wasm-cpp-host src/shared_queue.cc, SharedQueue::dequeue.
func proxyDequeueSharedQueue(vm *VM, stack []uint64) uint32 {
	item, status := vm.shared.Dequeue(uint32(stack[0]))
	if status != abi.StatusOk {
		return uint32(status)
	}
	return uint32(vm.copyToGuest(item, uint32(stack[1]), uint32(stack[2])))
}
