package host

import (
	"github.com/header-auth/header-auth/host/abi"
)

// The quick paths serve the exchange in which nothing unusual happens: one plugin, callbacks that return Continue, and
// no host function that changes the course of things. They make the same callbacks and leave the same state as the
// ordinary paths, without the questions that have one answer then. What is unusual before a callback is left to the
// ordinary path as a whole; what is unusual behind it, to the rest of that path. TestQuick compares the two.

// undisturbed says whether the quick paths may serve the stream's next event.
func (s *Stream) undisturbed() bool {
	vm := s.vm
	return s.quick && vm.entryDepth == 0 && s.active == 0 && s.generation == vm.liveGeneration &&
		!s.closing && !s.rejected && !s.failureAnswered
}

// uneventful says whether the last callback has asked for nothing.
func (s *Stream) uneventful() bool {
	vm := s.vm
	return len(vm.actions) == 0 && !vm.stopIteration && s.pendingReply == nil && !s.closing &&
		s.generation == vm.liveGeneration && !vm.events.notEmpty.Load()
}

// openQuickly is RequestHeaders. It reports false when it has done nothing.
func (s *Stream) openQuickly(h []Header, end bool) bool {
	vm, d := s.vm, &s.request
	t := &vm.headerCaches[0]
	if !s.undisturbed() || t.fault != 0 || t.routeUnsure || !t.has(h, &s.config) {
		return false
	}
	vm.entryDepth = 1
	d.headers.LoadKnown(t.entries, t.number)
	s.headRequest, s.grpcRequest = t.headRequest, t.grpcRequest
	d.hasHeaders, d.ended, d.headersMapped = true, end, true
	s.contextCreated, s.active, s.dispatching = true, requestCallback, s.config.Protocol != HTTP1
	s.endOfStream = end
	vm.addContext(&s.abiContext)
	vm.stack[0], vm.stack[1] = uint64(s.id), uint64(s.plugin.id)
	vm.stack[2], vm.stack[3] = uint64(len(d.headers.Entries)), uint64(flag(end))
	made, result := vm.callFused(openFusion, vm.fused.open, s)
	if made == 2 && result == uint32(abi.Continue) && s.uneventful() && !d.headersChanged && !d.routeUnsure && !d.aborted {
		d.sendHeaders(end)
		s.dispatching = false
		return true
	}
	s.openOn(made, result, end)
	return true
}

// sendHeaders forwards the headers, whose callback has returned Continue, and ends the event.
func (d *direction) sendHeaders(end bool) {
	d.action, d.headersMapped, d.continued = abi.Continue, false, true
	d.out.HeadersSent, d.out.Ended = true, end
	d.stream.active, d.stream.vm.entryDepth = 0, 0
}

// openOn is the rest of openQuickly when so many callbacks have been made and something is unusual.
func (s *Stream) openOn(made int, result uint32, end bool) {
	defer s.leave("RequestHeaders")
	d, ok := &s.request, false
	if made < 2 {
		s.vm.runActions()
		result, ok = d.askHeaders(end)
	} else {
		ok = s.survived()
	}
	d.settleHeaders(d.headersAnswer(result, ok), end)
	s.dispatching = false
}

// answerQuickly is ResponseHeaders, which has made sure that headers may come.
func (s *Stream) answerQuickly(h []Header, end bool) bool {
	vm, d := s.vm, &s.response
	t := &vm.headerCaches[1]
	if !s.undisturbed() || !s.contextCreated || d.aborted || !t.has(h, &s.config) {
		return false
	}
	vm.entryDepth = 1
	d.headers.LoadKnown(t.entries, t.number)
	s.responseEnds(end)
	d.hasHeaders, d.ended, d.headersMapped = true, end, true
	s.active, s.endOfStream = responseCallback, end
	result := vm.callGuest(abi.OnResponseHeaders, &s.abiContext, 0, uint32(len(d.headers.Entries)), flag(end), 0, 0)
	if result == uint32(abi.Continue) && s.uneventful() && !d.headersChanged && !d.aborted {
		d.sendHeaders(end)
		return true
	}
	s.answerOn(result, end)
	return true
}

// answerOn is the rest of answerQuickly when something is unusual.
func (s *Stream) answerOn(result uint32, end bool) {
	defer s.leave("ResponseHeaders")
	d := &s.response
	d.settleHeaders(d.headersAnswer(result, s.survived()), end)
}

// passQuickly is RequestBody and ResponseBody, which have made sure that the body is not ignored. In HTTP/1.1 the empty
// piece at the end is made with the last one.
func (s *Stream) passQuickly(d *direction, data []byte, end bool) bool {
	vm := s.vm
	if !s.undisturbed() || !s.contextCreated || d.state != iterating || d.buffering || d.buffered || d.hasTrailers ||
		len(d.chunk) > 0 || !d.out.HeadersSent || d.out.Ended || d.out.Reset {
		return false
	}
	vm.entryDepth = 1
	if !d.response {
		s.receivedBytes += len(data)
	}
	d.chunk = append(d.chunk, data...)
	d.body, s.lastBuffer.at, s.active = &d.chunk, &d.chunk, d.callbackBit()
	made, result := 1, uint32(0)
	if twice := s.config.Protocol == HTTP1 && end && len(data) > 0; twice {
		s.endOfStream = false
		vm.stack[0], vm.stack[1] = uint64(s.id), uint64(len(data))
		made, result = vm.callFused(bodyFusion, vm.fused.body[d.index()], s)
		if made == 1 {
			s.passOn(d, result, false, true)
			return true
		}
		if !d.ended { // nothing has called the host: arrive has not been called
			d.passPiece()
		}
	} else {
		if d.response {
			s.responseEnds(end)
		}
		d.ended, s.endOfStream, s.dispatching = end, end, s.config.Protocol != HTTP1 && !d.response
		result = vm.callGuest(bodyCallback[d.index()], &s.abiContext, 0, uint32(len(data)), flag(end), 0, 0)
	}
	if result == uint32(abi.Continue) && s.uneventful() && !d.hasTrailers && !d.aborted {
		d.sendPiece()
		d.out.Ended, s.active, s.dispatching = end, 0, false
		vm.entryDepth = 0
		return true
	}
	s.passOn(d, result, end, false)
	return true
}

// passPiece comes between the last piece of a body and the empty one that ends it.
func (d *direction) passPiece() {
	d.sendPiece()
	if d.response {
		d.stream.responseEnds(true)
	}
	d.ended, d.body, d.stream.endOfStream = true, &d.chunk, true
}

// sendPiece forwards the piece that the plugin has let go on.
func (d *direction) sendPiece() {
	d.sendData(d.chunk)
	d.chunk, d.body = d.chunk[:0], nil
}

// passOn is the rest of passQuickly when something is unusual. more says that the empty piece at the end follows.
func (s *Stream) passOn(d *direction, result uint32, end, more bool) {
	defer s.leave("Body")
	d.settleData(d.bodyAnswer(result, s.survived()), false, end, &d.chunk)
	d.chunk = d.chunk[:0]
	if more {
		if d.response {
			s.responseEnds(true)
		}
		d.receiveData(nil, true)
	}
	s.dispatching = false
}

// closeQuickly is Close.
func (s *Stream) closeQuickly() bool {
	vm := s.vm
	if !s.undisturbed() || !s.contextCreated {
		return false
	}
	vm.entryDepth = 1
	s.noteClient()
	s.closing, s.inLog = true, true
	s.cutOff()
	vm.stack[0] = uint64(s.id)
	made, _ := vm.callFused(endFusion, vm.fused.end, s)
	s.inLog = made == 1
	if made == 3 && len(vm.actions) == 0 && !vm.events.notEmpty.Load() {
		vm.stopIteration = false
		s.forgetContext()
		vm.entryDepth = 0
		return true
	}
	s.closeOn(made)
	return true
}

// closeOn is the rest of closeQuickly when so many callbacks have been made and something is unusual.
func (s *Stream) closeOn(made int) {
	defer s.leave("Close")
	s.logged()
	switch made {
	case 1:
		s.closeContext()
	case 2:
		s.deleteContext()
	default:
		s.forgetContext()
	}
}

// arrive makes the state that of a fusion's callback number at, which calls a host function or has trapped.
func (s *Stream) arrive(f fusion, at int) {
	vm := s.vm
	switch f {
	case openFusion:
		vm.callback = [...]abi.Callback{abi.OnContextCreate, abi.OnRequestHeaders}[at]
		s.request.headersMapped, s.endOfStream = at == 1, s.endOfStream && at == 1
	case bodyFusion:
		d := &s.request
		if s.active == responseCallback {
			d = &s.response
		}
		vm.callback = bodyCallback[d.index()]
		if at == 1 {
			d.passPiece()
		}
	case endFusion:
		vm.callback = [...]abi.Callback{abi.OnLog, abi.OnDone, abi.OnDelete}[at]
		s.inLog = at == 0
	}
}
