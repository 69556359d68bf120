package host

import (
	"slices"

	"github.com/header-auth/header-auth/host/envoy"
	"github.com/header-auth/header-auth/host/headermap"
)

// LocalReply is a response that a plugin asked for with proxy_send_local_response: the arguments of the call, before
// the response callbacks have changed anything.
type LocalReply struct {
	Status     int // of the argument's 32 bits Envoy uses the low 16
	Details    string
	Headers    []Header
	Body       []byte
	GRPCStatus int32 // outside 0 to 16: not set
}

// reply is a local reply that has been asked for.
type reply struct {
	code       uint32
	grpc       int32
	details    []byte
	body       []byte
	pairs      headermap.Map
	fromPlugin bool
}

// newReply takes a reply that is not in use; it belongs to the stream until that is released.
func (s *Stream) newReply() *reply {
	vm := s.vm
	var r *reply
	if last := len(vm.freeReplies) - 1; last >= 0 {
		r, vm.freeReplies = vm.freeReplies[last], vm.freeReplies[:last]
	} else {
		r = &reply{}
	}
	r.code, r.grpc, r.fromPlugin = 0, -1, false
	r.details, r.body = r.details[:0], r.body[:0]
	r.pairs.Reset(headermap.Plain)
	s.replies = append(s.replies, r)
	return r
}

// sendEnvoyReply sends a reply that Envoy makes without the plugin.
func (s *Stream) sendEnvoyReply(code uint32, body, details string) {
	r := s.newReply()
	r.code = code
	r.body = append(r.body, body...)
	r.details = append(r.details, details...)
	s.sendReply(r)
}

// sendReply sends a reply in the way that is still possible: through the plugin's response callbacks, past the plugin,
// or not at all (Envoy, source/common/http/filter_manager.cc, FilterManager::sendLocalReply).
func (s *Stream) sendReply(r *reply) {
	if s.closing && s.active&requestCallback == 0 {
		s.replyEnding(r)
		return
	}
	if s.Downstream().Ended && (s.active&responseCallback != 0 || !s.request.aborted) {
		if s.config.Protocol != HTTP1 && !s.first().request.ended {
			return // the codec keeps the stream until the request has ended
		}
		s.vm.crash("a reply behind a response that proxy_continue_stream has sent to its end: Envoy dies of SIGSEGV")
		s.reset()
		return
	}
	if s.active&requestCallback != 0 {
		s.abort(false)
	} else if s.active&responseCallback != 0 {
		s.abort(true)
	}
	switch started := s.last().response.hasHeaders; {
	case !started && s.active&requestCallback != 0:
		if s.pendingReply == nil { // the first one in a callback counts
			s.recordReply(r)
			s.pendingReply = r
		}
	case !started:
		s.recordReply(r)
		s.replyThroughChain(r)
	case !s.Downstream().HeadersSent:
		s.recordReply(r)
		s.replyDirectly(r)
	default: // the client has seen headers: Envoy can only cut the connection
		s.recordReply(r)
		s.reset()
		s.close()
	}
}

// replyEnding sends the reply while the exchange ends: when an action before this one has ended it, before a client has
// seen headers, the client gets the reply. Else the stream is destroyed twice, if its request has ended.
func (s *Stream) replyEnding(r *reply) {
	trapped := r.fromPlugin && s.failureAnswered
	switch client := s.Downstream(); {
	case !client.HeadersSent && !s.closed:
		s.reopen(func() {
			s.recordReply(r)
			if s.last().response.hasHeaders {
				s.replyDirectly(r)
			} else {
				s.replyThroughChain(r)
			}
		})
	case s.first().request.ended || trapped && s.config.Protocol == HTTP1:
		s.endTwice()
	}
}

// reopen does something with the response of an exchange that ends, as if it did not.
func (s *Stream) reopen(do func()) {
	later := s.endsLater
	s.closing, s.endsLater = false, false // a callback on the way runs what waits in the queue
	for _, t := range s.chain {
		t.response.aborted, t.response.out.Reset = false, false
	}
	do()
	s.closing = true
	for _, t := range s.chain {
		t.response.aborted, t.response.out.Reset = true, !t.response.out.Ended
	}
	if later {
		s.closeContext()
	}
}

// recordReply makes r the exchange's reply, which Details and Reply show.
func (s *Stream) recordReply(r *reply) {
	s.details = append(s.details[:0], r.details...)
	up := s.Upstream()
	up.Reset = up.HeadersSent && !up.Ended // the router gives the upstream up
	if r.fromPlugin {
		s.reply = r
	}
}

// replyThroughChain sends the reply as if it were the upstream's response, through the plugin's response callbacks.
func (s *Stream) replyThroughChain(r *reply) {
	d := &s.last().response
	s.abort(false)
	end := d.compose(r)
	if s.closing { // an action behind that of the reply has closed the stream: Envoy calls the plugin after its delete
		d.hasHeaders = true
		d.callHeaders(end)
		return
	}
	d.receiveHeaders(end)
	switch {
	case end || d.out.Reset:
	case !d.aborted:
		d.receiveData(r.body, true)
	case s.dispatching && s.request.ended && !s.closing:
		// Another reply has taken the place of this one, and the stream is given up when the codec returns: the plugin
		// still gets the body, which goes nowhere.
		d.chunk = append(d.chunk[:0], r.body...)
		d.callBody(true, &d.chunk)
		d.chunk = d.chunk[:0]
	}
}

// replyDirectly sends the reply past the plugin, in place of a response that has not gone out yet.
func (s *Stream) replyDirectly(r *reply) {
	d := &s.first().response
	s.abort(false)
	s.abort(true)
	end := d.compose(r)
	d.hasHeaders, d.ended = true, true
	for _, t := range s.chain {
		t.response.buffer, t.response.buffered = t.response.buffer[:0], false
	}
	if d.out.Reset {
		return
	}
	d.out.HeadersSent, d.out.Ended = true, true
	if !end {
		d.out.body = append(d.out.body, r.body...)
	}
}

// compose makes the reply's headers and says whether they are all there is.
func (d *direction) compose(r *reply) (end bool) {
	return envoy.LocalReply{Status: r.code, GRPCStatus: r.grpc, Headers: r.pairs.Entries, Body: r.body}.
		Compose(&d.headers, d.stream.grpcRequest, d.stream.headRequest)
}

// Replied reports that there is a Reply, without making copies of it.
func (s *Stream) Replied() bool { return s.reply != nil }

// Reply is the plugin's local response, nil when there is none. Of several it is the one that took effect.
func (s *Stream) Reply() *LocalReply {
	r := s.reply
	if r == nil {
		return nil
	}
	return &LocalReply{Status: int(r.code), Details: string(r.details), Headers: r.pairs.Clone(),
		Body: slices.Clone(r.body), GRPCStatus: r.grpc}
}
