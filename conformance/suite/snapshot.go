package suite

import (
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// snapshot copies what a finished stream shows.
func snapshot(s *host.Stream) Exchange {
	request, response := s.Actions()
	e := Exchange{
		Decision:       decision(s),
		RequestAction:  request.String(),
		ResponseAction: response.String(),
		Upstream:       copied(s.Upstream()),
		Client:         copied(s.Downstream()),
	}
	if r := s.Reply(); r != nil {
		e.Reply = &Reply{Status: r.Status, Details: r.Details, Headers: ownHeaders(r.Headers), Body: string(r.Body),
			GRPCStatus: int(r.GRPCStatus)}
	}
	return e
}

func decision(s *host.Stream) string {
	up, replied := s.Upstream(), s.Reply() != nil
	switch {
	case up.HeadersSent && replied:
		return both
	case replied:
		return string(table.Refuse)
	case up.HeadersSent && !up.Ended:
		return incomplete
	case up.HeadersSent:
		return string(table.Allow)
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
