package suite

import (
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// wasmFailed is the details text of Envoy's own answer for a dead VM.
const wasmFailed = "wasm_fail_stream"

// snapshot copies what can be seen of a stream; whole says whether all of its request has arrived.
func snapshot(s *host.Stream, whole bool) Exchange {
	request, response := s.Actions()
	e := Exchange{
		Decision:       decision(s, whole),
		RequestAction:  request.String(),
		ResponseAction: response.String(),
		Upstream:       received(s.Upstream()),
		Client:         received(s.Downstream()),
		Failed:         s.Details() == wasmFailed,
	}
	if r := s.Reply(); r != nil {
		grpcStatus := int(r.GRPCStatus)
		e.Reply = &table.Reply{Status: r.Status, Details: r.Details, Headers: r.Headers, Body: string(r.Body),
			GRPCStatus: &grpcStatus}
	}
	return e
}

func decision(s *host.Stream, whole bool) string {
	up, replied := s.Upstream(), s.Reply() != nil
	switch {
	case up.HeadersSent && replied:
		return string(table.Replace)
	case replied:
		return string(table.Refuse)
	case up.HeadersSent && !up.Ended && whole:
		return Incomplete
	case up.HeadersSent:
		return string(table.Allow)
	case s.Details() == wasmFailed:
		return string(table.Fail)
	case s.Downstream().HeadersSent:
		return Answered
	}
	return string(table.Hold)
}

func received(m *host.Message) Received {
	return Received{Headers: m.Headers(), Body: string(m.Body()), Trailers: m.Trailers(), Ended: m.Ended, Reset: m.Reset}
}
