package host

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
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
	request := vm.ownPairs(headers, requestMap)
	if timeout > math.MaxInt32 || state == ClusterUnknown || request.index(":path") < 0 ||
		request.index(":method") < 0 || request.index(":authority") < 0 {
		return badArgument
	}
	vm.lastCall += 4
	if state == ClusterEmpty {
		return internalFailure
	}
	outgoing := vm.ownPairs(trailers, trailerMap)
	call := &Call{Token: vm.lastCall, Cluster: request.keep(cluster), Body: append([]byte(nil), body...),
		Trailers: outgoing.entries, Timeout: time.Duration(timeout) * time.Millisecond,
		ContextID: vm.acting().id, plugin: p, generation: vm.generation}
	if len(body) > 0 {
		request.set("content-length", request.decimal(len(body)))
	}
	limit := request.obey(int(timeout))
	fault := request.fault()
	request.set("x-envoy-internal", "true")
	if limit > 0 {
		request.set("x-envoy-expected-rq-timeout-ms", request.decimal(limit))
		call.due = vm.now().Add(time.Duration(limit) * time.Millisecond)
	}
	call.Headers = request.entries
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

// ownPairs parses a serialized header map into one that outlives the call, with room for what Envoy adds to it.
func (vm *VM) ownPairs(b []byte, kind mapKind) headerMap {
	const moreEntries, moreBytes = 3, 64
	m := headerMap{kind: kind}
	if vm.pairs = parsePairs(vm.pairs, b); len(vm.pairs) == 0 {
		return m
	}
	m.entries = make([]Header, 0, len(vm.pairs)+moreEntries)
	m.arena = make([]byte, 0, min(len(b)+moreBytes, arenaBytes))
	for _, p := range vm.pairs {
		m.add(m.keepName(p.name), m.keep(p.value))
	}
	return m
}

// obey takes out what the router reads and does not send on, and returns the call's time-out in milliseconds, which one
// of these headers may set (Envoy, router.cc and retry_state_impl.cc). What the others ask for, such as a second try, is
// not done.
func (m *headerMap) obey(timeout int) int {
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
	m.entries = slices.DeleteFunc(m.entries, forRouter)
	return timeout
}

// fault is the first thing in the map that cannot be sent, as Envoy says it; empty when all can.
func (m *headerMap) fault() string {
	for _, e := range m.entries {
		if !validValue(e.Value) {
			return "invalid header value for: " + e.Name
		}
		if e.Name != "" && !validName(e.Name) {
			return "invalid header name: " + e.Name
		}
	}
	return ""
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
