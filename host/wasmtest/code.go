package wasmtest

import "slices"

// Code is a piece of a function's instructions.
type Code = []byte

// Instructions without operands.
var (
	Unreachable = Code{0x00}
	Else        = Code{0x05}
	End         = Code{0x0b}
	Return      = Code{0x0f}
	Drop        = Code{0x1a}
	Eqz         = Code{0x45}
	Eq          = Code{0x46}
	Ne          = Code{0x47}
	LtU         = Code{0x49}
	GtU         = Code{0x4b}
	GeU         = Code{0x4f}
	Add         = Code{0x6a}
	Sub         = Code{0x6b}
	Mul         = Code{0x6c}
	And         = Code{0x71}
	Or          = Code{0x72}
	Block       = Code{0x02, 0x40} // without a result
	Loop        = Code{0x03, 0x40}
	If          = Code{0x04, 0x40}
	MemorySize  = Code{0x3f, 0}
	MemoryGrow  = Code{0x40, 0}
)

// I32 pushes a number, modulo 2^32.
func I32(n int) Code { return append(Code{0x41}, sleb(int64(int32(uint32(n))))...) }

// I64 pushes a number.
func I64(n int64) Code { return append(Code{0x42}, sleb(n)...) }

// Get pushes a parameter or local, Set pops one, Tee sets one to what stays on the stack.
func Get(local int) Code { return append(Code{0x20}, leb(uint64(local))...) }
func Set(local int) Code { return append(Code{0x21}, leb(uint64(local))...) }
func Tee(local int) Code { return append(Code{0x22}, leb(uint64(local))...) }

// GetGlobal pushes a global, SetGlobal pops one.
func GetGlobal(index uint32) Code { return append(Code{0x23}, leb(uint64(index))...) }
func SetGlobal(index uint32) Code { return append(Code{0x24}, leb(uint64(index))...) }

// Call calls a function.
func Call(function uint32) Code { return append(Code{0x10}, leb(uint64(function))...) }

// Br and BrIf leave the block that many levels out, or begin the loop there again.
func Br(depth int) Code   { return append(Code{0x0c}, leb(uint64(depth))...) }
func BrIf(depth int) Code { return append(Code{0x0d}, leb(uint64(depth))...) }

// Load pushes the i32 at the address on the stack plus at; Load8 a byte.
func Load(at uint32) Code  { return append(Code{0x28, 0}, leb(uint64(at))...) }
func Load8(at uint32) Code { return append(Code{0x2d, 0}, leb(uint64(at))...) }

// Store pops an i32 and puts it at the address below it plus at.
func Store(at uint32) Code { return append(Code{0x36, 0}, leb(uint64(at))...) }

// Join puts pieces together.
func Join(code ...Code) Code { return slices.Concat(code...) }
