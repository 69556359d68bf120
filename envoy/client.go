package envoy

import (
	"slices"
	"time"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/wire"
	"github.com/header-auth/header-auth/host/headermap"
)

// exchange is one request on its way: its client, the plugin's part, the upstream. Fields below the line are guarded by
// the lane's lock.
type exchange struct {
	lane    *lane
	id      string
	name    string // of the stream; "": it has none
	plugin  string
	request *table.Request
	packer  packer
	packed  bool
	conn    wire.Client

	uploaded  bool // all of the request was sent
	responded bool // the upstream has answered, or had nothing to answer
	closed    bool // the client has left
	last      suite.Exchange

	// ---
	client suite.Received
	ended  bool // nothing more reaches the client

	parts           []*part // those of all plugins of the chain
	tested          *part   // of the plugin under test; nil: none yet
	reply           *table.Reply
	answeredByEnvoy bool // the plugin's VM is dead

	upstream suite.Received
	arrived  *arrival      // at the upstream; nil: not yet
	gate     *arrival      // that holds the request back which was shown there; nil: none yet
	due      time.Duration // as of a call
}

// part is what a plugin has done with an exchange.
type part struct {
	exchange          *exchange
	root              *root
	request, response string // what the headers callbacks returned; "": not called
	continued         bool   // the plugin has let the request go on
	deleted           bool
}

// own is the part of the plugin under test.
func (e *exchange) own() part {
	if e.tested != nil {
		return *e.tested
	}
	return part{}
}

// any says whether something is true of a part.
func (e *exchange) any(so func(*part) bool) bool { return slices.ContainsFunc(e.parts, so) }

// goes says whether the plugins that have seen the request let it go on.
func (e *exchange) goes() bool {
	return !e.any(func(p *part) bool { return p.request != "" && p.request != "Continue" && !p.continued })
}

// Headers, Data, Reset and Closed are what the client sees.
func (e *exchange) Headers(_ uint32, headers []headermap.Header, end bool) {
	e.lane.mu.Lock()
	defer e.lane.mu.Unlock()
	own, _, _ := unpacked(headers)
	if e.client.Headers == nil {
		e.client.Headers = own
	} else {
		e.client.Trailers = own
	}
	e.end(end)
}

func (e *exchange) Data(_ uint32, data []byte, end bool) {
	e.lane.mu.Lock()
	defer e.lane.mu.Unlock()
	e.client.Body += string(data)
	e.end(end)
}

func (e *exchange) Reset(uint32) { e.Closed() }

func (e *exchange) Closed() {
	e.lane.mu.Lock()
	defer e.lane.mu.Unlock()
	if !e.ended && !e.closed {
		e.client.Reset = true
	}
	e.ended = true
	e.lane.happened()
}

func (e *exchange) end(now bool) {
	if now {
		e.client.Ended, e.ended = true, true
	}
	e.lane.happened()
}

// send begins the exchange at a listener.
func (e *exchange) send(listener string) (err error) {
	r := e.request
	headers := e.onWire()
	socket := e.lane.process.Socket(listener)
	if size(headers) > listBytes {
		e.packed = true
		headers = e.onWire()
		e.conn, err = wire.DialHTTP1(socket)
	} else {
		e.conn, err = wire.Dial(socket)
	}
	if err != nil {
		return e.lane.gone(err)
	}
	if err := e.conn.Headers(1, headers, len(r.Body) == 0 && r.Trailers == nil); err != nil {
		return e.lane.gone(err)
	}
	go e.conn.Read(e)
	return nil
}

// onWire are the headers of the request as the client sends them.
func (e *exchange) onWire() []headermap.Header {
	if !e.packed {
		return onWire(e.request, e.id, nil)
	}
	return onWire(e.request, e.id, e.packer)
}

// upload sends what follows the headers. A connection that is closed shows itself elsewhere.
func (e *exchange) upload() {
	if e.uploaded {
		return
	}
	e.uploaded = true
	r := e.request
	for i, chunk := range r.Body {
		_ = e.conn.Data(1, chunk, i == len(r.Body)-1 && r.Trailers == nil)
	}
	if r.Trailers != nil {
		_ = e.conn.Headers(1, answerOnWire(r.Trailers, nil), true)
	}
}

// respond makes the upstream answer, if the request has reached it to its end.
func (e *exchange) respond() {
	if e.responded {
		return
	}
	e.responded = true
	e.lane.mu.Lock()
	a, gate, whole := e.arrived, e.gate, e.upstream.Ended
	e.lane.mu.Unlock()
	switch {
	case a == nil || !whole:
	case gate != nil:
		e.goesOn(gate)
	default:
		a.answer(e)
	}
}

// leave ends the exchange for the client.
func (e *exchange) leave() {
	e.lane.mu.Lock()
	e.closed = true
	ended := e.ended
	e.client.Reset = e.client.Reset || !ended
	e.lane.mu.Unlock()
	if !ended {
		_ = e.conn.Reset(1)
	}
	e.conn.Close()
}

// waits says whether something of the exchange is on its way. The lock is held.
func (e *exchange) waits() bool {
	seen := e.any(func(p *part) bool { return p.request != "" }) // a plugin has
	switch {
	case e.due > e.lane.clock.Steady():
		return false
	case e.ended && e.arrived != nil && !e.upstream.Ended && !e.upstream.Reset && !e.closed:
		return false
	case e.closed || e.ended && e.uploaded:
		return e.any(func(p *part) bool { return !p.deleted }) && !e.answeredByEnvoy
	case !seen:
		return !e.ended
	case e.reply != nil:
		return !e.ended
	case e.arrived == nil:
		return e.goes() && !e.ended
	case e.uploaded && !e.upstream.Ended:
		return !e.ended && !e.upstream.Reset
	case e.responded && e.upstream.Ended && e.request.Response.Failed == table.TimedOut && e.due == 0:
		return !e.ended // it is on its way to the upstream
	case e.responded && e.upstream.Ended:
		r := &e.request.Response
		breaksOff := r.Failed != "" && r.Headers != nil // Envoy then answers, or resets, although a plugin holds the response
		return !e.ended && (breaksOff || !e.any(func(p *part) bool { return p.response == "Pause" }))
	}
	return false
}

// seen is the client's side without the date that Envoy writes on every response that has none.
func (e *exchange) seen() suite.Received {
	given := e.request.Response.Headers
	if e.reply != nil {
		given = e.reply.Headers
	}
	isDate := func(h headermap.Header) bool { return lower(h.Name) == "date" }
	c := e.client
	if !slices.ContainsFunc(given, isDate) && c.Headers != nil {
		c.Headers = slices.DeleteFunc(slices.Clone(c.Headers), isDate)
	}
	return c
}
