package host

import (
	"slices"

	"github.com/header-auth/header-auth/host/envoy"
)

// Message is what has left the filter chain in one direction so far. Headers are as the chain leaves them, without what
// a codec or the connection manager adds behind it (date, server, connection, framing).
type Message struct {
	HeadersSent bool
	Ended       bool // the last byte has left
	Reset       bool // it was cut off before its end

	direction    *direction
	trailersSent bool
	body         []byte
}

// Headers are copies of the headers that have left, pseudo-headers among them; nil before that.
func (m *Message) Headers() []Header {
	if !m.HeadersSent {
		return nil
	}
	return m.direction.headers.Clone()
}

// Trailers are copies of the trailers that have left.
func (m *Message) Trailers() []Header {
	if !m.trailersSent {
		return nil
	}
	return m.direction.trailers.Clone()
}

// Body is a copy of the bytes that have left.
func (m *Message) Body() []byte { return slices.Clone(m.body) }

// Header is the first value of a header that has left. The string is good until the stream is released.
func (m *Message) Header(name string) (string, bool) {
	if !m.HeadersSent {
		return "", false
	}
	return m.direction.headers.Get(name)
}

// Status is the response's status as a number, 0 when there is none.
func (m *Message) Status() int {
	value, _ := m.Header(":status")
	return envoy.Number(value)
}

func (m *Message) reset(d *direction) {
	m.HeadersSent, m.Ended, m.Reset, m.trailersSent = false, false, false, false
	m.direction, m.body = d, m.body[:0]
}
