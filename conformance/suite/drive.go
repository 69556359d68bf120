package suite

import (
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// Drive takes a new stream through one whole exchange: the request, the upstream's response if the request reached it,
// and the end. It allocates nothing. Conformance and benchmark both use it, so that they do the same; the result
// is read from the stream.
func Drive(s *host.Stream, r *table.Request) {
	sendHeaders(s, r)
	sendRest(s, r)
	respond(s, &r.Response)
	s.Close()
}

// The parts of Drive, for an exchange that other streams interrupt.

func sendHeaders(s *host.Stream, r *table.Request) {
	s.RequestHeaders(r.Headers, len(r.Body) == 0 && r.Trailers == nil)
}

func sendRest(s *host.Stream, r *table.Request) {
	for i, chunk := range r.Body {
		s.RequestBody(chunk, i == len(r.Body)-1 && r.Trailers == nil)
	}
	if r.Trailers != nil {
		s.RequestTrailers(r.Trailers)
	}
}

func respond(s *host.Stream, r *table.Message) {
	if !s.Upstream().Ended {
		return
	}
	if r.Failed != "" {
		fail(s, r)
		return
	}
	s.ResponseHeaders(r.Headers, len(r.Body) == 0 && r.Trailers == nil)
	for i, chunk := range r.Body {
		s.ResponseBody(chunk, i == len(r.Body)-1 && r.Trailers == nil)
	}
	if r.Trailers != nil {
		s.ResponseTrailers(r.Trailers)
	}
}

// fail is a response that does not come to its end.
func fail(s *host.Stream, r *table.Message) {
	if r.Headers != nil {
		s.ResponseHeaders(r.Headers, false)
	}
	for _, chunk := range r.Body {
		s.ResponseBody(chunk, false)
	}
	s.FailUpstream(upstreamFailures[r.Failed])
}

// upstreamFailures translate the table's words for how a response fails into the host's.
var upstreamFailures = map[table.AnswerKind]host.CallFailure{
	table.Reset:        host.CallReset,
	table.NoHost:       host.CallNoHost,
	table.Refused:      host.CallRefused,
	table.NotConnected: host.CallConnectTimeout,
	table.Closed:       host.CallClosed,
	table.Garbage:      host.CallProtocolError,
	table.TimedOut:     host.CallTimedOut,
}
