package host

import (
	"cmp"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
)

// iteration is whether a message goes on through the filter chain (Envoy, source/common/http/filter_manager.h,
// ActiveStreamFilterBase::IterationState).
type iteration uint8

const (
	iterating  iteration = iota
	stopped              // held here, but further callbacks are made
	stoppedAll           // held, and no callback is made until the plugin continues
)

// direction is one direction of an exchange, request or response, at the plugin's place in the filter chain: what
// Envoy's filter manager and its Wasm filter know of it (source/common/http/filter_manager.cc,
// source/extensions/common/wasm/context.cc). The methods do their work in the order of that code.
type direction struct {
	stream   *Stream
	response bool
	next     *direction // of the next plugin of a chain; nil: the router, or the client

	headers, trailers headermap.Map
	chunk, buffer     []byte // the piece of the body that is passing, empty else; what the filter manager holds back
	out               Message
	progress
}

// progress is how far a direction has come.
type progress struct {
	hasHeaders, hasTrailers bool
	ended                   bool // the last byte has arrived here
	state                   iteration
	continued               bool // headers have gone on
	unseen                  bool // resume runs for what the plugin has not seen
	headersChanged          bool // by the guest
	routeUnsure             bool // the router has to look at the headers as they have come
	aborted                 bool // a local reply has taken the place of what would follow
	full                    int  // bytes of the buffer when Envoy stopped reading, because it was over the limit
	buffered                bool // there is a buffer, or has been one

	// What the plugin sees.
	headersMapped, trailersMapped bool
	buffering                     bool       // the last body callback returned Pause
	action                        abi.Action // the headers callback's last
	body                          *[]byte    // of the last body callback, chunk, buffer or nil; see mutableBody
}

// reset makes a direction ready for an exchange.
func (d *direction) reset(s *Stream, response bool) {
	d.stream, d.response, d.next = s, response, nil
	d.headers.Reset(headersKind(response))
	if d.hasTrailers || d.trailers.Kind() != trailersKind(response) {
		d.trailers.Reset(trailersKind(response))
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

func trailersKind(response bool) headermap.Kind {
	if response {
		return headermap.ResponseTrailers
	}
	return headermap.RequestTrailers
}

// receiveHeaders is called once, with the headers already in d.headers.
func (d *direction) receiveHeaders(end bool) {
	d.hasHeaders, d.ended = true, end
	if d.aborted {
		return
	}
	d.settleHeaders(d.callHeaders(end), end)
}

// settleHeaders forwards or holds the headers, as their callback wants it.
func (d *direction) settleHeaders(action abi.Action, end bool) {
	switch {
	case d.repliedLocally():
	case action == abi.Continue:
		d.continued = true
		d.forwardHeaders(end)
	case action == abi.Pause:
		d.state = stopped
	default:
		d.state = stoppedAll
	}
}

// receiveData takes the next bytes of the body.
func (d *direction) receiveData(data []byte, end bool) {
	if d.aborted || d.ended {
		return
	}
	d.ended = end
	if d.state == stoppedAll {
		d.hold(data)
		return
	}
	d.chunk = append(d.chunk, data...) // behind what the plugin may have written since the last piece
	d.passData(end, &d.chunk)
	d.chunk = d.chunk[:0]
}

// receiveBuffer takes what the plugin before this one has held back: Envoy has one buffer for all plugins of a chain,
// so that what this one holds back, too, stays in it.
func (d *direction) receiveBuffer(data []byte, end bool) {
	if d.aborted || d.ended {
		return
	}
	d.ended = end
	if d.hold(data); d.state != stoppedAll {
		d.passData(end, &d.buffer)
	}
}

// passData shows data, which is the chunk or the buffer, to the plugin, and then forwards or holds it.
func (d *direction) passData(end bool, data *[]byte) {
	before := d.hasTrailers
	moved := d.buffering && d.stream.vm.module.rules.LateBody
	if action, alive := d.callBody(end && !before, data); alive {
		if moved && action == abi.Continue && d.state == iterating {
			data = &d.buffer // where callBody has put it; before, Envoy lost it
		}
		d.settleData(action, before, end, data)
	} else {
		d.repliedLocally()
	}
}

// settleData forwards or holds data, as the body callback wants it. hadTrailers says whether
// there were trailers before.
func (d *direction) settleData(action abi.Action, hadTrailers, end bool, data *[]byte) {
	if d.repliedLocally() {
		return
	}
	if action == abi.Continue {
		if d.state == stopped {
			if data != &d.buffer {
				d.hold(*data)
			}
			d.resume()
			return
		}
		d.forwardData(data, end && !d.hasTrailers)
		*data = (*data)[:0]
		if d.hasTrailers && end {
			d.lateTrailers()
		}
		return
	}
	d.holdData(action, data)
	if d.hasTrailers && !hadTrailers && !d.response {
		d.lateTrailers() // those of a request go on at once, past a body that is held
	}
}

// lateTrailers lets trailers go on behind a body: those that were held, or that the plugin has created in its body
// callback. The plugin gets them itself when resume has shown it the body.
func (d *direction) lateTrailers() {
	if d.unseen {
		d.passTrailers()
	} else {
		d.forwardTrailers()
	}
}

// holdData keeps what the plugin holds back in its body callback.
func (d *direction) holdData(action abi.Action, data *[]byte) {
	d.state = stopped
	switch {
	case data == &d.buffer:
	case action == abi.Pause || action == abi.StopAndWatermark:
		d.hold(*data)
		if action == abi.Pause && d.tooLarge() {
			return
		}
	case d.ended && !d.hasTrailers:
		d.buffered = true // nothing is kept, but the end must go on later
	}
}

// hold puts data into the buffer.
func (d *direction) hold(data []byte) {
	if limit := d.stream.plugin.bufferLimit(); d.full == 0 && len(d.buffer)+len(data) > limit {
		for d.full = len(d.buffer); d.full <= limit; {
			d.full += min(pieceBytes, len(d.buffer)+len(data)-d.full)
		}
	}
	d.buffer = append(d.buffer, data...)
	d.buffered = true
}

// tooLarge answers a body of which more than the limit is held.
func (d *direction) tooLarge() bool {
	if len(d.buffer) <= d.stream.plugin.bufferLimit() {
		return false
	}
	if d.response {
		d.stream.sendEnvoyReply(500, "Internal Server Error", "response_payload_too_large")
	} else {
		d.stream.sendEnvoyReply(413, "Payload Too Large", "request_payload_too_large")
	}
	return true
}

// receiveTrailers is called once, with the trailers already in d.trailers.
func (d *direction) receiveTrailers() {
	d.hasTrailers, d.ended = true, true
	if !d.aborted && d.state != stoppedAll {
		d.passTrailers()
	}
}

// passTrailers shows the trailers to the plugin, and then forwards or holds them.
func (d *direction) passTrailers() {
	action := d.callTrailers()
	switch {
	case d.repliedLocally():
	case action != abi.Continue:
		d.state = stopped
	case d.state == stopped:
		d.resume()
	default:
		d.forwardTrailers()
	}
}

// resume forwards what is held; it does nothing when nothing is (Envoy, source/common/http/filter_manager.cc,
// ActiveStreamFilterBase::commonContinue).
func (d *direction) resume() {
	if d.aborted || d.stream.closing || !d.response && d.stream.last().response.ended ||
		d.response && d.stream.Downstream().Ended {
		return
	}
	again := d.unseen // in the callback of trailers that resume makes: they come once more, and the body is lost
	d.unseen = again || d.state == stoppedAll
	d.state = iterating
	if !d.continued {
		d.continued = true
		if !d.hasHeaders { // they are with a plugin that comes before this one: a chain has one map
			d.headers.LoadKnown(d.stream.furthest(d.response).headers.Entries, 0)
		}
		d.forwardHeaders(d.ended && !d.buffered && !d.hasTrailers)
		if d.aborted || d.stream.closing {
			return
		}
	}
	trailers := d.hasTrailers
	if d.buffered && !again {
		d.resumeData(d.ended && !trailers)
	}
	if trailers && !d.aborted && !d.stream.closing {
		d.lateTrailers()
	}
	d.unseen = false
}

// pieceBytes is what Envoy reads from a connection at a time.
const pieceBytes = 16 << 10

// resumeData forwards the buffer, by way of the plugin if that has not seen it.
func (d *direction) resumeData(end bool) {
	if !d.unseen {
		d.forwardData(&d.buffer, end)
		d.buffer = d.buffer[:0]
		if end && d.hasTrailers {
			d.forwardTrailers()
		}
		return
	}
	if len(d.buffer) <= d.stream.plugin.bufferLimit() {
		d.passData(end, &d.buffer)
		return
	}
	// Envoy has stopped reading from the connection: the plugin sees the rest in the pieces that Envoy reads now.
	rest := append([]byte(nil), d.buffer...)
	d.buffer, d.buffered = d.buffer[:0], false
	n := cmp.Or(d.full, pieceBytes)
	for len(rest) > 0 && !d.aborted && !d.stream.closing {
		n = min(n, len(rest))
		d.chunk = append(d.chunk[:0], rest[:n]...)
		d.passData(false, &d.chunk)
		rest, n = rest[n:], pieceBytes
	}
	if end && !d.aborted && !d.stream.closing {
		d.chunk = d.chunk[:0]
		d.passData(true, &d.chunk)
	}
}
