package abi

// Result says what a function returns.
type Result uint8

const (
	ResultNone   Result = iota // nothing
	ResultStatus               // i32, a Status
	ResultErrno                // i32, a WASI errno
	ResultValue                // i32, a number
	ResultAction               // i32, an Action (guest callbacks only)
	ResultBool                 // i32, zero or not (guest callbacks only)
)
