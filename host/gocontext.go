package host

import (
	"context"
	"time"
)

// goContext is the context of all calls into a VM. Finding the VM in it costs no allocation; it has no other
// value: those of the caller's context, such as wazero's experiments, would make calls slower.
type goContext struct {
	context.Context
	vm *VM
}

type goContextKey struct{}

func (c *goContext) Value(key any) any {
	if _, ok := key.(goContextKey); ok {
		return c
	}
	return nil
}

func (c *goContext) Deadline() (time.Time, bool) { return time.Time{}, false }

func (c *goContext) Done() <-chan struct{} { return nil }

func (c *goContext) Err() error { return nil }
