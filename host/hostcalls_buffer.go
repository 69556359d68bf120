package host

import "github.com/header-auth/header-auth/host/abi"

// buffer is what the guest may read.
type buffer struct {
	fixed []byte
	at    *[]byte // in the place of fixed, what the guest may change too
}

func (b buffer) bytes() []byte {
	if b.at != nil {
		return *b.at
	}
	return b.fixed
}

// buffer is a buffer as the acting context may use it now, and the status when it cannot. Only HttpCallResponseBody and
// PluginConfiguration can be missing; the others are empty when there is nothing. CallData is the one that was used
// last, also by Envoy for the length of a body (Envoy, source/extensions/common/wasm/context.cc, Context::getBuffer).
func (vm *VM) buffer(t abi.BufferType) (buffer, uint32) {
	c := vm.actingContext()
	switch {
	case !t.Valid():
		return buffer{}, badArgument
	case t == abi.CallData:
		return c.lastBuffer, ok
	}
	b, found := c.findBuffer(vm, t)
	if !found {
		return b, notFound
	}
	c.lastBuffer = b
	return b, ok
}

// findBuffer is a buffer other than CallData; false when it is missing.
func (c *abiContext) findBuffer(vm *VM, t abi.BufferType) (b buffer, found bool) {
	p, s := c.plugin, c.stream
	switch t {
	case abi.RequestBody, abi.ResponseBody:
		if s != nil {
			b.at = s.direction(t == abi.ResponseBody).mutableBody()
		}
	case abi.HttpCallResponseBody:
		if p == nil || p.callAnswer == nil {
			return b, false
		}
		b.fixed = p.callAnswer.Body
	case abi.GrpcReceiveBuffer:
		if p != nil && p.grpcEvent != nil && p.grpcEvent.hasMessage {
			b.at = &p.grpcEvent.message
		}
	case abi.VMConfiguration:
		b.fixed = vm.config.Configuration
	case abi.PluginConfiguration:
		if p == nil || !p.configuring {
			return b, false
		}
		b.fixed = p.config.Configuration
	}
	return b, true
}

// proxyGetBufferBytes is proxy_get_buffer_bytes(buffer, start, max, bytes): at most max bytes from start on go into a
// new block of the guest, address and length to bytes (two u32). A start behind the end gives 0, 0 and Ok, and so does
// a body outside its callback; NotFound for the body of an HTTP call or the plugin configuration outside their
// callbacks; BadArgument for a buffer that does not exist; InvalidMemoryAccess when an out word is outside memory or
// the allocator gives none.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::getBuffer and Buffer::copyTo; proxy-wasm-cpp-host
// src/exports.cc, get_buffer_bytes.
func proxyGetBufferBytes(vm *VM, stack []uint64) uint32 {
	used, status := vm.buffer(abi.BufferType(stack[0]))
	if status != ok {
		return status
	}
	b := used.bytes()
	start, most := uint64(uint32(stack[1])), uint64(uint32(stack[2]))
	if start >= uint64(len(b)) {
		b = nil
	} else {
		b = b[start:min(start+most, uint64(len(b)))]
	}
	return uint32(vm.copyToGuest(b, uint32(stack[3]), uint32(stack[4])))
}

// proxyGetBufferStatus is proxy_get_buffer_status(buffer, length, flags): the length in bytes goes to length (u32) and
// 0 to flags (u32). NotFound and BadArgument as of proxyGetBufferBytes; InvalidMemoryAccess when an out word is
// outside memory.
// Source: proxy-wasm-cpp-host src/exports.cc, get_buffer_status; Envoy source/extensions/common/wasm/context.cc,
// Context::getBuffer.
func proxyGetBufferStatus(vm *VM, stack []uint64) uint32 {
	b, status := vm.buffer(abi.BufferType(stack[0]))
	if status != ok {
		return status
	}
	if !vm.writeU32(uint32(stack[1]), uint32(len(b.bytes()))) || !vm.writeU32(uint32(stack[2]), 0) {
		return invalidMemoryAccess
	}
	return ok
}

// proxySetBufferBytes is proxy_set_buffer_bytes(buffer, start, size, bytes): changes a body, or the message of a gRPC
// call, during its callback: start 0 replaces the first size bytes, all of them when size is at least the length, none
// when it is 0; a start at or behind the end appends. BadArgument for a start in between, for a buffer that does not
// exist, for one that cannot be changed, and outside the callback; NotFound as of proxyGetBufferBytes;
// InvalidMemoryAccess when bytes is outside memory.
// Source: Envoy source/extensions/common/wasm/context.cc, Buffer::copyFrom; proxy-wasm-cpp-host src/exports.cc,
// set_buffer_bytes.
func proxySetBufferBytes(vm *VM, stack []uint64) uint32 {
	b, status := vm.buffer(abi.BufferType(stack[0]))
	data, valid := vm.read(uint32(stack[3]), uint32(stack[4]))
	body := b.at
	switch {
	case status != ok:
		return status
	case !valid:
		return invalidMemoryAccess
	case body == nil:
		return badArgument
	}
	start, size := uint32(stack[1]), uint32(stack[2])
	old := *body
	vm.chargeBytes(len(data))
	switch {
	case start == 0:
		rest := old[min(uint64(size), uint64(len(old))):]
		if len(rest) == 0 {
			*body = append(old[:0], data...)
		} else {
			vm.chargeBytes(len(rest))
			*body = append(append(make([]byte, 0, len(data)+len(rest)), data...), rest...)
		}
	case uint64(start) >= uint64(len(old)):
		*body = append(old, data...)
	default:
		return badArgument
	}
	return ok
}

// proxyGetConfiguration is proxy_get_configuration(bytes): ABI 0.1.0's way to read the plugin's configuration while it
// is configured, else the VM's. It goes into a new block of the guest, address and length to bytes (two u32).
// InvalidMemoryAccess when an out word is outside memory or the allocator gives none.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::getConfiguration.
func proxyGetConfiguration(vm *VM, stack []uint64) uint32 {
	b := vm.config.Configuration
	if p := vm.actingContext().plugin; p != nil && p.configuring {
		b = p.config.Configuration
	}
	return uint32(vm.copyToGuest(b, uint32(stack[0]), uint32(stack[1])))
}
