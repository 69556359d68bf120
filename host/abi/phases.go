package abi

// Phases is the set of phases in which Envoy lets a module call an import; elsewhere the call traps.
type Phases uint8

const (
	WhenRunning    Phases = 1 << iota // any callback
	WhenStarting                      // _initialize, main, _start
	WhenAllocating                    // malloc or proxy_on_memory_allocate called by the host
)
