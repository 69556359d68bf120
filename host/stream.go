package host

import (
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
)

// Header is one entry of a header map.
type Header = headermap.Header

// Protocol is what the client speaks.
type Protocol uint8

const (
	HTTP1 Protocol = iota // a body without trailers ends with an empty piece of its own
	HTTP2                 // the last piece of a body carries the end
)

func (p Protocol) String() string { return abi.NameOf(uint32(p), "HTTP/1.1", "HTTP/2") }

// StreamConfig says how a request reached Envoy.
type StreamConfig struct {
	Protocol    Protocol
	Raw         bool              // hand headers to the plugin that Envoy's codecs would refuse with 400
	Source      string            // address and port of the client, such as "10.0.0.1:4711"
	Destination string            // address and port it called
	Properties  map[string][]byte // further properties as they are serialized, by path with dots, such as "connection.id"
}

// Stream is one HTTP exchange and the plugin's filter in it. Events are told by methods in the order in which they
// happen: RequestHeaders first, then the rest of the request and of the response, Close at last. What comes of them is
// read from Upstream and Downstream at any time, also after Close.
//
// An event that cannot be, such as a body after the end, is ignored. None of them panics or reports an error: like in
// Envoy the client gets what the failure policy says, and VM.Failure tells why.
type Stream struct {
	scope
	vm         *VM
	config     StreamConfig
	generation int // of the instance it was made in

	request, response side
	details           []byte // response code details
	held              []*reply
	exchange
}

// exchange is what a stream knows of its exchange besides what its sides know.
type exchange struct {
	in                direction // whose callbacks are running
	created           bool      // the guest knows the context
	bypassed          bool      // no filter was made
	refused           bool      // by the codec: the plugin sees nothing but its end
	failed            bool      // the failure's reply has been asked for
	closed, gone      bool      // being closed; closed
	released          bool
	logging           bool
	head, grpcRequest bool
	hadProto          bool // x-forwarded-proto was there before the plugin changed anything

	prepared          *reply            // waits for the request callback to return
	reply             *reply            // the plugin's
	started, finished int64             // ns since 1970, if anybody can ask
	received, sent    int               // bytes of body
	state             map[string][]byte // properties set by the guest
}

// NewStream begins an exchange. Nothing reaches the plugin before RequestHeaders.
func (p *Plugin) NewStream(c StreamConfig) *Stream {
	vm := p.vm
	if vm.failure != nil {
		p.reload()
	}
	var s *Stream
	if last := len(p.free) - 1; last >= 0 {
		s, p.free = p.free[last], p.free[:last]
	} else {
		s = &Stream{vm: vm, scope: scope{plugin: p, prefix: p.streamPrefix}}
		s.stream = s
	}
	s.id, s.config, s.generation = 0, c, vm.generation
	s.request.reset(s, false)
	s.response.reset(s, true)
	s.details = s.details[:0]
	s.exchange = exchange{
		bypassed: vm.dead() && (p.config.FailurePolicy == FailOpen || p.config.FailurePolicy == LegacyFailOpen),
	}
	return s
}

// Release gives a closed stream back to its plugin, which uses it again. Nobody may use it, or what was read from it
// without a copy, afterwards. Streams that are not released are left to the garbage collector.
func (s *Stream) Release() {
	if !s.gone || s.released {
		return
	}
	s.released = true
	if len(s.held) > 0 {
		s.vm.freeReplies = append(s.vm.freeReplies, s.held...)
		clear(s.held)
		s.held = s.held[:0]
	}
	s.plugin.free = append(s.plugin.free, s)
}

// RequestHeaders tells that the request's headers have arrived; end says that nothing follows. The headers are as
// they come from the wire, pseudo-headers among them; what Envoy's connection manager adds (x-forwarded-proto,
// x-request-id) is there only if the caller gives it. The strings are kept until the stream is released, the slice is
// not.
func (s *Stream) RequestHeaders(h []Header, end bool) {
	d := &s.request
	if d.hasHeaders || s.closed {
		return
	}
	s.vm.enter()
	defer s.leave("RequestHeaders")
	s.started = s.time()
	if !s.receive(h) {
		return
	}
	d.arriveHeaders(end)
}

// RequestBody tells that bytes of the request's body have arrived. HTTP/1.1 ends a body with an empty piece; that
// piece is made here when data is not empty.
func (s *Stream) RequestBody(data []byte, end bool) { s.data(&s.request, data, end) }

// RequestTrailers tells that the request ends with trailers.
func (s *Stream) RequestTrailers(h []Header) { s.trailers(&s.request, h) }

// ResponseHeaders tells that the upstream's response headers have arrived. A response is ignored once the exchange has
// got a reply from the plugin, or when the request was never sent on.
func (s *Stream) ResponseHeaders(h []Header, end bool) {
	d := &s.response
	if d.hasHeaders || s.closed || s.request.aborted || !s.request.out.HeadersSent {
		return
	}
	s.vm.enter()
	defer s.leave("ResponseHeaders")
	s.load(d, h)
	d.arriveHeaders(end)
}

// ResponseBody tells that bytes of the response's body have arrived, in pieces as RequestBody has them.
func (s *Stream) ResponseBody(data []byte, end bool) { s.data(&s.response, data, end) }

// ResponseTrailers tells that the response ends with trailers.
func (s *Stream) ResponseTrailers(h []Header) { s.trailers(&s.response, h) }

func (s *Stream) data(d *side, data []byte, end bool) {
	if !d.hasHeaders || d.ended || s.closed || d.aborted || d.response && s.request.aborted {
		return
	}
	s.vm.enter()
	defer s.leave("Body")
	if d.response {
		s.sent += len(data)
	} else {
		s.received += len(data)
	}
	if s.config.Protocol == HTTP1 && end && len(data) > 0 {
		d.arriveData(data, false)
		data = nil
	}
	d.arriveData(data, end)
}

func (s *Stream) trailers(d *side, h []Header) {
	if !d.hasHeaders || d.ended || s.closed || d.aborted || d.response && s.request.aborted {
		return
	}
	s.vm.enter()
	defer s.leave("Trailers")
	d.trailers.Load(h, false)
	d.arriveTrailers()
}

// Close ends the exchange: log, done, delete. If the response was not complete, it was the client that gave up.
func (s *Stream) Close() {
	if s.closed {
		return
	}
	s.vm.enter()
	defer s.leave("Close")
	s.close()
}

func (s *Stream) close() {
	if s.closed {
		return
	}
	s.closed = true
	s.request.out.Reset = s.request.out.HeadersSent && !s.request.out.Ended
	s.response.out.Reset = s.response.out.Reset || !s.response.out.Ended
	s.finished = s.time()
	if s.bypassed {
		s.gone = true
		return
	}
	s.create()
	if !s.lost() {
		s.logging = true
		s.vm.call(abi.OnLog, &s.scope, 0, 0, 0, 0, 0)
		s.vm.after()
		s.logging = false
	}
	s.request.headersMapped, s.request.trailersMapped, s.request.body = false, false, nil
	s.response.headersMapped, s.response.trailersMapped, s.response.body = false, false, nil
	if !s.lost() {
		s.vm.call(abi.OnDone, &s.scope, 0, 0, 0, 0, 0)
		s.vm.after()
	}
	if !s.lost() {
		s.vm.call(abi.OnDelete, &s.scope, 0, 0, 0, 0, 0)
		s.vm.after()
	}
	s.gone, s.state = true, nil
	if s.id != 0 {
		s.vm.shut(&s.scope)
	}
}

// time is the clock's for modules that can ask for it; a clock costs more than a callback.
func (s *Stream) time() int64 {
	if !s.vm.module.readsProperties {
		return 0
	}
	return s.vm.now().UnixNano()
}

// create makes the context known to the guest.
func (s *Stream) create() {
	if s.created || s.bypassed {
		return
	}
	s.created = true
	if s.lost() {
		return
	}
	s.vm.open(&s.scope)
	s.vm.call(abi.OnContextCreate, &s.scope, 0, s.plugin.id, 0, 0, 0)
	s.vm.after()
}

// call makes a callback in which the exchange may fail: false then, after asking for the failure's reply.
func (s *Stream) call(c abi.Callback, a, b uint32) (uint32, bool) {
	if s.lost() {
		s.fail()
		return 0, false
	}
	result := s.vm.call(c, &s.scope, 0, a, b, 0, 0)
	if s.lost() {
		s.fail()
		return 0, false
	}
	return result, true
}

// lost reports that the instance the stream was made in is dead.
func (s *Stream) lost() bool { return s.generation != s.vm.living }

func (s *Stream) failsOpen() bool { return s.plugin.config.FailurePolicy == LegacyFailOpen }

// failStream are the details of the reply for a dead VM.
const failStream = "wasm_fail_stream"

// fail answers for a dead VM, once: 503 without a body (Envoy, failStream).
func (s *Stream) fail() {
	if f := s.vm.failure; f != nil && f.Kind == WouldCrashEnvoy {
		s.cut()
		return
	}
	if s.failsOpen() || s.failed {
		return
	}
	s.failed = true
	r := s.newReply()
	r.code, r.grpc = 503, 14
	r.details = append(r.details, failStream...)
	s.sendReply(r)
}

// cut ends the exchange without an answer because Envoy itself would be gone.
func (s *Stream) cut() {
	s.request.aborted, s.response.aborted = true, true
	s.response.out.Reset = !s.response.out.Ended
	s.request.out.Reset = s.request.out.HeadersSent && !s.request.out.Ended
}

// listening says whether the plugin gets callbacks of this side. Those of the request's headers make it known to the
// guest; without them there are no others.
func (s *Stream) listening(d *side, first bool) bool {
	return !s.bypassed && !s.refused && (s.created || first) && !(d.response && s.failed)
}

func (s *Stream) leave(event string) {
	s.vm.recovered(recover(), event)
	s.vm.leave()
}

// Upstream is what has left towards the upstream.
func (s *Stream) Upstream() *Message { return &s.request.out }

// Downstream is what has left towards the client.
func (s *Stream) Downstream() *Message { return &s.response.out }

// Actions are what the headers callbacks returned last.
func (s *Stream) Actions() (request, response abi.Action) { return s.request.action, s.response.action }

// RequestHeld reports that the plugin holds the request back.
func (s *Stream) RequestHeld() bool { return s.request.held() }

// ResponseHeld reports that the plugin holds the response back.
func (s *Stream) ResponseHeld() bool { return s.response.held() }

// ContextID is the number by which the guest knows the stream, 0 before it does.
func (s *Stream) ContextID() uint32 { return s.id }

// Details says, in one word, why the response is what it is, as Envoy's access log has it; empty if it is the
// upstream's.
func (s *Stream) Details() string { return string(s.details) }
