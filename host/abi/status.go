package abi

// Status is what a host function returns (proxy-wasm-cpp-host, WasmResult). The numbers are those of Envoy and of the
// SDKs; the ABI's text does not have 5, 9 and 11.
type Status uint32

const (
	StatusOk Status = iota
	StatusNotFound
	StatusBadArgument
	StatusSerializationFailure
	StatusParseFailure
	StatusBadExpression
	StatusInvalidMemoryAccess
	StatusEmpty
	StatusCasMismatch
	StatusResultMismatch
	StatusInternalFailure
	StatusBrokenConnection
	StatusUnimplemented
)

func (s Status) String() string {
	return NameOf(uint32(s), "Ok", "NotFound", "BadArgument", "SerializationFailure", "ParseFailure", "BadExpression",
		"InvalidMemoryAccess", "Empty", "CasMismatch", "ResultMismatch", "InternalFailure", "BrokenConnection",
		"Unimplemented")
}
