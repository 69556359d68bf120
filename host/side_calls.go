package host

import "github.com/header-auth/header-auth/host/abi"

// The three callbacks of a direction, each with what the plugin may see in it.

var (
	headersCallback  = [2]abi.Callback{abi.OnRequestHeaders, abi.OnResponseHeaders}
	bodyCallback     = [2]abi.Callback{abi.OnRequestBody, abi.OnResponseBody}
	trailersCallback = [2]abi.Callback{abi.OnRequestTrailers, abi.OnResponseTrailers}
)

func (d *side) index() int {
	if d.response {
		return 1
	}
	return 0
}

// callHeaders returns Continue, Pause (hold, but go on with callbacks) or StopAllIterationAndWatermark.
func (d *side) callHeaders(end bool) abi.Action {
	s := d.s
	if !s.listening(d, !d.response) {
		return abi.Continue
	}
	s.in = s.in.with(d)
	if !d.response {
		s.create()
	}
	d.headersMapped = true
	raw, ok := s.call(headersCallback[d.index()], uint32(len(d.headers.Entries)), flag(end))
	action := abi.StopAllIterationAndWatermark
	if ok {
		d.action = abi.Action(raw)
		action = s.headersAction(abi.Action(raw))
	} else if s.failsOpen() {
		action = abi.Continue
	}
	s.vm.after()
	s.in = s.in.without(d)
	if action == abi.Continue {
		d.headersMapped = false
	}
	return action
}

// headersAction is what Envoy makes of the number that a headers callback returned.
func (s *Stream) headersAction(a abi.Action) abi.Action {
	switch {
	case s.vm.stopNext:
		return abi.StopAllIterationAndWatermark
	case a == abi.Continue || a == abi.ContinueAndEndStream:
		return abi.Continue
	case a == abi.Pause && s.plugin.config.AllowOnHeadersStopIteration:
		return abi.Pause
	}
	return abi.StopAllIterationAndWatermark
}

// callBody returns what the body callback did, and false when the exchange ended under it.
func (d *side) callBody(end bool, data *[]byte) (abi.Action, bool) {
	s := d.s
	if !s.listening(d, false) {
		return abi.Continue, true
	}
	if d.buffering && data != &d.buffer {
		d.hold(*data)
		*data = (*data)[:0]
		if d.tooLarge() {
			return abi.StopNoBuffer, false
		}
		data = &d.buffer
	}
	d.body, d.addTrailers = data, end && !d.hasTrailers
	s.in = s.in.with(d)
	raw, ok := s.call(bodyCallback[d.index()], uint32(len(*data)), flag(end))
	action := abi.StopNoBuffer
	if ok && !s.vm.stopNext {
		action = abi.Action(raw)
	} else if !ok && s.failsOpen() {
		action = abi.Continue
	}
	d.buffering = action == abi.Pause
	s.vm.after()
	s.in = s.in.without(d)
	d.addTrailers = false
	d.body = nil
	if d.buffering {
		d.body = &d.buffer
	}
	return action, true
}

func (d *side) callTrailers() abi.Action {
	s := d.s
	if !s.listening(d, false) {
		return abi.Continue
	}
	d.trailersMapped = true
	s.in = s.in.with(d)
	raw, ok := s.call(trailersCallback[d.index()], uint32(len(d.trailers.Entries)), 0)
	action := abi.Pause
	if ok && !s.vm.stopNext && raw == 0 || !ok && s.failsOpen() {
		action = abi.Continue
	}
	s.vm.after()
	s.in = s.in.without(d)
	if action == abi.Continue {
		d.trailersMapped = false
	}
	return action
}

// direction is a set of sides in whose callbacks the filter manager is.
type direction uint8

const (
	decoding direction = 1 << iota
	encoding
)

func (d *side) direction() direction {
	if d.response {
		return encoding
	}
	return decoding
}

func (in direction) with(d *side) direction    { return in | d.direction() }
func (in direction) without(d *side) direction { return in &^ d.direction() }

func flag(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}
