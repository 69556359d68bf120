package host

import (
	"slices"
	"strings"

	"github.com/header-auth/header-auth/host/envoy"
	"github.com/header-auth/header-auth/host/headermap"
)

// Message is what has left the filter chain in one direction so far. Headers are as the chain leaves them, without what
// a codec or the connection manager adds behind it (date, server, connection, framing).
type Message struct {
	HeadersSent bool
	Ended       bool // the last byte has left
	Reset       bool // it was cut off before its end

	// Repeated has an entry for each further time that the headers have left, which proxy_continue_stream makes Envoy do
	// when nothing is held: whether the message ended with them.
	Repeated []bool

	direction         *direction
	trailersSent      bool
	body              []byte
	headers, trailers []Header // as they left, when they were changed afterwards
	changed           [2]bool  // headers and trailers were
}

// Headers are copies of the headers that have left, pseudo-headers among them; nil before that.
func (m *Message) Headers() []Header {
	if !m.HeadersSent {
		return nil
	}
	sent := m.sentHeaders()
	if m.direction.response && m.direction.stream.config.Protocol == HTTP1 {
		sent = slices.DeleteFunc(slices.Clone(sent), func(h Header) bool {
			return strings.HasPrefix(h.Name, ":") && h.Name != ":status" // HTTP/1.1 can't write them
		})
	}
	return headermap.Clone(sent)
}

// sentHeaders are the headers that have left. What a plugin changes afterwards, Envoy does not send.
func (m *Message) sentHeaders() []Header {
	if m.changed[0] {
		return m.headers
	}
	return m.direction.headers.Entries
}

// keepHeaders and keepTrailers come before a change. Before the message has left they do nothing.
func (m *Message) keepHeaders() {
	if m.HeadersSent && !m.changed[0] {
		m.headers, m.changed[0] = append(m.headers[:0], m.direction.headers.Entries...), true
	}
}

func (m *Message) keepTrailers() {
	if m.trailersSent && !m.changed[1] {
		m.trailers, m.changed[1] = append(m.trailers[:0], m.direction.trailers.Entries...), true
	}
}

// Trailers are copies of the trailers that have left.
func (m *Message) Trailers() []Header {
	if !m.trailersSent {
		return nil
	}
	if m.changed[1] {
		return headermap.Clone(m.trailers)
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
	if m.changed[0] {
		for _, h := range m.headers {
			if headermap.EqualFold(h.Name, name) {
				return h.Value, true
			}
		}
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
	m.HeadersSent, m.Ended, m.Reset, m.trailersSent, m.Repeated, m.changed = false, false, false, false, nil, [2]bool{}
	m.direction, m.body = d, m.body[:0]
}
