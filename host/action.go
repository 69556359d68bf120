package host

// action is what a host function asked for that is done when the callback has returned, such as a local reply
// (proxy-wasm-cpp-host, src/context.cc, DeferAfterCallActions).
type action struct {
	run       func(action)
	stream    *Stream
	plugin    *Plugin
	direction *direction
	reply     *reply
	grpc      *GrpcCall
	text      string
}

// deferAction puts an action into the queue.
func (vm *VM) deferAction(a action) { vm.actions = append(vm.actions, a) }

// repeatAction makes an action that is running the next one.
func (vm *VM) repeatAction(a action) {
	vm.nextAction--
	vm.actions[vm.nextAction] = a
}

// runActions follows each callback. It runs the actions in the order in which they were asked for; one of them may make
// another callback, which then runs the rest of the queue.
func (vm *VM) runActions() {
	vm.stopIteration = false
	if len(vm.actions) > 0 {
		vm.runDeferred()
	}
}

// runDeferred is the part of runActions for a queue that is not empty.
func (vm *VM) runDeferred() {
	for vm.nextAction < len(vm.actions) {
		a := vm.actions[vm.nextAction]
		vm.actions[vm.nextAction] = action{}
		vm.nextAction++
		a.run(a)
	}
	vm.actions, vm.nextAction = vm.actions[:0], 0
}
