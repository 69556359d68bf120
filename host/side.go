package host

import (
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/envoy"
	"github.com/header-auth/header-auth/host/headermap"
)

// iteration is whether a message goes on through the filter chain (Envoy's IterationState).
type iteration uint8

const (
	iterating  iteration = iota
	stopped              // held here, but further callbacks are made
	stoppedAll           // held, and no callback is made until the plugin continues
)

// side is one direction of an exchange at the plugin's place in the filter chain: what Envoy's filter manager and its
// wasm filter know of it (source/common/http/filter_manager.cc, source/extensions/common/wasm/context.cc). Methods
// keep the names and the order of work of that code where it helps to compare.
type side struct {
	s        *Stream
	response bool

	headers, trailers headermap.Map
	chunk, buffer     []byte // what is passing through; what the filter manager holds back
	out               Message
	progress
}

// progress is how far a side has come.
type progress struct {
	hasHeaders, hasTrailers bool
	ended                   bool // the last byte has arrived here
	state                   iteration
	continued               bool // headers have gone on
	headersChanged          bool // by the guest
	aborted                 bool // a local reply has taken the place of whatever would follow
	buffered                bool // there is a buffer, be it empty

	// What the plugin sees.
	headersMapped, trailersMapped bool
	buffering                     bool       // the last body callback returned Pause
	addTrailers                   bool       // trailers may be created now
	action                        abi.Action // the headers callback's last
	body                          *[]byte    // chunk, buffer or nil
}

// reset makes a side ready for an exchange, the first one or another.
func (d *side) reset(s *Stream, response bool) {
	d.s, d.response = s, response
	d.headers.Reset(headersKind(response))
	if d.hasTrailers || d.trailers.Kind() != headermap.Trailers {
		d.trailers.Reset(headermap.Trailers)
	}
	d.chunk, d.buffer = d.chunk[:0], d.buffer[:0]
	d.progress = progress{}
	d.out.reset(d)
}

func headersKind(response bool) headermap.Kind {
	if response {
		return headermap.Response
	}
	return headermap.Request
}

// arriveHeaders is called once, with the headers already in d.headers.
func (d *side) arriveHeaders(end bool) {
	d.hasHeaders, d.ended = true, end
	if d.aborted {
		return
	}
	switch action := d.callHeaders(end); {
	case d.replied():
	case action == abi.Continue:
		d.continued = true
		d.forwardHeaders(end)
	case action == abi.Pause:
		d.state = stopped
	default:
		d.state = stoppedAll
	}
}

// arriveData takes the next bytes of the body.
func (d *side) arriveData(data []byte, end bool) {
	if d.aborted || d.ended {
		return
	}
	d.ended = end
	if d.state == stoppedAll {
		d.hold(data)
		return
	}
	d.chunk = append(d.chunk[:0], data...)
	d.passData(end, &d.chunk)
}

// passData shows data, which is the chunk or the buffer, to the plugin and moves it on.
func (d *side) passData(end bool, data *[]byte) {
	action, alive := d.callBody(end, data)
	if d.replied() || !alive {
		return
	}
	if action == abi.Continue {
		if d.state == stopped {
			d.hold(*data)
			d.resume()
			return
		}
		d.forwardData(*data, end && !d.hasTrailers)
		*data = (*data)[:0]
		if data == &d.buffer {
			d.buffered = false
		}
		if d.hasTrailers && end {
			d.forwardTrailers() // created by the plugin
		}
		return
	}
	d.state = stopped
	switch {
	case data == &d.buffer:
	case action == abi.Pause || action == abi.StopAndWatermark:
		d.hold(*data)
		if action == abi.Pause && d.tooLarge() {
			return
		}
	case d.ended && !d.hasTrailers:
		d.buffered = true // nothing is kept, but the end must still go on
	}
}

// hold puts data into the buffer.
func (d *side) hold(data []byte) {
	d.buffer = append(d.buffer, data...)
	d.buffered = true
}

// tooLarge answers a body that is held beyond the limit.
func (d *side) tooLarge() bool {
	if len(d.buffer) <= d.s.plugin.bufferLimit() {
		return false
	}
	if d.response {
		d.s.answer(500, "Internal Server Error", "response_payload_too_large")
	} else {
		d.s.answer(413, "Payload Too Large", "request_payload_too_large")
	}
	return true
}

// arriveTrailers is called once, with the trailers already in d.trailers.
func (d *side) arriveTrailers() {
	d.hasTrailers, d.ended = true, true
	if !d.aborted && d.state != stoppedAll {
		d.passTrailers()
	}
}

func (d *side) passTrailers() {
	action := d.callTrailers()
	switch {
	case d.replied():
	case action != abi.Continue:
		d.state = stopped
	case d.state == stopped:
		d.resume()
	default:
		d.forwardTrailers()
	}
}

// resume lets go on what is held (commonContinue). It does nothing when nothing is.
func (d *side) resume() {
	if d.aborted || d.s.closed {
		return
	}
	again := d.state == stoppedAll // the plugin has not seen what is held
	d.state = iterating
	if !d.continued {
		d.continued = true
		d.forwardHeaders(d.ended && !d.buffered && !d.hasTrailers)
		if d.aborted || d.s.closed {
			return
		}
	}
	trailers := d.hasTrailers
	if d.buffered {
		d.resumeData(d.ended && !trailers, again)
	}
	if !trailers || d.aborted || d.s.closed {
		return
	}
	if again {
		d.passTrailers()
	} else {
		d.forwardTrailers()
	}
}

// pieceBytes is what Envoy reads from a connection at a time.
const pieceBytes = 16 << 10

func (d *side) resumeData(end, again bool) {
	if !again {
		d.forwardData(d.buffer, end)
		d.buffer, d.buffered = d.buffer[:0], false
		if end && d.hasTrailers {
			d.forwardTrailers()
		}
		return
	}
	if len(d.buffer) <= d.s.plugin.bufferLimit() {
		d.passData(end, &d.buffer)
		return
	}
	// Envoy would have stopped reading, so the plugin sees what the connection gives from now on.
	rest := append([]byte(nil), d.buffer...)
	d.buffer, d.buffered = d.buffer[:0], false
	for len(rest) > 0 && !d.aborted && !d.s.closed {
		n := min(len(rest), pieceBytes)
		d.chunk = append(d.chunk[:0], rest[:n]...)
		d.passData(false, &d.chunk)
		rest = rest[n:]
	}
	if end && !d.aborted && !d.s.closed {
		d.chunk = d.chunk[:0]
		d.passData(true, &d.chunk)
	}
}

// replied reports that a local reply has taken over, and sends the one that waited for the callback to return.
func (d *side) replied() bool {
	if r := d.s.prepared; r != nil && !d.response {
		d.s.prepared = nil
		d.s.replyThroughChain(r)
	}
	return d.aborted || d.s.closed
}

// forwardHeaders passes headers on to the router, or to the client.
func (d *side) forwardHeaders(end bool) {
	s := d.s
	if d.out.HeadersSent {
		if d.response {
			s.vm.crash("proxy_continue_stream(Response) while nothing is held: Envoy sends the response headers to " +
				"the client twice")
		} else {
			s.vm.crash("proxy_continue_stream(Request) while nothing is held: Envoy sends the request upstream twice")
		}
		return
	}
	if d.headersChanged && !d.routable() {
		return
	}
	d.out.HeadersSent = true
	d.end(end)
}

// routable asks what is behind the filter about headers that the plugin has changed. It reports false when that answers
// itself.
func (d *side) routable() bool {
	var refusal envoy.Refusal
	if d.response {
		refusal = envoy.CheckResponse(&d.headers)
	} else {
		refusal = envoy.Route(&d.headers, d.s.hadProto)
	}
	if refusal.Status == 0 {
		return true
	}
	d.s.answer(uint32(refusal.Status), refusal.Body, refusal.Details)
	return false
}

func (d *side) forwardData(data []byte, end bool) {
	if !d.out.HeadersSent || d.out.Ended || d.out.Reset {
		return
	}
	if !(d.response && d.s.head) {
		d.out.body = append(d.out.body, data...)
	}
	d.end(end)
}

func (d *side) forwardTrailers() {
	if !d.out.HeadersSent || d.out.Ended || d.out.Reset {
		return
	}
	d.out.trailersSent = true
	d.end(true)
}

func (d *side) end(end bool) { d.out.Ended = d.out.Ended || end }

// held reports that the plugin holds the message back.
func (d *side) held() bool {
	return d.hasHeaders && d.state != iterating && !d.aborted && !d.s.closed && !d.out.Reset
}
