package host

import "github.com/header-auth/header-auth/host/abi"

// The three callbacks of a direction: request, response.
var (
	headersCallback  = [2]abi.Callback{abi.OnRequestHeaders, abi.OnResponseHeaders}
	bodyCallback     = [2]abi.Callback{abi.OnRequestBody, abi.OnResponseBody}
	trailersCallback = [2]abi.Callback{abi.OnRequestTrailers, abi.OnResponseTrailers}
)

// index is 0 for the request and 1 for the response.
func (d *direction) index() int {
	if d.response {
		return 1
	}
	return 0
}

// callHeaders makes the headers callback. It returns Continue, Pause (hold, but make the callbacks of the body) or
// StopAllIterationAndWatermark.
func (d *direction) callHeaders(end bool) abi.Action {
	s := d.stream
	if !s.deliversCallbacks(d, !d.response) {
		return abi.Continue
	}
	s.active = s.active.with(d)
	if !d.response {
		s.createContext()
	}
	raw, ok := d.askHeaders(end)
	return d.headersAnswer(raw, ok)
}

// askHeaders is the headers callback itself.
func (d *direction) askHeaders(end bool) (uint32, bool) {
	d.headersMapped, d.stream.endOfStream = true, end
	return d.stream.callGuest(headersCallback[d.index()], uint32(len(d.headers.Entries)), flag(end))
}

// headersAnswer follows the headers callback, which returned raw, or ended the VM.
func (d *direction) headersAnswer(raw uint32, ok bool) abi.Action {
	s := d.stream
	action := abi.StopAllIterationAndWatermark
	if ok {
		d.action = abi.Action(raw)
		action = s.headersAction(abi.Action(raw))
	} else if s.failsOpen() {
		action = abi.Continue
	}
	s.vm.runActions()
	s.active = s.active.without(d)
	if action == abi.Continue {
		d.headersMapped = false
	}
	return action
}

// headersAction is what Envoy makes of the number that a headers callback returned.
func (s *Stream) headersAction(a abi.Action) abi.Action {
	switch {
	case s.vm.stopIteration:
		return abi.StopAllIterationAndWatermark
	case a == abi.Continue || a == abi.ContinueAndEndStream:
		return abi.Continue
	case a == abi.Pause && s.plugin.config.AllowOnHeadersStopIteration:
		return abi.Pause
	}
	return abi.StopAllIterationAndWatermark
}

// callBody makes the body callback. It returns the callback's action, and false when the exchange has ended meanwhile.
func (d *direction) callBody(end bool, data *[]byte) (abi.Action, bool) {
	s := d.stream
	if !s.deliversCallbacks(d, false) {
		return abi.Continue, true
	}
	s.active = s.active.with(d)
	if d.buffering && data != &d.buffer {
		d.hold(*data)
		*data = (*data)[:0]
		if d.tooLarge() && d.response { // for a request the callback is still made, and the reply follows it
			s.active = s.active.without(d)
			return abi.StopNoBuffer, false
		}
		data = &d.buffer
	}
	d.body, s.lastBuffer, s.endOfStream = data, buffer{at: data}, end
	raw, ok := s.callGuest(bodyCallback[d.index()], uint32(len(*data)), flag(end))
	return d.bodyAnswer(raw, ok), true
}

// bodyAnswer follows the body callback, which returned raw, or ended the VM.
func (d *direction) bodyAnswer(raw uint32, ok bool) abi.Action {
	s := d.stream
	action := abi.StopNoBuffer
	if ok && !s.vm.stopIteration {
		action = abi.Action(raw)
	} else if !ok && s.failsOpen() {
		action = abi.Continue
	}
	d.buffering = action == abi.Pause
	s.vm.runActions()
	s.active = s.active.without(d)
	if action == abi.Continue {
		d.body = nil // else data, which is empty from now on; what is written there goes before the next piece
	}
	return action
}

// mutableBody is the body that the plugin may read and change now, nil when there is none. What was held back stays in
// reach until the next callback, also when it has gone on by then.
func (d *direction) mutableBody() *[]byte {
	if d.buffering {
		return &d.buffer
	}
	return d.body
}

// callTrailers makes the trailers callback. It returns Continue or Pause.
func (d *direction) callTrailers() abi.Action {
	s := d.stream
	if !s.deliversCallbacks(d, false) {
		return abi.Continue
	}
	d.trailersMapped = true
	s.active = s.active.with(d)
	raw, ok := s.callGuest(trailersCallback[d.index()], uint32(len(d.trailers.Entries)), 0)
	action := abi.Pause
	if ok && !s.vm.stopIteration && raw == 0 || !ok && s.failsOpen() {
		action = abi.Continue
	}
	s.vm.runActions()
	s.active = s.active.without(d)
	if action == abi.Continue {
		d.trailersMapped = false
	}
	return action
}

// flag is a bool as the ABI passes it.
func flag(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}
