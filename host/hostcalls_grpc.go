package host

import (
	"math"
	"time"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
)

// proxyGrpcCall is proxy_grpc_call(upstream, service, method, metadata, message, timeout_ms, token): sends one message
// and expects one; upstream is a serialized GrpcService, or here the name of a cluster. Its number goes to token
// (u32), the answer comes as proxy_on_grpc_receive or proxy_on_grpc_close of the root context. ParseFailure for an
// unknown cluster; BadArgument for a time-out below 0; InternalFailure for a cluster without a healthy host, and in
// context 0; InvalidMemoryAccess when a range or an out word is outside memory.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::grpcCall.
func proxyGrpcCall(vm *VM, stack []uint64) uint32 {
	message, valid := readRange(vm, stack[8:])
	if !valid {
		return invalidMemoryAccess
	}
	timeout := uint32(stack[10])
	call, status := vm.newGrpc(stack, uint32(stack[11]))
	if status != ok {
		return status
	}
	if timeout > math.MaxInt32 {
		return badArgument
	}
	vm.lastUnary += 4
	call.Token = vm.lastUnary + 1
	call.Timeout = time.Duration(timeout) * time.Millisecond
	call.Messages, call.HalfEnded = [][]byte{append([]byte(nil), message...)}, true
	vm.chargeBytes(len(message))
	return vm.startGrpc(call, uint32(stack[11]))
}

// proxyGrpcStream is proxy_grpc_stream(upstream, service, method, metadata, token): opens a stream on which
// proxy_grpc_send sends. Out word and statuses as of proxyGrpcCall.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::grpcStream.
func proxyGrpcStream(vm *VM, stack []uint64) uint32 {
	call, status := vm.newGrpc(stack, uint32(stack[8]))
	if status != ok {
		return status
	}
	vm.lastGrpc += 4
	call.Token, call.Streaming = vm.lastGrpc+2, true
	return vm.startGrpc(call, uint32(stack[8]))
}

// newGrpc reads the parameters that calls and streams have in common.
func (vm *VM) newGrpc(stack []uint64, out uint32) (*GrpcCall, uint32) {
	upstream, ok1 := readRange(vm, stack)
	service, ok2 := readRange(vm, stack[2:])
	method, ok3 := readRange(vm, stack[4:])
	metadata, ok4 := readRange(vm, stack[6:])
	if !ok1 || !ok2 || !ok3 || !ok4 || !vm.writeU32(out, 0) {
		return nil, invalidMemoryAccess
	}
	p := vm.actingContext().plugin
	if p == nil {
		return nil, internalFailure
	}
	vm.chargeBytes(len(upstream) + len(service) + len(method) + len(metadata))
	cluster := grpcCluster(upstream)
	if vm.cluster(cluster) == ClusterUnknown {
		return nil, uint32(abi.StatusParseFailure)
	}
	own := vm.copyPairs(metadata, headermap.Plain)
	return &GrpcCall{Cluster: cluster, Service: string(service), Method: string(method), Metadata: own.Entries,
		ContextID: vm.actingContext().id, plugin: p, generation: vm.generation}, ok
}

// startGrpc gives the call to the cluster and its token to the guest.
func (vm *VM) startGrpc(c *GrpcCall, out uint32) uint32 {
	if vm.cluster(c.Cluster) == ClusterEmpty {
		return internalFailure
	}
	vm.grpc = append(vm.grpc, c)
	vm.writeU32(out, c.Token)
	return ok
}

// grpcCluster finds the cluster's name in a serialized envoy.config.core.v3.GrpcService: field 1 (envoy_grpc), in it
// field 1 (cluster_name). Anything else is a name itself.
func grpcCluster(b []byte) string {
	if inner, ok := protobufField1(b); ok {
		if name, ok := protobufField1(inner); ok {
			return string(name)
		}
	}
	return string(b)
}

// protobufField1 is the first field of a message when that is field 1, with a length below 128.
func protobufField1(b []byte) ([]byte, bool) {
	if len(b) < 2 || b[0] != 1<<3|2 || b[1] >= 0x80 || int(b[1]) > len(b)-2 {
		return nil, false
	}
	return b[2 : 2+b[1]], true
}

// The lowest two bits of a token say what it belongs to.
const (
	tokenUnary  = 1
	tokenStream = 2
)

// proxyGrpcSend is proxy_grpc_send(token, message, end_of_stream): sends a message on a stream; an end other than 0
// says that it is the last. BadArgument for a token that is not of a stream; NotFound for a stream that is not open;
// InvalidMemoryAccess when message is outside memory.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::grpcSend.
func proxyGrpcSend(vm *VM, stack []uint64) uint32 {
	message, valid := readRange(vm, stack[1:])
	token := uint32(stack[0])
	switch {
	case !valid:
		return invalidMemoryAccess
	case token&3 != tokenStream:
		return badArgument
	}
	c := vm.findGrpc(token)
	if c == nil {
		return notFound
	}
	vm.chargeBytes(len(message))
	c.Messages = append(c.Messages, append([]byte(nil), message...))
	c.HalfEnded = c.HalfEnded || uint32(stack[3]) != 0
	return ok
}

// proxyGrpcCancel is proxy_grpc_cancel(token): gives up a call or resets a stream; no callback follows. BadArgument
// for a token of neither; NotFound for one that is done.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::grpcCancel.
func proxyGrpcCancel(vm *VM, stack []uint64) uint32 { return vm.endGrpc(uint32(stack[0])) }

// proxyGrpcClose is proxy_grpc_close(token): here the same as proxy_grpc_cancel. Envoy closes one half of a stream and
// goes on delivering what comes.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::grpcClose.
func proxyGrpcClose(vm *VM, stack []uint64) uint32 { return vm.endGrpc(uint32(stack[0])) }

// endGrpc cancels a call, or closes or resets a stream.
func (vm *VM) endGrpc(token uint32) uint32 {
	if token&3 != tokenUnary && token&3 != tokenStream {
		return badArgument
	}
	c := vm.findGrpc(token)
	if c == nil {
		return notFound
	}
	c.Done = true
	return ok
}
