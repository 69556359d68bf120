package host

import (
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
)

// Header is one entry of a header map: headermap.Header. headermap.Of makes a list of them.
type Header = headermap.Header

// StreamConfig says how a request reached Envoy.
type StreamConfig struct {
	Protocol    Protocol
	Raw         bool   // the plugin gets headers that Envoy's codecs would refuse with 400, too
	Source      string // address and port of the client, such as "10.0.0.1:4711"; "": 127.0.0.1:50000
	Destination string // address and port it called; "": 127.0.0.1:10000
	Upstream    string // address and port of the host that the request goes to; "": 127.0.0.1:8080

	// Properties are the values of further properties by path with dots, such as "xds.route_name", and take the place of
	// those of the plugin and of what the exchange itself says. The types are those of package property; other numbers,
	// map[string]any and []any are made such values.
	Properties map[string]any
}

// Stream is one HTTP exchange and the plugin's filter in it. The caller calls a method for each event, in the order in
// which they happen: RequestHeaders first, then the rest of the request and of the response, Close at the end. Upstream
// and Downstream show at any time, also after Close, what has left the filter.
//
// The events of a stream in a Chain are those of the whole exchange, whichever of its streams is told.
//
// An event that is not possible, such as a body after the end, is ignored. No event panics or reports an error: as in
// Envoy, the client gets what the failure policy says, and VM.Failure says why.
type Stream struct {
	abiContext
	vm         *VM
	config     StreamConfig
	generation int // of the instance it was made in

	request, response direction
	replies           []*reply
	*exchange
	own   exchange  // what exchange points to, unless it is that of a chain's first stream
	chain []*Stream // all streams of the chain, in order
	alone [1]*Stream
	quick bool // the quick paths may be tried
	place
}

// place is the state of an exchange at the plugin's place in the filter chain, besides that of its two directions.
type place struct {
	contextCreated  bool // the guest knows the context
	bypassed        bool // no filter was made
	failureAnswered bool // the failure's reply has been asked for
	closed          bool // Close has ended
	released        bool // Release has been called
	inLog           bool // proxy_on_log is running
	endOfStream     bool // the last callback of headers or body was told that nothing follows
}

// exchange is the state of an exchange that all plugins of a chain have in common.
type exchange struct {
	active                   activeCallbacks // whose callbacks are running
	rejected                 bool            // by the codec: the plugin gets only log, done and delete
	closing                  bool            // Close has begun
	endsLater                bool            // proxy_close_stream has begun the end, which other actions precede
	dispatching              bool            // the HTTP/2 codec is handing over a part of the request
	headRequest, grpcRequest bool
	hadForwardedProto        bool // x-forwarded-proto was there before the plugin changed anything
	hadScheme                bool // so was :scheme

	details           []byte // response code details
	pendingReply      *reply // waits for the request callback to return
	reply             *reply // the plugin's
	started, finished int64  // ns since 1970; 0 when the module cannot ask for it
	receivedBytes     int    // of the request's body
	connectionID      uint64
	flags             uint64 // response flags
	upstreamFailure   CallFailure
	filterState       filterState
}

// NewStream begins an exchange. Nothing reaches the plugin before RequestHeaders.
func (p *Plugin) NewStream(c StreamConfig) *Stream {
	vm := p.vm
	if vm.failure != nil {
		p.reload()
	}
	var s *Stream
	if last := len(p.freeStreams) - 1; last >= 0 {
		s, p.freeStreams = p.freeStreams[last], p.freeStreams[:last]
	} else {
		s = &Stream{vm: vm, abiContext: abiContext{plugin: p, prefix: p.streamPrefix}}
		s.stream = s
		s.alone[0] = s
	}
	s.id, s.config, s.generation, s.prototypes, s.lastBuffer = 0, c, vm.generation, nil, buffer{}
	s.request.reset(s, false)
	s.response.reset(s, true)
	s.own = exchange{details: s.own.details[:0], connectionID: vm.connections}
	s.exchange, s.chain = &s.own, s.alone[:]
	if vm.fused == nil {
		vm.fuse()
	}
	s.quick = vm.fused != nil
	s.place = place{bypassed: vm.dead() && (p.config.FailurePolicy == FailOpen || p.config.FailurePolicy == LegacyFailOpen)}
	vm.connections++
	return s
}

// Release gives a closed stream back to its plugin, which uses it again. The stream, and strings that were read from it
// without a copy, must not be used any more. A stream that is not released is freed by the garbage collector.
func (s *Stream) Release() {
	if !s.closed || s.released {
		return
	}
	s.released = true
	if len(s.replies) > 0 {
		s.vm.freeReplies = append(s.vm.freeReplies, s.replies...)
		clear(s.replies)
		s.replies = s.replies[:0]
	}
	s.plugin.freeStreams = append(s.plugin.freeStreams, s)
}

// Upstream is what has left towards the upstream.
func (s *Stream) Upstream() *Message { return &s.last().request.out }

// Downstream is what has left towards the client.
func (s *Stream) Downstream() *Message { return &s.first().response.out }

// Actions are what the headers callbacks returned last.
func (s *Stream) Actions() (request, response abi.Action) { return s.request.action, s.response.action }

// RequestHeld reports that the plugin holds the request back.
func (s *Stream) RequestHeld() bool { return s.request.held() }

// ResponseHeld reports that the plugin holds the response back.
func (s *Stream) ResponseHeld() bool { return s.response.held() }

// ContextID is the number by which the guest knows the stream, 0 before it does.
func (s *Stream) ContextID() uint32 { return s.id }

// Details are the response code details, as Envoy's access log has them: one word that says where the response comes
// from, or how it ended, such as wasm_fail_stream or downstream_remote_disconnect; empty for the upstream's response.
func (s *Stream) Details() string { return string(s.details) }
