package abi

import "github.com/header-auth/header-auth/host/wasmfile"

// Kind says what a parameter of a host function, or of a guest's export, means. The types of the wasm parameters follow
// from it, and how a trace shows the argument.
type Kind uint8

const (
	KindI32      Kind = iota // one i32, shown unsigned
	KindI64                  // one i64, shown signed
	KindPointer              // one i32, an address in linear memory that a trace does not show
	KindBytes                // two i32, address and length: bytes read by the host, shown quoted
	KindPairs                // two i32, address and length: a serialized header map
	KindPath                 // two i32, address and length: segments separated by NUL
	KindOutBytes             // two i32, out pointers for an address and a length: bytes given to the guest
	KindOutPairs             // the same for a serialized header map
	KindOut32                // one i32, out pointer for a u32
	KindOut64                // one i32, out pointer for a u64
	KindBool                 // one i32
	KindLevel                // one i32, LogLevel
	KindMap                  // one i32, MapType
	KindBuffer               // one i32, BufferType
	KindStream               // one i32, StreamType
	KindMetric               // one i32, MetricType
	KindSigned               // one i32, shown signed
)

// Words is the number of wasm parameters a kind stands for.
func (k Kind) Words() int {
	switch k {
	case KindBytes, KindPairs, KindPath, KindOutBytes, KindOutPairs:
		return 2
	}
	return 1
}

// Out says whether the host function writes to the address, or addresses, that the argument is.
func (k Kind) Out() bool {
	switch k {
	case KindOutBytes, KindOutPairs, KindOut32, KindOut64:
		return true
	}
	return false
}

// ValType is the wasm type of each of the kind's parameters.
func (k Kind) ValType() wasmfile.ValType {
	if k == KindI64 {
		return wasmfile.I64
	}
	return wasmfile.I32
}

// Param is one parameter of a host function or callback.
type Param struct {
	Name string
	Kind Kind
}
