package host

import (
	"errors"
	"time"

	"github.com/header-auth/header-auth/host/abi"
)

// ErrNoManualClock is the error of VM.Advance and VM.Jump when the VM's clock is not a *ManualClock.
var ErrNoManualClock = errors.New("advance clock: the VM's clock is not a manual one")

// Advance moves the VM's manual clock forward by d. Ticks and time-outs of calls that fall due on the way happen in the
// order of time. Advance(0) delivers what other VMs have put into this VM's queues. The error is ErrNoManualClock or
// the VM's *Failure.
func (vm *VM) Advance(d time.Duration) error {
	clock, manual := vm.clock.(*ManualClock)
	if !manual {
		return ErrNoManualClock
	}
	vm.enter()
	defer vm.leave()
	defer vm.recoverPanic("Advance")
	end := clock.Now().Add(d)
	for !vm.dead() {
		at, run := vm.nextDue()
		if run == nil || at.After(end) {
			break
		}
		clock.set(at)
		run()
		vm.deliverAll()
	}
	clock.set(end)
	return vm.err()
}

// Jump sets the VM's manual clock by d, forward or back, as when somebody sets the machine's clock. Nothing falls due:
// as in Envoy, ticks and time-outs follow the monotonic clock. The error is ErrNoManualClock.
func (vm *VM) Jump(d time.Duration) error {
	clock, manual := vm.clock.(*ManualClock)
	if !manual {
		return ErrNoManualClock
	}
	clock.jump(d)
	vm.createdAt, vm.loadedAt = vm.createdAt.Add(d), vm.loadedAt.Add(d)
	for _, p := range vm.plugins {
		p.due = p.due.Add(d)
	}
	for _, c := range vm.calls {
		if !c.due.IsZero() {
			c.due = c.due.Add(d)
		}
	}
	for _, c := range vm.grpc {
		if !c.due.IsZero() {
			c.due = c.due.Add(d)
		}
	}
	return nil
}

// nextDue is the tick or the time-out that falls due next, nil if there is none.
func (vm *VM) nextDue() (at time.Time, run func()) {
	for _, p := range vm.plugins {
		if p.period > 0 && p.generation == vm.generation && (run == nil || p.due.Before(at)) {
			at, run = p.due, func() {
				p.due = p.due.Add(p.period)
				vm.callGuest(abi.OnTick, &p.abiContext, 0, 0, 0, 0, 0)
				vm.runActions()
			}
		}
	}
	for _, c := range vm.calls {
		if !c.Done && !c.due.IsZero() && (run == nil || c.due.Before(at)) {
			at, run = c.due, func() { vm.deliverAnswer(c, CallAnswer{Failure: CallTimedOut}) }
		}
	}
	for _, c := range vm.grpc {
		if !c.Done && !c.due.IsZero() && (run == nil || c.due.Before(at)) {
			at, run = c.due, func() { vm.deliverGrpc(c, GrpcEvent{Failure: CallTimedOut}) }
		}
	}
	return at, run
}
