package abi

// Status is what a host function returns. The numbers are those of Envoy and of the SDKs; the ABI's text leaves 5, 9
// and 11 out.
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
