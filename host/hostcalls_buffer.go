package host

import "github.com/header-auth/header-auth/host/abi"

// bufferOf is a buffer as the acting context may read it now. Only two types can be missing; the others are empty when
// there is nothing.
func (vm *VM) bufferOf(t abi.BufferType) ([]byte, uint32) {
	scope := vm.acting()
	p, s := scope.plugin, scope.stream
	switch t {
	case abi.RequestBody:
		return s.body(false), ok
	case abi.ResponseBody:
		return s.body(true), ok
	case abi.HttpCallResponseBody:
		if p == nil || p.reply == nil {
			return nil, notFound
		}
		return p.reply.Body, ok
	case abi.GrpcReceiveBuffer:
		if p == nil || p.grpc == nil {
			return nil, ok
		}
		return p.grpc.message, ok
	case abi.VMConfiguration:
		return vm.config.Configuration, ok
	case abi.PluginConfiguration:
		if p == nil || !p.configuring {
			return nil, notFound
		}
		return p.config.Configuration, ok
	}
	if !t.Valid() {
		return nil, badArgument
	}
	return nil, ok
}

func (s *Stream) body(response bool) []byte {
	if s == nil {
		return nil
	}
	d := &s.request
	if response {
		d = &s.response
	}
	if d.body == nil {
		return nil
	}
	return *d.body
}

func proxyGetBufferBytes(vm *VM, stack []uint64) uint32 {
	b, status := vm.bufferOf(abi.BufferType(stack[0]))
	if status != ok {
		return status
	}
	start, most := uint64(uint32(stack[1])), uint64(uint32(stack[2]))
	if start >= uint64(len(b)) {
		b = nil
	} else {
		b = b[start:min(start+most, uint64(len(b)))]
	}
	return uint32(vm.give(b, uint32(stack[3]), uint32(stack[4])))
}

func proxyGetBufferStatus(vm *VM, stack []uint64) uint32 {
	b, status := vm.bufferOf(abi.BufferType(stack[0]))
	if status != ok {
		return status
	}
	if !vm.writeU32(uint32(stack[1]), uint32(len(b))) || !vm.writeU32(uint32(stack[2]), 0) {
		return invalidMemoryAccess
	}
	return ok
}

func proxySetBufferBytes(vm *VM, stack []uint64) uint32 {
	t := abi.BufferType(stack[0])
	if !t.Valid() {
		return badArgument
	}
	data, valid := vm.read(uint32(stack[3]), uint32(stack[4]))
	if _, status := vm.bufferOf(t); status != ok {
		return status
	}
	if !valid {
		return invalidMemoryAccess
	}
	s := vm.acting().stream
	if s == nil || t > abi.ResponseBody {
		return badArgument
	}
	d := &s.request
	if t == abi.ResponseBody {
		d = &s.response
	}
	if d.body == nil {
		return badArgument
	}
	start, size := uint32(stack[1]), uint32(stack[2])
	old := *d.body
	vm.charge(len(data))
	switch {
	case start == 0:
		rest := old[min(uint64(size), uint64(len(old))):]
		if len(rest) == 0 {
			*d.body = append(old[:0], data...)
		} else {
			vm.charge(len(rest))
			*d.body = append(append(make([]byte, 0, len(data)+len(rest)), data...), rest...)
		}
	case uint64(start) >= uint64(len(old)):
		*d.body = append(old, data...)
	default:
		return badArgument
	}
	return ok
}

// proxyGetConfiguration is ABI 0.1.0's: the plugin's configuration while it is configured, else the VM's.
func proxyGetConfiguration(vm *VM, stack []uint64) uint32 {
	b := vm.config.Configuration
	if p := vm.acting().plugin; p != nil && p.configuring {
		b = p.config.Configuration
	}
	return uint32(vm.give(b, uint32(stack[0]), uint32(stack[1])))
}
