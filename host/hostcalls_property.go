package host

import (
	"bytes"

	"github.com/header-auth/header-auth/host/abi"
)

// pathBytes is the longest path that is looked up; no property has a longer one.
const pathBytes = 1 << 20

// proxyGetProperty is proxy_get_property(path, value): path has segments with NULs between them, such as request NUL
// path. The value, serialized as property.Serialize says, goes into a new block of the guest, address and length to
// value (two u32). Without a stream there are the plugin's own names and xds.node. NotFound for a value that is not
// there; SerializationFailure for an empty path, for an object as a whole and for what contains a null;
// InvalidMemoryAccess when a range or an out word is outside memory, or when the allocator gives none. Source: Envoy
// source/extensions/common/wasm/context.cc, Context::getProperty and findValue.
func proxyGetProperty(vm *VM, stack []uint64) uint32 {
	path, valid := readRange(vm, stack)
	if !valid {
		return invalidMemoryAccess
	}
	if len(path) > pathBytes {
		return notFound
	}
	value, status := vm.property(vm.actingContext(), string(path))
	if status != abi.StatusOk {
		return uint32(status)
	}
	return uint32(vm.copyToGuest(value, uint32(stack[2]), uint32(stack[3])))
}

// proxySetProperty is proxy_set_property(path, value): keeps a copy of the value for the rest of the exchange, under
// the path as it is with its NULs, so that only a path of one segment can be read back. Values that Envoy itself has
// go first when it is read. BadArgument for one that was declared to be set
// once, by the foreign function declare_property; NotFound without a stream; InvalidMemoryAccess when path or value is
// outside memory. Source: Envoy source/extensions/common/wasm/context.cc, Context::setProperty.
func proxySetProperty(vm *VM, stack []uint64) uint32 {
	path, ok1 := readRange(vm, stack)
	value, ok2 := readRange(vm, stack[2:])
	if !ok1 || !ok2 {
		return invalidMemoryAccess
	}
	s := vm.actingContext().stream
	if s == nil {
		return notFound
	}
	vm.chargeBytes(len(path) + len(value))
	if !s.setOwnProperty(string(path), append([]byte(nil), value...)) {
		return badArgument
	}
	vm.told(EffectProperty, bytes.ReplaceAll(bytes.TrimSuffix(path, []byte{0}), []byte{0}, []byte(".")), value)
	return ok
}
