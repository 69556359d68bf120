package host

import "github.com/header-auth/header-auth/host/abi"

// RequestHeaders is the event that the request's headers have arrived; end says that nothing follows. The headers are
// as the client sends them, with pseudo-headers; what Envoy's connection manager adds (x-forwarded-proto, x-request-id)
// is there only if the caller gives it. The strings are kept until the stream is released, the slice is not.
func (s *Stream) RequestHeaders(h []Header, end bool) {
	s = s.first()
	if !s.request.hasHeaders && !s.closing && !s.openQuickly(h, end) {
		s.guardedRequestHeaders(h, end)
	}
}

func (s *Stream) guardedRequestHeaders(h []Header, end bool) {
	d := &s.request
	s.vm.enter()
	defer s.leave("RequestHeaders")
	s.started = s.time()
	if !s.acceptRequest(h) {
		return
	}
	s.dispatching = s.config.Protocol != HTTP1
	d.receiveHeaders(end)
	s.dispatching = false
}

// RequestBody is the event that bytes of the request's body have arrived. In HTTP/1.1 a body ends with an empty piece,
// which is added here when data is not empty.
func (s *Stream) RequestBody(data []byte, end bool) { s.first().data(false, data, end) }

// RequestTrailers is the event that the request has ended with trailers.
func (s *Stream) RequestTrailers(h []Header) { s.first().trailers(false, h) }

// ResponseHeaders is the event that the upstream's response headers have arrived. It is ignored when the exchange has a
// local reply, or when the request's headers have not been sent to the upstream.
func (s *Stream) ResponseHeaders(h []Header, end bool) {
	s = s.last()
	d := &s.response
	if d.hasHeaders || s.closing || s.request.aborted || !s.request.out.HeadersSent || s.answerQuickly(h, end) {
		return
	}
	s.guardedResponseHeaders(h, end)
}

func (s *Stream) guardedResponseHeaders(h []Header, end bool) {
	d := &s.response
	s.vm.enter()
	defer s.leave("ResponseHeaders")
	s.loadHeaders(d, h)
	s.responseEnds(end)
	d.receiveHeaders(end)
}

// ResponseBody is the event that bytes of the response's body have arrived, in pieces as with RequestBody.
func (s *Stream) ResponseBody(data []byte, end bool) { s.last().data(true, data, end) }

// ResponseTrailers is the event that the response has ended with trailers.
func (s *Stream) ResponseTrailers(h []Header) { s.last().trailers(true, h) }

// ignores says whether what follows the headers of a direction is dropped: when it has ended, when another answer has
// taken its place, and of a request when the response has come to its end.
func (s *Stream) ignores(d *direction) bool {
	if !d.hasHeaders || d.ended || s.closing || d.aborted {
		return true
	}
	if d.response {
		return s.request.aborted
	}
	return s.last().response.ended
}

// responseEnds notes that the upstream's response has come to its end. A request that has not is given up by the router
// (Envoy, source/common/router/router.cc, Filter::onUpstreamComplete).
func (s *Stream) responseEnds(end bool) {
	if !end {
		return
	}
	if up := s.Upstream(); !up.Ended {
		up.Reset = true
	}
}

func (s *Stream) direction(response bool) *direction {
	if response {
		return &s.response
	}
	return &s.request
}

// data is RequestBody and ResponseBody.
func (s *Stream) data(response bool, data []byte, end bool) {
	d := s.direction(response)
	if !s.ignores(d) && !s.passQuickly(d, data, end) {
		s.guardedData(d, data, end)
	}
}

func (s *Stream) guardedData(d *direction, data []byte, end bool) {
	s.vm.enter()
	defer s.leave("Body")
	if !d.response {
		s.receivedBytes += len(data)
	}
	if s.config.Protocol == HTTP1 && end && len(data) > 0 {
		d.receiveData(data, false)
		data = nil
	}
	if d.response {
		s.responseEnds(end)
	}
	s.dispatching = s.config.Protocol != HTTP1 && !d.response
	d.receiveData(data, end)
	s.dispatching = false
}

// trailers is RequestTrailers and ResponseTrailers.
func (s *Stream) trailers(response bool, h []Header) {
	d := s.direction(response)
	if s.ignores(d) {
		return
	}
	s.vm.enter()
	defer s.leave("Trailers")
	d.trailers.Load(h, false)
	if d.response {
		s.responseEnds(true)
	}
	s.dispatching = s.config.Protocol != HTTP1 && !d.response
	d.receiveTrailers()
	s.dispatching = false
}

// Close ends the exchange: proxy_on_log, proxy_on_done, proxy_on_delete. When the response is not complete, it is the
// client that has ended the exchange.
func (s *Stream) Close() {
	s = s.first()
	if !s.closing && !s.closeQuickly() {
		s.guardedClose()
	}
}

func (s *Stream) guardedClose() {
	s.vm.enter()
	defer s.leave("Close")
	s.noteClient()
	s.close()
}

// close is Close inside another event. All plugins of a chain get proxy_on_log before one gets the others (Envoy,
// source/common/http/filter_manager.cc, FilterManager::log and FilterManager::destroyFilters).
func (s *Stream) close() {
	if s.closing {
		return
	}
	s.closing = true
	s.finished = s.time()
	for _, t := range s.chain {
		t.closeLog()
	}
	for _, t := range s.chain {
		t.closeContext()
	}
}

// closeLog is the first half of an exchange's end for one plugin.
func (s *Stream) closeLog() {
	s.cutOff()
	if s.bypassed {
		return
	}
	s.createContext()
	if !s.instanceDead() {
		s.inLog = true
		s.vm.callGuest(abi.OnLog, &s.abiContext, 0, 0, 0, 0, 0)
		s.logged()
	}
}

// cutOff notes which messages the end of the exchange has cut off.
func (s *Stream) cutOff() {
	s.request.out.Reset = s.request.out.HeadersSent && !s.request.out.Ended
	s.response.out.Reset = s.response.out.Reset || !s.response.out.Ended
}

// logged follows proxy_on_log.
func (s *Stream) logged() {
	s.vm.runActions()
	s.inLog = false
}

// closeContext is the second half.
func (s *Stream) closeContext() {
	if s.bypassed {
		s.closed = true
		return
	}
	if !s.instanceDead() {
		s.vm.callGuest(abi.OnDone, &s.abiContext, 0, 0, 0, 0, 0)
		s.vm.runActions()
	}
	s.deleteContext()
}

// deleteContext follows proxy_on_done.
func (s *Stream) deleteContext() {
	if !s.instanceDead() {
		s.vm.callGuest(abi.OnDelete, &s.abiContext, 0, 0, 0, 0, 0)
		s.vm.runActions()
	}
	s.forgetContext()
}

// forgetContext follows proxy_on_delete.
func (s *Stream) forgetContext() {
	s.closed = true
	if s.id != 0 {
		s.vm.removeContext(&s.abiContext)
	}
}

// time is the time in ns since 1970 for a module that can ask for it, else 0: reading the clock takes longer than a
// callback.
func (s *Stream) time() int64 {
	for _, t := range s.chain {
		if t.vm.module.readsProperties {
			return t.vm.now().UnixNano()
		}
	}
	return 0
}

// createContext makes proxy_on_context_create, unless it has been made.
func (s *Stream) createContext() {
	if s.contextCreated || s.bypassed {
		return
	}
	s.contextCreated = true
	if s.instanceDead() {
		return
	}
	s.vm.addContext(&s.abiContext)
	s.vm.callGuest(abi.OnContextCreate, &s.abiContext, 0, s.plugin.id, 0, 0, 0)
	s.vm.runActions()
}

// leave ends each event. When the exchange is over, what has come for the VM meanwhile waits for Close, which Envoy
// would have done by now.
func (s *Stream) leave(event string) {
	s.vm.recordPanic(recover(), event)
	s.leaveVM()
}

func (s *Stream) leaveVM() {
	if client := s.Downstream(); (client.Ended || client.Reset) && !s.closing {
		s.vm.entryDepth--
		return
	}
	s.vm.leave()
}
