package host

import (
	"sync"
	"time"
)

// Clock tells a VM the time.
type Clock interface{ Now() time.Time }

// systemClock is the machine's clock.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

// ManualClock stands still until VM.Advance or VM.Jump moves it.
type ManualClock struct {
	mu  sync.Mutex
	now time.Time
}

// NewManualClock makes a clock that shows now.
func NewManualClock(now time.Time) *ManualClock { return &ManualClock{now: now} }

// Now is the time the clock shows.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// set moves the clock forward to t; it never goes back.
func (c *ManualClock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.now) {
		c.now = t
	}
}

func (c *ManualClock) jump(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (vm *VM) now() time.Time { return vm.clock.Now() }

// wallClock is the time as a guest sees it, in nanoseconds since 1970: Envoy's clock has whole microseconds.
func (vm *VM) wallClock() uint64 { return uint64(vm.now().UnixMicro() * int64(time.Microsecond)) }

// monotonic is the time since the VM was made.
func (vm *VM) monotonic() time.Duration { return vm.now().Sub(vm.createdAt) }
