package host

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/header-auth/header-auth/host/headermap"
)

func httpFunctions() []function {
	return []function{
		offer("proxy_http_call", inAll, proxyHTTPCall, param{"cluster", kindBytes}, param{"headers", kindPairs},
			param{"body", kindBytes}, param{"trailers", kindPairs}, param{"timeout_ms", kindI32},
			param{"token", kindOut32}),
		offer("proxy_get_status", inAll, proxyGetStatus, param{"code", kindOut32}, param{"message", kindOutBytes}),
	}
}

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
	limit := obey(&request, int(timeout))
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

// obey takes out what the router reads and does not send on, and returns the call's time-out in milliseconds, which one
// of these headers may set (Envoy, router.cc and retry_state_impl.cc). What the others ask for, such as a second try, is
// not done.
func obey(m *headermap.Map, timeout int) int {
	const prefix = "x-envoy-"
	forRouter := func(h Header) bool {
		if !strings.HasPrefix(h.Name, prefix) {
			return false
		}
		switch h.Name[len(prefix):] {
		case "upstream-rq-timeout-ms":
			if n, err := strconv.ParseUint(strings.TrimSpace(h.Value), 10, 31); err == nil {
				timeout = int(n)
			}
			return true
		case "hedge-on-per-try-timeout", "max-retries", "retriable-header-names", "retriable-status-codes", "retry-grpc-on",
			"retry-on", "upstream-alt-stat-name", "upstream-rq-per-try-timeout-ms", "upstream-rq-timeout-alt-response",
			"upstream-stream-duration-ms":
			return true
		}
		return false
	}
	m.Entries = slices.DeleteFunc(m.Entries, forRouter)
	return timeout
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
