package host

import "github.com/header-auth/header-auth/host/abi"

// pathBytes is the longest path that is looked up; no property has a longer one.
const pathBytes = 1 << 20

func proxyGetProperty(vm *VM, stack []uint64) uint32 {
	path, valid := input(vm, stack)
	if !valid {
		return invalidMemoryAccess
	}
	if len(path) > pathBytes {
		return notFound
	}
	value, status := vm.property(vm.acting(), string(path))
	if status != abi.StatusOk {
		return uint32(status)
	}
	return uint32(vm.give(value, uint32(stack[2]), uint32(stack[3])))
}

// proxySetProperty keeps a value for the rest of the exchange under the path as it is, NULs and all, so that only a
// path of one segment can be read back. What Envoy knows itself goes first when it is read.
func proxySetProperty(vm *VM, stack []uint64) uint32 {
	path, ok1 := input(vm, stack)
	value, ok2 := input(vm, stack[2:])
	if !ok1 || !ok2 {
		return invalidMemoryAccess
	}
	s := vm.acting().stream
	if s == nil {
		return notFound
	}
	vm.charge(len(path) + len(value))
	if s.state == nil {
		s.state = map[string][]byte{}
	}
	s.state[string(path)] = append([]byte(nil), value...)
	return ok
}
