package envoy

import (
	"strings"

	"github.com/header-auth/header-auth/host/headermap"
)

// LocalReply is a reply that Envoy makes itself, for a plugin or on its own account.
type LocalReply struct {
	Status     uint32
	GRPCStatus int32 // outside 0 to 16: derived from Status
	Headers    []headermap.Header
	Body       []byte
}

// Compose makes the reply's headers in m, which is emptied first, and says whether they are all that is sent: the body
// is not sent to a HEAD request, nor to a gRPC one, which gets the reply as a success with trailers in its headers
// (Envoy, source/common/http/utility.cc, Utility::prepareLocalReply).
func (r LocalReply) Compose(m *headermap.Map, grpcRequest, headRequest bool) (end bool) {
	m.Reset(headermap.Response)
	m.Append(":status", m.Decimal(int(r.Status)))
	for _, e := range r.Headers {
		m.Add(e.Name, e.Value)
	}
	m.Set(":status", m.Decimal(int(r.Status))) // a pair of that name was joined to it
	if grpcRequest {
		m.Set(":status", "200")
		m.Set("content-type", "application/grpc")
		if value, _ := m.Get("grpc-status"); value == "" {
			m.Set("grpc-status", m.Decimal(int(r.grpcStatus())))
		}
		if len(r.Body) > 0 && !headRequest {
			m.Set("grpc-message", percentEncode(r.Body))
		}
		m.Remove("content-length")
		return true
	}
	if len(r.Body) == 0 {
		m.Remove("content-length")
		m.Remove("content-type")
		return true
	}
	m.Set("content-length", m.Decimal(len(r.Body)))
	if m.Index("content-type") < 0 { // an empty one stays
		m.Set("content-type", "text/plain")
	}
	return headRequest
}

// grpcStatus is the status given, or the one that Envoy derives from the HTTP status.
func (r LocalReply) grpcStatus() int32 {
	if r.GRPCStatus >= 0 && r.GRPCStatus <= 16 {
		return r.GRPCStatus
	}
	return GRPCStatusOf(int(r.Status))
}

// GRPCStatus is a grpc-status header as a number, -1 when it is none (Envoy, source/common/grpc/common.cc,
// Common::getGrpcStatus).
func GRPCStatus(value string) int {
	n := Number(value)
	if n == 0 && value != "0" || n > 16 {
		return -1
	}
	return n
}

// GRPCStatusOf is the gRPC status that Envoy derives from an HTTP status (Envoy, source/common/grpc/status.cc,
// Utility::httpToGrpcStatus).
func GRPCStatusOf(status int) int32 {
	switch status {
	case 400:
		return 13 // internal
	case 401:
		return 16 // unauthenticated
	case 403:
		return 7 // permission denied
	case 404:
		return 12 // unimplemented
	case 429, 502, 503, 504:
		return 14 // unavailable
	}
	return 2 // unknown
}

// IsGRPC says whether Envoy takes a request with that content-type for gRPC (Envoy, source/common/grpc/common.cc,
// Common::hasGrpcContentType).
func IsGRPC(contentType string) bool {
	return contentType == "application/grpc" || strings.HasPrefix(contentType, "application/grpc+")
}

// percentEncode writes a grpc-message as the gRPC protocol over HTTP/2 asks.
func percentEncode(b []byte) string {
	const digits = "0123456789ABCDEF"
	var out strings.Builder
	for _, c := range b {
		if c < ' ' || c >= '~' || c == '%' {
			out.Write([]byte{'%', digits[c>>4], digits[c&15]})
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
}
