package host

import "github.com/header-auth/header-auth/host/abi"

// abiContext is what the ABI calls a context: the VM's (number 0), a plugin's (the root context) or a stream's.
type abiContext struct {
	id     uint32 // by which the guest knows it
	index  int    // in vm.contexts
	plugin *Plugin
	stream *Stream // nil unless it is a stream's
	prefix string  // as Envoy's log lines show it

	prototypes map[string]*prototype // of declare_property
	lastBuffer buffer                // that was used last
}

// addContext gives s the next number that is free (proxy-wasm-cpp-host, src/wasm.cc, WasmBase::allocContextId).
func (vm *VM) addContext(s *abiContext) {
	for {
		vm.lastID++
		if vm.lastID == 0 {
			vm.contextIDsWrapped = true
			continue
		}
		if !vm.contextIDsWrapped || vm.findContext(vm.lastID) == nil {
			break
		}
	}
	s.id = vm.lastID
	s.index = len(vm.contexts)
	vm.contexts = append(vm.contexts, s)
}

// removeContext takes s out of the list.
func (vm *VM) removeContext(s *abiContext) {
	last := len(vm.contexts) - 1
	if s.index > last || vm.contexts[s.index] != s {
		return // it belongs to an instance that has been replaced
	}
	if s.index < last {
		vm.contexts[s.index] = vm.contexts[last]
		vm.contexts[s.index].index = s.index
	}
	vm.contexts[last] = nil
	vm.contexts = vm.contexts[:last]
}

// findContext is the context of that number, nil when there is none.
func (vm *VM) findContext(id uint32) *abiContext {
	for _, s := range vm.contexts {
		if s.id == id {
			return s
		}
	}
	return nil
}

// actingContext is the context on whose behalf the guest calls host functions now: that of the callback, unless the
// guest has chosen another with proxy_set_effective_context. The allocator acts for context 0 while the host calls it.
func (vm *VM) actingContext() *abiContext {
	if vm.phase == abi.WhenAllocating {
		return &vm.contextZero
	}
	if vm.effectiveContext != nil {
		return vm.effectiveContext
	}
	return vm.currentContext
}
