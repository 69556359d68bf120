package headermap

import "strings"

// Kind says which names cannot occur twice in a map: a second value is joined to the first with a comma.
type Kind uint8

const (
	Request          Kind = iota // the request headers that Envoy keeps as one entry each; host is stored as :authority
	Response                     // the same for response headers
	ResponseTrailers             // grpc-status and grpc-message
	RequestTrailers              // nothing is joined
	Plain                        // nothing is joined
)

// joins says whether a second value of the name is joined to the first.
func (k Kind) joins(name string) bool {
	switch k {
	case Request:
		return inlineRequest(name)
	case Response:
		return inlineResponse(name)
	case ResponseTrailers:
		return name == "grpc-status" || name == "grpc-message"
	}
	return false
}

// inlineRequest are the names of which a request has one entry in an Envoy with its usual filters linked in: those of
// INLINE_REQ_HEADERS and INLINE_REQ_RESP_HEADERS (Envoy, envoy/http/header_map.h), and those that others register
// (source/extensions/filters/http/cors/cors_filter.cc, cache/cache_custom_headers.cc, compressor/compressor_filter.cc,
// source/extensions/tracers/skywalking/trace_segment_reporter.cc, and more). The list is what 1.36 to 1.40 join of
// about 260 names that were tried.
func inlineRequest(name string) bool {
	switch name {
	case ":authority", ":method", ":path", ":scheme", ":protocol", "accept", "accept-encoding",
		"access-control-request-headers", "access-control-request-method", "access-control-request-private-network",
		"authentication", "authorization", "cache-control", "cdn-loop", "connection", "content-encoding",
		"content-length", "content-type", "expect", "grpc-accept-encoding", "grpc-timeout", "if-match",
		"if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "keep-alive", "origin", "pragma",
		"proxy-connection", "proxy-status", "referer", "te", "transfer-encoding", "upgrade", "user-agent", "via",
		"x-client-trace-id", "x-forwarded-client-cert", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port",
		"x-forwarded-proto", "x-request-id":
		return true
	}
	rest, ok := strings.CutPrefix(name, "x-envoy-")
	if !ok {
		return false
	}
	switch rest {
	case "attempt-count", "decorator-operation", "downstream-service-cluster", "downstream-service-node",
		"expected-rq-timeout-ms", "external-address", "force-trace", "hedge-on-per-try-timeout", "internal", "ip-tags",
		"is-timeout-retry", "max-retries", "original-host", "original-path", "original-url", "retriable-header-names",
		"retriable-status-codes", "retry-grpc-on", "retry-on", "upstream-alt-stat-name",
		"upstream-rq-per-try-timeout-ms", "upstream-rq-timeout-alt-response", "upstream-rq-timeout-ms",
		"upstream-stream-duration-ms":
		return true
	}
	return false
}

// inlineResponse is the same for responses: INLINE_RESP_HEADERS, INLINE_REQ_RESP_HEADERS, INLINE_RESP_HEADERS_TRAILERS.
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
	rest, ok := strings.CutPrefix(name, "x-envoy-")
	if !ok {
		return false
	}
	switch rest {
	case "attempt-count", "decorator-operation", "degraded", "immediate-health-check-fail", "ratelimited",
		"upstream-canary", "upstream-healthchecked-cluster", "upstream-service-time":
		return true
	}
	return false
}

func isHost(name string) bool { return len(name) == 4 && EqualFold("host", name) }
