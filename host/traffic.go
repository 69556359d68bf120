package host

// Traffic counts the calls and bytes between host and guest since the VM was made.
type Traffic struct {
	ToGuest      int // calls of the guest's exports: callbacks, start functions, the allocator
	ToHost       int // calls of host functions
	BytesToGuest int // that host functions wrote into linear memory, out words among them
	BytesToHost  int // that host functions read from linear memory
}

// Traffic is what has been counted so far. It is counted when VMConfig.Trace is set, without an end: Crossings has one.
func (vm *VM) Traffic() Traffic { return vm.traffic }

// count counts a call; its return is not counted.
func (vm *VM) count(c *Crossing) {
	switch {
	case c.Return:
	case c.ToGuest:
		vm.traffic.ToGuest++
	default:
		vm.traffic.ToHost++
	}
}
