package abi

import "strconv"

// Action is what a headers, body or trailers callback returns. SDKs have only Continue and Pause; the numbers from 2 on
// mean different things for headers and for bodies (proxy-wasm-cpp-host, include/proxy-wasm/context_interface.h).
type Action uint32

const (
	Continue Action = iota
	Pause
	ContinueAndEndStream
	StopAllIterationAndBuffer
	StopAllIterationAndWatermark
)

// Actions of body callbacks, where 1 (Pause) is stop and buffer.
const (
	StopAndWatermark Action = 2
	StopNoBuffer     Action = 3
)

func (a Action) String() string {
	switch a {
	case Continue:
		return "Continue"
	case Pause:
		return "Pause"
	}
	return "Action(" + strconv.FormatUint(uint64(a), 10) + ")"
}
