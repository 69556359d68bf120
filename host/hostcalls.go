package host

import "math"

// everywhere is the phases of a function that start functions may call too; most may be called from callbacks only.
const (
	callbacksOnly = whenRunning
	duringStart   = whenRunning | whenStarting
	everywhere    = whenRunning | whenStarting | whenAllocating
)

// envFunctions are what Envoy offers in the module env, in any ABI version (proxy-wasm-cpp-host, registerCallbacks).
func envFunctions(p Profile) []function {
	var all []function
	for _, family := range [][]function{logFunctions(), headerFunctions(), bufferFunctions(), streamFunctions(),
		httpFunctions(), grpcFunctions(), metricFunctions(), sharedFunctions(), propertyFunctions(), timeFunctions(),
		foreignFunctions(p)} {
		all = append(all, family...)
	}
	return all
}

// offer describes a function that returns a Status and may be called from callbacks.
func offer(name string, abi abiSet, call func(*VM, []uint64) uint32, params ...param) function {
	return function{name: name, params: params, result: resultStatus, abi: abi, phases: callbacksOnly, call: call}
}

// Statuses as host functions return them.
const (
	ok                  = uint32(StatusOk)
	notFound            = uint32(StatusNotFound)
	badArgument         = uint32(StatusBadArgument)
	invalidMemoryAccess = uint32(StatusInvalidMemoryAccess)
	internalFailure     = uint32(StatusInternalFailure)
)

// input reads the bytes of a ptr, len pair.
func input(vm *VM, stack []uint64) ([]byte, bool) { return vm.read(uint32(stack[0]), uint32(stack[1])) }

// hostBytes is how much a guest may make the host copy and keep in one callback. Envoy has no such limit: it would run
// out of memory.
const hostBytes = 64 << 20

// charge counts n bytes, and what surrounds them, against hostBytes.
func (vm *VM) charge(n int) {
	vm.charged += n + 64
	if vm.charged > hostBytes {
		vm.charged = math.MinInt32
		vm.trap("the guest makes the host keep more than 64 MiB in one callback")
	}
}
