package trace

// Traffic counts the calls and bytes between host and guest since the VM was made.
type Traffic struct {
	ToGuest      int // calls of the guest's exports: callbacks, start functions, the allocator
	ToHost       int // calls of host functions
	BytesToGuest int // that host functions wrote into linear memory, out words among them
	BytesToHost  int // that host functions read from linear memory
}

// Count counts a call; its return is not counted.
func (t *Traffic) Count(c *Crossing) {
	switch {
	case c.Return:
	case c.ToGuest:
		t.ToGuest++
	default:
		t.ToHost++
	}
}
