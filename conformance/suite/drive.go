package suite

import (
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// Exchanger is a request and its upstream's answer in the host's own types, made once so that Drive allocates nothing.
type Exchanger struct {
	request, response message
}

type message struct {
	headers, trailers []host.Header
	body              [][]byte
}

// NewExchanger prepares a request of the table.
func NewExchanger(r *table.Request) *Exchanger {
	return &Exchanger{
		request:  message{hostHeaders(r.Headers), hostHeaders(r.Trailers), r.Body},
		response: message{hostHeaders(r.Response.Headers), hostHeaders(r.Response.Trailers), r.Response.Body},
	}
}

func hostHeaders(headers []table.Header) []host.Header {
	if headers == nil {
		return nil
	}
	out := make([]host.Header, len(headers))
	for i, h := range headers {
		out[i] = host.Header(h)
	}
	return out
}

// Drive takes a new stream through one whole exchange: the request, the upstream's answer if the request reached it,
// the end. Conformance and benchmark both run this function and nothing else, so that they cannot drift apart; what
// came of it is read from the stream.
func (e *Exchanger) Drive(s *host.Stream) {
	e.headers(s)
	e.upload(s)
	e.respond(s)
	s.Close()
}

// The parts of Drive, for exchanges that are interleaved with others.

func (e *Exchanger) headers(s *host.Stream) {
	r := &e.request
	s.RequestHeaders(r.headers, len(r.body) == 0 && r.trailers == nil)
}

func (e *Exchanger) upload(s *host.Stream) {
	r := &e.request
	for i, chunk := range r.body {
		s.RequestBody(chunk, i == len(r.body)-1 && r.trailers == nil)
	}
	if r.trailers != nil {
		s.RequestTrailers(r.trailers)
	}
}

func (e *Exchanger) respond(s *host.Stream) {
	if !s.Upstream().Ended {
		return
	}
	r := &e.response
	s.ResponseHeaders(r.headers, len(r.body) == 0 && r.trailers == nil)
	for i, chunk := range r.body {
		s.ResponseBody(chunk, i == len(r.body)-1 && r.trailers == nil)
	}
	if r.trailers != nil {
		s.ResponseTrailers(r.trailers)
	}
}
