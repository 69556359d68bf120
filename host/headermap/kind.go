package headermap

import "strings"

// Kind says which names cannot occur twice in a map: a second value is joined to the first with a comma.
type Kind uint8

const (
	Request  Kind = iota // the request headers that Envoy keeps as one entry each; host is stored as :authority
	Response             // the same for response headers
	Trailers             // grpc-status and grpc-message
	Plain                // nothing is joined
)

// joins says whether a second value of the name is joined to the first.
func (k Kind) joins(name string) bool {
	switch k {
	case Request:
		return inlineRequest(name)
	case Response:
		return inlineResponse(name)
	case Trailers:
		return name == "grpc-status" || name == "grpc-message"
	}
	return false
}

// inlineRequest are the names of which a request has one entry in an Envoy with its usual filters linked in
// (Envoy, envoy/http/header_map.h, and the filters that register more).
func inlineRequest(name string) bool {
	switch name {
	case ":authority", ":method", ":path", ":scheme", ":protocol", "accept", "accept-encoding",
		"access-control-request-headers", "access-control-request-method", "access-control-request-private-network",
		"authorization", "cache-control", "cdn-loop", "client-trace-id", "connection", "content-encoding",
		"content-length", "content-type", "expect", "grpc-accept-encoding", "grpc-timeout", "if-match",
		"if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "keep-alive", "origin", "pragma",
		"proxy-connection", "proxy-status", "referer", "te", "transfer-encoding", "upgrade", "user-agent", "via",
		"x-client-trace-id", "x-forwarded-client-cert", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port",
		"x-forwarded-proto", "x-request-id":
		return true
	}
	return strings.HasPrefix(name, "x-envoy-")
}

// inlineResponse is the same for responses.
func inlineResponse(name string) bool {
	switch name {
	case ":status", "access-control-allow-credentials", "access-control-allow-headers",
		"access-control-allow-methods", "access-control-allow-origin", "access-control-allow-private-network",
		"access-control-expose-headers", "access-control-max-age", "age", "cache-control", "connection",
		"content-encoding", "content-length", "content-type", "date", "etag", "expires", "grpc-message",
		"grpc-status", "keep-alive", "last-modified", "location", "proxy-connection", "proxy-status", "server",
		"transfer-encoding", "upgrade", "vary", "via", "x-request-id":
		return true
	}
	return strings.HasPrefix(name, "x-envoy-")
}

func isHost(name string) bool { return len(name) == 4 && EqualFold("host", name) }
