package host

// activeCallbacks is the set of directions whose callbacks are running. Both can run at once: a local reply that is
// sent while a request callback's actions run makes the response callbacks.
type activeCallbacks uint8

const (
	requestCallback activeCallbacks = 1 << iota
	responseCallback
)

func (d *direction) callbackBit() activeCallbacks {
	if d.response {
		return responseCallback
	}
	return requestCallback
}

func (in activeCallbacks) with(d *direction) activeCallbacks { return in | d.callbackBit() }

func (in activeCallbacks) without(d *direction) activeCallbacks { return in &^ d.callbackBit() }
