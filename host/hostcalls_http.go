package host

import (
	"math"
	"time"

	"github.com/header-auth/header-auth/host/envoy"
	"github.com/header-auth/header-auth/host/headermap"
)

// proxyHTTPCall is proxy_http_call(cluster, headers, body, trailers, timeout_ms, token): sends a request to a cluster;
// its number goes to token (u32), and the answer comes as proxy_on_http_call_response of the root context. 0 is no
// time-out. BadArgument for an unknown cluster, a time-out below 0, and headers without :method, :path or :authority
// (host will do); InternalFailure for a cluster without a healthy host, and in context 0; InvalidMemoryAccess when a
// range or an out word is outside memory, token being written with 0 first.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::httpCall; proxy-wasm-cpp-host src/exports.cc,
// http_call.
func proxyHTTPCall(vm *VM, stack []uint64) uint32 {
	cluster, ok1 := readRange(vm, stack)
	headers, ok2 := readRange(vm, stack[2:])
	body, ok3 := readRange(vm, stack[4:])
	trailers, ok4 := readRange(vm, stack[6:])
	out := uint32(stack[9])
	if !ok1 || !ok2 || !ok3 || !ok4 || !vm.writeU32(out, 0) {
		return invalidMemoryAccess
	}
	p := vm.actingContext().plugin
	if p == nil {
		return internalFailure
	}
	timeout := uint32(stack[8])
	state := vm.cluster(string(cluster))
	vm.chargeBytes(len(headers) + len(body) + len(trailers))
	request := vm.copyPairs(headers, headermap.Request)
	if timeout > math.MaxInt32 || state == ClusterUnknown || request.Index(":path") < 0 ||
		request.Index(":method") < 0 || request.Index(":authority") < 0 {
		return badArgument
	}
	vm.lastCall += 4
	if state == ClusterEmpty {
		return internalFailure
	}
	outgoing := vm.copyPairs(trailers, headermap.RequestTrailers)
	call := &Call{Token: vm.lastCall, Cluster: request.Keep(cluster), Body: append([]byte(nil), body...),
		Trailers: outgoing.Entries, Timeout: time.Duration(timeout) * time.Millisecond,
		ContextID: vm.actingContext().id, plugin: p, generation: vm.generation, made: vm.now()}
	if len(body) > 0 {
		request.Set("content-length", request.Decimal(len(body)))
	}
	limit := envoy.TakeRouterHeaders(&request, int(timeout))
	fault := request.Fault()
	request.Set("x-envoy-internal", "true")
	if limit > 0 {
		request.Set("x-envoy-expected-rq-timeout-ms", request.Decimal(limit))
		call.due = vm.now().Add(time.Duration(limit) * time.Millisecond)
	}
	call.Headers = request.Entries
	vm.calls = append(vm.calls, call)
	if fault != "" {
		vm.events.put(event{call: call, answer: call.envoyAnswer(503, fault)})
	} else if vm.config.Upstream != nil {
		if a, now := vm.config.Upstream(call); now {
			vm.events.put(event{call: call, answer: a})
		}
	}
	vm.writeU32(out, call.Token)
	return ok
}

// cluster is what VMConfig.Clusters knows of an upstream cluster.
func (vm *VM) cluster(name string) ClusterState {
	if vm.config.Clusters == nil {
		return ClusterUnknown
	}
	return vm.config.Clusters(name)
}

// copyPairs parses a serialized header map into a map with strings of its own, which stays when the call returns.
func (vm *VM) copyPairs(b []byte, kind headermap.Kind) headermap.Map {
	vm.pairs = headermap.ParsePairs(vm.pairs, b)
	return headermap.FromPairs(vm.pairs, kind)
}

// proxyGetStatus is proxy_get_status(code, message): the status of the last gRPC call that was closed, or 11 after an
// HTTP call that broke off, goes to code (u32); its message, during that callback only, into a new block of the guest,
// address and length to message (two u32). InvalidMemoryAccess when an out word is outside memory or the allocator
// gives none.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::getStatus; proxy-wasm-cpp-host src/exports.cc,
// get_status.
func proxyGetStatus(vm *VM, stack []uint64) uint32 {
	code, message := uint32(0), ""
	if p := vm.actingContext().plugin; p != nil {
		code, message = p.statusCode, p.statusMessage
	}
	if !vm.writeU32(uint32(stack[0]), code) {
		return invalidMemoryAccess
	}
	return uint32(vm.copyStringToGuest(message, uint32(stack[1]), uint32(stack[2])))
}
