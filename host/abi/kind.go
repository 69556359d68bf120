package abi

import "github.com/header-auth/header-auth/host/wasmfile"

// Kind says what a parameter of a host function (or of a guest's export) means. It fixes the wasm types of the
// parameter, which the link check needs, and how a trace shows it.
type Kind uint8

const (
	KindI32      Kind = iota // one i32, shown unsigned
	KindI64                  // one i64, shown signed
	KindPointer              // one i32, an address in linear memory that a trace leaves out
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

// ValType is the wasm type of each of the kind's parameters.
func (k Kind) ValType() wasmfile.ValType {
	if k == KindI64 {
		return wasmfile.I64
	}
	return wasmfile.I32
}

// Param is one parameter of a host function.
type Param struct {
	Name string
	Kind Kind
}
