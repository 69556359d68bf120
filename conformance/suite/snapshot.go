package suite

import (
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// wasmFailed are the details of the answer that Envoy gives for a dead VM.
const wasmFailed = "wasm_fail_stream"

// snapshot copies what a stream shows; whole says that its request has arrived to its end.
func snapshot(s *host.Stream, whole bool) Exchange {
	request, response := s.Actions()
	e := Exchange{
		Decision:       decision(s, whole),
		RequestAction:  request.String(),
		ResponseAction: response.String(),
		Upstream:       copied(s.Upstream()),
		Client:         copied(s.Downstream()),
		Failed:         s.Details() == wasmFailed,
	}
	if r := s.Reply(); r != nil {
		e.Reply = &Reply{Status: r.Status, Details: r.Details, Headers: ownHeaders(r.Headers), Body: string(r.Body),
			GRPCStatus: int(r.GRPCStatus)}
	}
	return e
}

func decision(s *host.Stream, whole bool) string {
	up, replied := s.Upstream(), s.Reply() != nil
	switch {
	case up.HeadersSent && replied:
		return both
	case replied:
		return string(table.Refuse)
	case up.HeadersSent && !up.Ended && whole:
		return incomplete
	case up.HeadersSent:
		return string(table.Allow)
	case s.Details() == wasmFailed:
		return string(table.Fail)
	case s.Downstream().HeadersSent:
		return answered
	}
	return string(table.Hold)
}

func copied(m *host.Message) Message {
	return Message{
		Headers:  ownHeaders(m.Headers()),
		Body:     string(m.Body()),
		Trailers: ownHeaders(m.Trailers()),
		Ended:    m.Ended,
		Reset:    m.Reset,
	}
}

func ownHeaders(headers []host.Header) []Header {
	if headers == nil {
		return nil
	}
	out := make([]Header, len(headers))
	for i, h := range headers {
		out[i] = Header(h)
	}
	return out
}
