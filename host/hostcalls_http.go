package host

import (
	"math"
	"time"

	"github.com/header-auth/header-auth/host/envoy"
	"github.com/header-auth/header-auth/host/headermap"
)

func proxyHTTPCall(vm *VM, stack []uint64) uint32 {
	cluster, ok1 := input(vm, stack)
	headers, ok2 := input(vm, stack[2:])
	body, ok3 := input(vm, stack[4:])
	trailers, ok4 := input(vm, stack[6:])
	out := uint32(stack[9])
	if !ok1 || !ok2 || !ok3 || !ok4 || !vm.writeU32(out, 0) {
		return invalidMemoryAccess
	}
	p := vm.acting().plugin
	if p == nil {
		return internalFailure
	}
	timeout := uint32(stack[8])
	state := vm.cluster(string(cluster))
	vm.charge(len(headers) + len(body) + len(trailers))
	request := vm.ownPairs(headers, headermap.Request)
	if timeout > math.MaxInt32 || state == ClusterUnknown || request.Index(":path") < 0 ||
		request.Index(":method") < 0 || request.Index(":authority") < 0 {
		return badArgument
	}
	vm.lastCall += 4
	if state == ClusterEmpty {
		return internalFailure
	}
	outgoing := vm.ownPairs(trailers, headermap.Trailers)
	call := &Call{Token: vm.lastCall, Cluster: request.Keep(cluster), Body: append([]byte(nil), body...),
		Trailers: outgoing.Entries, Timeout: time.Duration(timeout) * time.Millisecond,
		ContextID: vm.acting().id, plugin: p, generation: vm.generation}
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
		vm.inbox.put(event{call: call, answer: call.envoyAnswer(503, fault)})
	} else if vm.config.Upstream != nil {
		if a, now := vm.config.Upstream(call); now {
			vm.inbox.put(event{call: call, answer: a})
		}
	}
	vm.writeU32(out, call.Token)
	return ok
}

// cluster is what is known of an upstream cluster.
func (vm *VM) cluster(name string) ClusterState {
	if vm.config.Clusters == nil {
		return ClusterUnknown
	}
	return vm.config.Clusters(name)
}

// ownPairs parses a serialized header map into one that outlives the call.
func (vm *VM) ownPairs(b []byte, kind headermap.Kind) headermap.Map {
	vm.pairs = headermap.ParsePairs(vm.pairs, b)
	return headermap.FromPairs(vm.pairs, kind)
}

func proxyGetStatus(vm *VM, stack []uint64) uint32 {
	code, message := uint32(0), ""
	if p := vm.acting().plugin; p != nil {
		code, message = p.code, p.message
	}
	if !vm.writeU32(uint32(stack[0]), code) {
		return invalidMemoryAccess
	}
	return uint32(vm.giveString(message, uint32(stack[1]), uint32(stack[2])))
}
