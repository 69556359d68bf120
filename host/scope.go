package host

// scope is what the ABI calls a context: the VM's (0), a plugin's (root) or a stream's.
type scope struct {
	id     uint32
	index  int // in vm.contexts
	plugin *Plugin
	stream *Stream // nil unless it is a stream's
	prefix string  // as Envoy's log lines show it
}

// open gives s the next context id that is free.
func (vm *VM) open(s *scope) {
	for {
		vm.lastID++
		if vm.lastID == 0 {
			vm.wrapped = true
			continue
		}
		if !vm.wrapped || vm.find(vm.lastID) == nil {
			break
		}
	}
	s.id = vm.lastID
	s.index = len(vm.contexts)
	vm.contexts = append(vm.contexts, s)
}

// shut forgets s.
func (vm *VM) shut(s *scope) {
	last := len(vm.contexts) - 1
	if s.index > last || vm.contexts[s.index] != s {
		return // of an instance that is gone
	}
	vm.contexts[s.index] = vm.contexts[last]
	vm.contexts[s.index].index = s.index
	vm.contexts[last] = nil
	vm.contexts = vm.contexts[:last]
}

func (vm *VM) find(id uint32) *scope {
	for _, s := range vm.contexts {
		if s.id == id {
			return s
		}
	}
	return nil
}

// acting is the context on whose behalf the guest speaks.
func (vm *VM) acting() *scope {
	if vm.effective != nil {
		return vm.effective
	}
	return vm.current
}
