package wasi

import "time"

// Clock ids of preview 1. Envoy has no processor time.
const (
	clockRealtime  = 0
	clockMonotonic = 1
)

// uptime is what the monotonic clock shows when a VM is made. Envoy's counts from the machine's start; Go's runtime
// refuses to run on one that shows 0.
const uptime = time.Hour

// clockTimeGet is clock_time_get(id, precision, time): nanoseconds go to time (u64). Notsup for a clock other than
// those of real and monotonic time, Fault when time is outside memory.
func clockTimeGet(s System, stack []uint64) Errno {
	var now uint64
	switch uint32(stack[0]) {
	case clockRealtime:
		now = s.WallClock()
	case clockMonotonic:
		now = uint64(uptime + s.Monotonic())
	default:
		return Notsup
	}
	if !s.WriteU64(uint32(stack[2]), now) {
		return Fault
	}
	return Success
}

// clockResGet is clock_res_get(id, resolution): 1 ns goes to resolution (u64). Its errors are those of clockTimeGet.
func clockResGet(s System, stack []uint64) Errno {
	if id := uint32(stack[0]); id != clockRealtime && id != clockMonotonic {
		return Notsup
	}
	if !s.WriteU64(uint32(stack[1]), 1) {
		return Fault
	}
	return Success
}

// pollOneoff is poll_oneoff(in, out, nsubscriptions, nevents): it never waits. No event has happened, 0 goes to nevents
// (u32). Fault when that is outside memory. Before Envoy 1.39 it is Nosys.
func pollOneoff(s System, stack []uint64) Errno {
	if !s.WriteU32(uint32(stack[3]), 0) {
		return Fault
	}
	return Success
}
