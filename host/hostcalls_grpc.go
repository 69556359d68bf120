package host

import (
	"fmt"
	"time"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
)

// proxyGrpcCall is proxy_grpc_call(upstream, service, method, metadata, message, timeout_ms, token): sends one message
// and expects one. upstream is a serialized GrpcService or, when it is none, the name of a cluster. The call's number
// goes to token (u32); the answer comes as proxy_on_grpc_receive or proxy_on_grpc_close of the root context. A time-out
// of 0 is none, and the number has no sign. ParseFailure for the name of an unknown cluster; InternalFailure, and a
// close with 14 when the callback has returned, for an unknown cluster in a GrpcService and for one without a healthy
// host; InternalFailure in context 0; InvalidMemoryAccess when a range is outside memory, and when token is, where the
// call is made all the same. token is written with Ok only. A GrpcService without a target kills Envoy, and many short
// names of clusters are one, such as "users".
// Source: Envoy source/extensions/common/wasm/context.cc, Context::grpcCall; source/common/grpc/async_client_impl.cc.
func proxyGrpcCall(vm *VM, stack []uint64) uint32 {
	message, valid := readRange(vm, stack[8:])
	if !valid {
		return invalidMemoryAccess
	}
	call, status := vm.newGrpc(stack)
	if status != ok {
		return status
	}
	vm.lastUnary += 4
	call.Token = vm.lastUnary | tokenUnary
	call.Messages, call.HalfEnded = [][]byte{append([]byte(nil), message...)}, true
	vm.chargeBytes(len(message))
	call.Timeout = time.Duration(uint32(stack[10])) * time.Millisecond
	if call.Timeout > 0 {
		call.due = vm.now().Add(call.Timeout)
	}
	return vm.startGrpc(call, uint32(stack[11]))
}

// proxyGrpcStream is proxy_grpc_stream(upstream, service, method, metadata, token): opens a stream on which
// proxy_grpc_send sends. Out word and statuses as of proxyGrpcCall; a stream to a cluster without a healthy host gets
// its two metadata callbacks inside the host call.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::grpcStream.
func proxyGrpcStream(vm *VM, stack []uint64) uint32 {
	call, status := vm.newGrpc(stack)
	if status != ok {
		return status
	}
	vm.lastGrpc += 4
	call.Token, call.Streaming = vm.lastGrpc|tokenStream, true
	return vm.startGrpc(call, uint32(stack[8]))
}

// newGrpc reads the parameters that calls and streams have in common.
func (vm *VM) newGrpc(stack []uint64) (*GrpcCall, uint32) {
	upstream, ok1 := readRange(vm, stack)
	service, ok2 := readRange(vm, stack[2:])
	method, ok3 := readRange(vm, stack[4:])
	metadata, ok4 := readRange(vm, stack[6:])
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return nil, invalidMemoryAccess
	}
	p := vm.actingContext().plugin
	if p == nil {
		return nil, internalFailure
	}
	vm.chargeBytes(len(upstream) + len(service) + len(method) + len(metadata))
	target, parsed := parseGrpcService(upstream)
	switch {
	case !parsed && vm.cluster(string(upstream)) == ClusterUnknown:
		return nil, uint32(abi.StatusParseFailure)
	case !parsed:
		target = grpcService{isEnvoy: true, set: true, cluster: string(upstream)}
	case !target.set:
		vm.crash(fmt.Sprintf("a gRPC call in %s with the upstream %q, which is a GrpcService without a "+
			"target: Envoy dies of SIGABRT",
			vm.running(), upstream))
	}
	own := vm.copyPairs(metadata, headermap.Plain)
	return &GrpcCall{Cluster: target.cluster, Target: target.target, Service: string(service), Method: string(method),
		Metadata: own.Entries, ContextID: vm.actingContext().id, google: !target.isEnvoy, plugin: p,
		generation: vm.generation}, ok
}

// startGrpc gives the call to the cluster and its token to the guest.
func (vm *VM) startGrpc(c *GrpcCall, out uint32) uint32 {
	if state := vm.cluster(c.Cluster); !c.google && state != ClusterReady {
		c.failToStart(state)
		return internalFailure
	}
	vm.grpc = append(vm.grpc, c)
	if vm.config.GrpcUpstream != nil {
		if events := vm.config.GrpcUpstream(c); len(events) > 0 {
			vm.events.put(event{grpc: c, grpcEvents: events})
		}
	}
	if !vm.writeU32(out, c.Token) {
		return invalidMemoryAccess
	}
	return ok
}

// The lowest two bits of a token say what it belongs to.
const (
	tokenUnary  = 1
	tokenStream = 2
)

// proxyGrpcSend is proxy_grpc_send(token, message, end_of_stream): sends a message on a stream; an end other than 0
// says that it is the last. A message behind the last one, or on a stream that the server has closed, is dropped.
// BadArgument for a token that is not of a stream; NotFound for a stream that is not open; InvalidMemoryAccess when
// message is outside memory.
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
	switch {
	case c == nil:
		return notFound
	case c.HalfEnded || c.Done || c.late:
		return ok
	case c.inTrailers:
		c.closeLate()
		return ok
	}
	vm.chargeBytes(len(message))
	c.Messages = append(c.Messages, append([]byte(nil), message...))
	if uint32(stack[3]) != 0 {
		c.halfEnd()
	}
	return ok
}

// proxyGrpcCancel is proxy_grpc_cancel(token): gives up a call or resets a stream; no callback follows. BadArgument
// for a token of neither; NotFound for one that is done.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::grpcCancel.
func proxyGrpcCancel(vm *VM, stack []uint64) uint32 {
	c, status := vm.grpcByToken(uint32(stack[0]))
	if status != ok {
		return status
	}
	c.Done, c.forgotten, c.Cancelled = true, true, true
	return ok
}

// proxyGrpcClose is proxy_grpc_close(token): gives up a call; ends the plugin's half of a stream, of which what the
// server sends is still delivered. A stream that both sides have closed is done. Statuses as of proxyGrpcCancel.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::grpcClose.
func proxyGrpcClose(vm *VM, stack []uint64) uint32 {
	c, status := vm.grpcByToken(uint32(stack[0]))
	switch {
	case status != ok:
		return status
	case c.inTrailers:
		c.localClosed = true
		c.closeLate()
	case !c.Streaming:
		c.Done, c.Cancelled = true, true
	default:
		if c.localClosed = true; !c.Done {
			c.halfEnd()
		}
	}
	c.forgotten = c.Done
	return ok
}

// grpcByToken is the call or stream of a token, and the status when there is none.
func (vm *VM) grpcByToken(token uint32) (*GrpcCall, uint32) {
	if token&3 != tokenUnary && token&3 != tokenStream {
		return nil, badArgument
	}
	c := vm.findGrpc(token)
	if c == nil {
		return nil, notFound
	}
	return c, ok
}
