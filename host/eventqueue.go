package host

import (
	"sync"
	"sync/atomic"

	"github.com/header-auth/header-auth/host/abi"
)

// event is something that reaches a VM from outside, such as an item in one of its queues or the answer to a call.
type event struct {
	plugin *Plugin
	queue  uint32
	call   *Call
	answer CallAnswer

	grpc       *GrpcCall
	grpcEvents []GrpcEvent
}

// eventQueue holds events until the VM takes them. Other VMs, in other goroutines, may put events in.
type eventQueue struct {
	mu       sync.Mutex
	events   []event
	spare    []event // emptied, to be filled again
	notEmpty atomic.Bool
}

func (in *eventQueue) put(e event) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.events = append(in.events, e)
	in.notEmpty.Store(true)
}

func (in *eventQueue) take() []event {
	in.mu.Lock()
	defer in.mu.Unlock()
	events := in.events
	in.events, in.spare = in.spare, nil
	in.notEmpty.Store(false)
	return events
}

// reuse gives the memory of a slice from take back to the queue.
func (in *eventQueue) reuse(events []event) {
	clear(events)
	in.mu.Lock()
	defer in.mu.Unlock()
	in.spare = events[:0]
}

// enter begins each exported method that runs the guest, and leave ends it. The outermost leave delivers the events
// that have come meanwhile. Events that come from these deliveries wait for the next leave, so that a guest cannot keep
// the host busy for ever.
func (vm *VM) enter() { vm.entryDepth++ }

func (vm *VM) leave() {
	if vm.entryDepth == 1 {
		vm.deliverAll()
	}
	vm.entryDepth--
}

// deliverAll delivers the events that were there when it was called.
func (vm *VM) deliverAll() {
	if vm.events.notEmpty.Load() {
		events := vm.events.take()
		for _, e := range events {
			vm.deliver(e)
		}
		vm.events.reuse(events)
	}
}

func (vm *VM) deliver(e event) {
	defer vm.recoverPanic("deliver event")
	if e.call != nil {
		vm.deliverAnswer(e.call, e.answer)
		return
	}
	if e.grpc != nil {
		vm.deliverAllGrpc(e.grpc, e.grpcEvents)
		return
	}
	if e.plugin.generation == vm.generation && !e.plugin.closed {
		vm.callGuest(abi.OnQueueReady, &e.plugin.abiContext, 0, e.queue, 0, 0, 0)
		vm.runActions()
	}
}
