package envoy

import (
	"context"
	"slices"
	"time"
)

// settle waits until nothing moves any more. A call that must time out without the table saying how long it takes is
// given the time: timers go on, and the time of day stays.
func (r *run) settle(ctx context.Context) error {
	for {
		if err := r.lane.settle(ctx, r.waits); err != nil {
			return err
		}
		r.lane.mu.Lock()
		by := r.next()
		r.lane.clock.AdvanceTimers(by)
		r.ticked()
		r.lane.mu.Unlock()
		if by == 0 {
			return nil
		}
	}
}

// next is how long it takes until something falls due that no case waits for; 0: nothing does. The lock is held.
func (r *run) next() (by time.Duration) {
	now := r.lane.clock.Steady()
	falls := func(due time.Duration) {
		if due > now && (by == 0 || due-now < by) {
			by = due - now
		}
	}
	for _, c := range r.calls {
		falls(c.due)
	}
	for _, c := range r.grpc {
		if !c.done {
			falls(c.due)
		}
	}
	if r.opening != nil {
		falls(r.opening.due)
	}
	for _, e := range r.streams {
		falls(e.due)
	}
	return by
}

// waits says whether something is on its way. The lock is held.
func (r *run) waits() bool {
	if r.failure != nil {
		return false
	}
	over, made := 0, 0
	for _, c := range r.calls {
		switch {
		case c.due > r.lane.clock.Steady():
		case c.visit == nil:
			made++
		case c.visit.ended:
			over++
		}
	}
	if over+made > r.callbacks {
		return true
	}
	if slices.ContainsFunc(r.grpc, func(c *grpcCall) bool { return c.waits(r.lane.clock.Steady()) }) {
		return true
	}
	if r.opening != nil && r.opening.waits() {
		return true
	}
	return slices.ContainsFunc(r.streams, (*exchange).waits)
}

// advance moves the clock from one thing that falls due to the next: timers that are late fire once, not as often as
// they would have.
func (r *run) advance(ctx context.Context, by time.Duration) error {
	l := r.lane
	for by > 0 {
		l.mu.Lock()
		now, next := l.clock.Steady(), by
		for _, root := range r.roots {
			if root.period > 0 {
				next = min(next, max(root.due-now, 0))
			}
		}
		for _, c := range r.calls {
			if c.visit != nil && !c.visit.ended && c.TimeoutMS > 0 {
				if due := c.made + time.Duration(c.TimeoutMS)*time.Millisecond; due > now {
					next = min(next, due-now)
				}
			}
		}
		for _, c := range r.grpc {
			if due := c.made + c.timeout; c.timeout > 0 && !c.done && due > now {
				next = min(next, due-now)
			}
		}
		l.clock.Advance(next)
		r.ticked()
		l.mu.Unlock()
		by -= next
		if err := r.settle(ctx); err != nil {
			return err
		}
	}
	return nil
}

// ticked notes that the ticks that have fallen due are over. The lock is held.
func (r *run) ticked() {
	for _, root := range r.roots {
		if root.period > 0 && root.due <= r.lane.clock.Steady() {
			root.due += root.period
		}
	}
}
