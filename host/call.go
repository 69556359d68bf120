package host

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/header-auth/header-auth/host/abi"
)

// call makes a callback into the guest on behalf of s and returns its result: missing when it isn't exported, 0 when
// it trapped. What it set off has not happened yet: the caller runs vm.after.
func (vm *VM) call(c abi.Callback, s *scope, missing uint32, a, b, d, e uint32) uint32 {
	f := vm.functions[c]
	if f == nil || vm.living < 0 {
		return missing
	}
	stack := &vm.stack
	stack[0], stack[1], stack[2], stack[3], stack[4] = uint64(s.id), uint64(a), uint64(b), uint64(d), uint64(e)
	vm.current, vm.effective, vm.running, vm.inGuest, vm.charged = s, nil, c.Name(), true, 0
	var err error
	if vm.plain {
		err = f.CallWithStack(vm.ctx, stack[:])
	} else {
		err = vm.callWatched(c)
	}
	vm.inGuest = false
	if err != nil {
		vm.fail(c.Name(), err)
	}
	if vm.living < 0 {
		return 0
	}
	return uint32(stack[0])
}

// callWatched is the call itself when it is traced or has a deadline.
func (vm *VM) callWatched(c abi.Callback) error {
	if !vm.config.Trace {
		return vm.callWithDeadline(c)
	}
	nested := vm.nested
	vm.traceCallback(c)
	err := vm.callWithDeadline(c)
	vm.nested = nested // a trap leaves host functions without returning
	vm.traceReturn(c, uint32(vm.stack[0]), err)
	return err
}

func (vm *VM) callWithDeadline(c abi.Callback) error {
	if vm.module.options.Deadline == 0 {
		return vm.functions[c].CallWithStack(vm.ctx, vm.stack[:])
	}
	ctx, cancel := context.WithTimeout(vm.ctx, vm.module.options.Deadline)
	defer cancel()
	vm.callCtx = ctx
	err := vm.functions[c].CallWithStack(ctx, vm.stack[:])
	vm.callCtx = vm.ctx
	return err
}

// callAllocator asks the guest for n bytes while one of its callbacks, or a start function, waits for a host function.
func (vm *VM) callAllocator(n uint32) (uint32, bool) {
	phase, running, current, effective, nested := vm.phase, vm.running, vm.current, vm.effective, vm.nested
	vm.phase, vm.running, vm.current, vm.effective = abi.WhenAllocating, vm.allocName, &vm.base, nil
	if vm.config.Trace {
		vm.traceAllocator(n)
	}
	vm.allocStack[0] = uint64(n)
	err := vm.allocator.CallWithStack(vm.callCtx, vm.allocStack[:])
	vm.phase, vm.running, vm.current, vm.effective = phase, running, current, effective
	ptr := uint32(vm.allocStack[0])
	if err != nil {
		vm.fail(vm.allocName, err)
		ptr = 0
	}
	if vm.config.Trace {
		vm.nested = nested
		vm.traceAllocated(ptr, err)
	}
	if err == nil {
		return ptr, true
	}
	if vm.failure.Kind != Trapped {
		// The guest must not run on: wazero has closed the module, or a real Envoy would be dead.
		panic(&trapError{vm.failure.Reason})
	}
	return 0, false
}

// action is something that a host function set off and that happens when the callback has returned.
type action struct {
	do     func(action)
	stream *Stream
	plugin *Plugin
	side   *side
	reply  *reply
}

func (vm *VM) later(a action) { vm.actions = append(vm.actions, a) }

// after ends a callback: what it set off happens, first come, first served. That may make further callbacks, which
// then work off the rest of the queue.
func (vm *VM) after() {
	vm.stopNext = false
	if len(vm.actions) > 0 {
		vm.act()
	}
}

func (vm *VM) act() {
	for vm.next < len(vm.actions) {
		a := vm.actions[vm.next]
		vm.actions[vm.next] = action{}
		vm.next++
		a.do(a)
	}
	vm.actions, vm.next = vm.actions[:0], 0
}

// event is something that reaches a VM from outside later on, such as an item in one of its queues.
type event struct {
	plugin *Plugin
	queue  uint32
	call   *Call
	answer CallAnswer
}

// inbox holds events until the VM takes them. Other VMs, in other goroutines, may put some in.
type inbox struct {
	mu     sync.Mutex
	events []event
	used   []event // emptied, to be filled again
	some   atomic.Bool
}

func (in *inbox) put(e event) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.events = append(in.events, e)
	in.some.Store(true)
}

func (in *inbox) take() []event {
	in.mu.Lock()
	defer in.mu.Unlock()
	events := in.events
	in.events, in.used = in.used, nil
	in.some.Store(false)
	return events
}

// giveBack takes what take gave, once nobody looks at it any more.
func (in *inbox) giveBack(events []event) {
	clear(events)
	in.mu.Lock()
	defer in.mu.Unlock()
	in.used = events[:0]
}

// enter and leave bracket whatever users call. At the end of the outermost one, events that were posted meanwhile are
// delivered; those that they post in turn wait for the next time, so that a guest cannot keep the host busy for ever.
func (vm *VM) enter() { vm.depth++ }

func (vm *VM) leave() {
	if vm.depth == 1 {
		vm.deliverAll()
	}
	vm.depth--
}

// deliverAll delivers what was posted before it was called.
func (vm *VM) deliverAll() {
	if vm.inbox.some.Load() {
		events := vm.inbox.take()
		for _, e := range events {
			vm.deliver(e)
		}
		vm.inbox.giveBack(events)
	}
}

func (vm *VM) deliver(e event) {
	defer vm.rescue("deliver event")
	if e.call != nil {
		vm.answer(e.call, e.answer)
		return
	}
	if e.plugin.generation == vm.generation && !e.plugin.gone {
		vm.call(abi.OnQueueReady, &e.plugin.scope, 0, e.queue, 0, 0, 0)
		vm.after()
	}
}
