package envoy

import (
	"errors"
	"io"
	"net"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/wire"
	"github.com/header-auth/header-auth/host/headermap"
)

// upstream is the service that all listeners send requests to which plugins let pass.
type upstream struct {
	lane     *lane
	listener net.Listener
	waiting  map[string]*exchange // by id; guarded by the lane's lock
}

// upstreamCluster has its name from no table: a plugin can't call it by chance.
const upstreamCluster = "parity-upstream"

func (l *lane) listenUpstream() (*upstream, error) {
	listener, err := net.Listen("unix", l.process.Socket(upstreamCluster))
	if err != nil {
		return nil, err
	}
	u := &upstream{lane: l, listener: listener, waiting: map[string]*exchange{}}
	go accept(listener, func(c *wire.Conn) wire.Events { return &arrival{upstream: u, conn: c} })
	return u, nil
}

// accept serves connections until the listener is closed.
func accept(listener net.Listener, serve func(*wire.Conn) wire.Events) {
	for {
		raw, err := listener.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			continue
		}
		go func() {
			c, err := wire.Accept(raw)
			if err != nil { // no HTTP/2, such as a TLS handshake: it gets no answer
				_, _ = io.Copy(io.Discard, raw)
				_ = raw.Close()
				return
			}
			c.Read(serve(c))
		}()
	}
}

// arrival is a request at the upstream, on a connection of its own.
type arrival struct {
	upstream *upstream
	conn     *wire.Conn
	stream   uint32
	exchange *exchange
}

func (a *arrival) Headers(stream uint32, headers []headermap.Header, end bool) {
	l := a.upstream.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	own, id, part := unpacked(headers)
	if a.exchange != nil {
		a.exchange.upstream.Trailers = own
		a.end(end)
		return
	}
	a.stream = stream
	e := a.upstream.waiting[id]
	if e == nil {
		return // of a case that has ended
	}
	if unseen(e.request) {
		a.shown(e, part, own, end)
		return
	}
	a.exchange = e
	if e.arrived != nil { // Envoy has sent it twice
		e.upstream.Headers = append(e.upstream.Headers, own...)
	} else {
		e.arrived, e.upstream.Headers = a, own
	}
	a.end(end)
}

func (a *arrival) Data(_ uint32, data []byte, end bool) {
	l := a.upstream.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	if a.exchange != nil {
		a.exchange.upstream.Body += string(data)
		a.end(end)
	}
}

func (a *arrival) Reset(uint32) { a.Closed() }

func (a *arrival) Closed() {
	l := a.upstream.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	if a.exchange != nil && !a.exchange.upstream.Ended {
		a.exchange.upstream.Reset = true
	}
	l.happened()
}

func (a *arrival) end(now bool) {
	if now {
		a.exchange.upstream.Ended = true
	}
	a.upstream.lane.happened()
}

// answer sends an exchange's response. A connection that is closed shows itself at the client.
func (a *arrival) answer(e *exchange) {
	r, packed := &e.request.Response, e.packer
	if plain(r.Headers, status) {
		packed = nil
	}
	whole := r.Failed == ""
	if r.Headers != nil {
		_ = a.conn.Headers(a.stream, answerOnWire(r.Headers, packed), len(r.Body) == 0 &&
			r.Trailers == nil && whole)
	}
	for i, chunk := range r.Body {
		_ = a.conn.Data(a.stream, chunk, i == len(r.Body)-1 && r.Trailers == nil && whole)
	}
	if r.Trailers != nil {
		_ = a.conn.Headers(a.stream, answerOnWire(r.Trailers, nil), true)
	}
	switch r.Failed {
	case table.Reset:
		_ = a.conn.Reset(a.stream)
	case table.Garbage:
		_, _ = a.conn.Write([]byte(garbage))
		_ = a.conn.Close()
	case table.Closed:
		_ = a.conn.Close()
	}
}
