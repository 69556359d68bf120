package wasi

import (
	"io"
	"time"

	"github.com/header-auth/header-auth/host/abi"
)

// System is what the functions need of the VM that calls them.
type System interface {
	// Read is a view of n bytes of linear memory at ptr that the guest gives; false outside memory.
	Read(ptr, n uint32) ([]byte, bool)
	// WritableView is a view of n bytes of linear memory at ptr that the function fills; false outside memory.
	WritableView(ptr, n uint32) ([]byte, bool)
	// WriteU32 and WriteU64 write a number, little-endian; false outside memory.
	WriteU32(ptr, v uint32) bool
	WriteU64(ptr uint32, v uint64) bool
	// Log writes a line into the VM's log. text is valid during the call only.
	Log(level abi.LogLevel, text []byte)
	// Wrote is told what is written to stdout or stderr, newlines included. text is valid during the call only.
	Wrote(text []byte)
	// WallClock is the time in nanoseconds since 1970.
	WallClock() uint64
	// Monotonic is the time since the VM was made.
	Monotonic() time.Duration
	// Random is the source of random bytes.
	Random() io.Reader
	// Environment are the variables, each as NAME=VALUE.
	Environment() []string
}
