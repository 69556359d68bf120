// Package clock is what work is timed with.
package clock

import (
	"time"

	"golang.org/x/sys/unix"
)

// Name says what work is timed with: the time that the measuring thread had a processor. On a quiet machine that
// is the time that passed; on a busy one it is what the requests took, without what the system did in between.
const Name = "thread CPU time"

// Now is the thread's time so far; the goroutine has to be locked to its thread.
func Now() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) != nil {
		return 0 // no Linux is without it; a batch of no time would be noticed by everybody
	}
	return time.Duration(t.Nano())
}
