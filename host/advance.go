package host

import (
	"errors"
	"time"

	"github.com/header-auth/header-auth/host/abi"
)

// ErrNoManualClock is what VM.Advance ends with when the VM's clock is not a *ManualClock.
var ErrNoManualClock = errors.New("advance clock: the VM's clock is not a manual one")

// Advance moves the VM's manual clock on by d and lets what falls due meanwhile happen, in the order of time: ticks and
// time-outs of calls. Advance(0) delivers what other VMs have put in its queues. The error is ErrNoManualClock or the
// VM's *Failure.
func (vm *VM) Advance(d time.Duration) error {
	clock, manual := vm.clock.(*ManualClock)
	if !manual {
		return ErrNoManualClock
	}
	vm.enter()
	defer vm.leave()
	defer vm.rescue("Advance")
	end := clock.Now().Add(d)
	for !vm.dead() {
		at, happen := vm.nextDue()
		if happen == nil || at.After(end) {
			break
		}
		clock.set(at)
		happen()
		vm.deliverAll()
	}
	clock.set(end)
	return vm.err()
}

// Jump sets the VM's manual clock by d, forward or back, and lets nothing fall due: like Envoy's, ticks and time-outs
// go by a clock that nobody sets. The error is ErrNoManualClock.
func (vm *VM) Jump(d time.Duration) error {
	clock, manual := vm.clock.(*ManualClock)
	if !manual {
		return ErrNoManualClock
	}
	clock.jump(d)
	vm.born, vm.loaded = vm.born.Add(d), vm.loaded.Add(d)
	for _, p := range vm.plugins {
		p.due = p.due.Add(d)
	}
	for _, c := range vm.calls {
		if !c.due.IsZero() {
			c.due = c.due.Add(d)
		}
	}
	return nil
}

// nextDue is what falls due next, nil if nothing does.
func (vm *VM) nextDue() (at time.Time, happen func()) {
	for _, p := range vm.plugins {
		if p.period > 0 && p.generation == vm.generation && (happen == nil || p.due.Before(at)) {
			at, happen = p.due, func() {
				p.due = p.due.Add(p.period)
				vm.call(abi.OnTick, &p.scope, 0, 0, 0, 0, 0)
				vm.after()
			}
		}
	}
	for _, c := range vm.calls {
		if !c.Done && !c.due.IsZero() && (happen == nil || c.due.Before(at)) {
			at, happen = c.due, func() { vm.answer(c, CallAnswer{Failure: CallTimedOut}) }
		}
	}
	return at, happen
}
