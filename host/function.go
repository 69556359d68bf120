package host

// kind says what a parameter of a host function (or of a guest's export) means. It fixes the wasm types of the
// parameter, which the link check needs, and how a trace shows it.
type kind uint8

const (
	kindI32       kind = iota // one i32, shown unsigned
	kindI64                   // one i64, shown signed
	kindPointer               // one i32, an address in linear memory that a trace leaves out
	kindBytes                 // two i32, address and length: bytes read by the host, shown quoted
	kindPairs                 // two i32, address and length: a serialized header map
	kindPath                  // two i32, address and length: segments separated by NUL
	kindOutBytes              // two i32, out pointers for an address and a length: bytes given to the guest
	kindOutPairs              // the same for a serialized header map
	kindOut32                 // one i32, out pointer for a u32
	kindOut64                 // one i32, out pointer for a u64
	kindBool                  // one i32
	kindLevel                 // one i32, LogLevel
	kindMap                   // one i32, MapType
	kindBuffer                // one i32, BufferType
	kindStream                // one i32, StreamType
	kindMetric                // one i32, MetricType
	kindSigned                // one i32, shown signed
	kindStatusOut             // one i32, out pointer for a u32 status
)

// words is the number of wasm parameters a kind stands for.
func (k kind) words() int {
	switch k {
	case kindBytes, kindPairs, kindPath, kindOutBytes, kindOutPairs:
		return 2
	}
	return 1
}

// valueType is the wasm type of each of the kind's parameters, as the binary format numbers it.
func (k kind) valueType() byte {
	if k == kindI64 {
		return wasmI64
	}
	return wasmI32
}

// Value types as the binary format numbers them; the same numbers as wazero's api.ValueType.
const (
	wasmI32 byte = 0x7f
	wasmI64 byte = 0x7e
)

// param is one parameter of a host function.
type param struct {
	name string
	kind kind
}

// result says what a function returns.
type result uint8

const (
	resultNone   result = iota // nothing
	resultStatus               // i32, a Status
	resultErrno                // i32, a WASI errno
	resultValue                // i32, a number
	resultAction               // i32, an Action (guest callbacks only)
	resultBool                 // i32, zero or not (guest callbacks only)
)

// abiSet is the set of ABI versions in which Envoy offers an import.
type abiSet uint8

const (
	in010 abiSet = 1 << iota
	in020
	in021
	inAll = in010 | in020 | in021
	in02x = in020 | in021
)

// phaseSet is the set of phases in which Envoy lets a module call an import; elsewhere the call traps.
type phaseSet uint8

const (
	whenRunning    phaseSet = 1 << iota // any callback
	whenStarting                        // _initialize, main, _start
	whenAllocating                      // malloc or proxy_on_memory_allocate called by the host
)

// function describes one import that the host offers.
type function struct {
	name   string
	params []param
	result result
	abi    abiSet   // only for module env
	phases phaseSet // always contains whenRunning

	// call does the work. The wasm parameters are in stack, one word each, in order; what it returns becomes the
	// result (none for resultNone). It neither keeps stack nor allocates on the Go heap on the hot path.
	// The guest is made to trap by vm.trap.
	call func(vm *VM, stack []uint64) uint32
}

// wasmParams are the wasm types of the parameters.
func (f *function) wasmParams() []byte {
	var types []byte
	for _, p := range f.params {
		for range p.kind.words() {
			types = append(types, p.kind.valueType())
		}
	}
	return types
}

// wasmResults are the wasm types of the results.
func (f *function) wasmResults() []byte {
	if f.result == resultNone {
		return nil
	}
	return []byte{wasmI32}
}
