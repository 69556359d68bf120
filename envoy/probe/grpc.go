package probe

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/host/headermap"
)

// isGrpc says whether these are the headers of a gRPC call: an HTTP call of a script has no te.
func isGrpc(h []headermap.Header) bool {
	return slices.Contains(h, headermap.Header{Name: "te", Value: "trailers"})
}

// ofGrpcCall are the headers of a gRPC call that a plugin has to do with: the path, and its metadata.
func ofGrpcCall(h []headermap.Header) []headermap.Header {
	return slices.DeleteFunc(slices.Clone(h), func(e headermap.Header) bool {
		switch e.Name {
		case ":method", ":scheme", ":authority", "te", "content-type", "grpc-timeout":
			return true
		}
		return strings.HasPrefix(e.Name, "x-")
	})
}

// grpcHeaders begin the answer to a gRPC call.
func grpcHeaders() []headermap.Header {
	return headermap.Of(":status", "200", "content-type", "application/grpc")
}

// grpcTrailers end it.
func (e Event) grpcTrailers() []headermap.Header {
	status, message, more := e.answer()
	return append(headermap.Of("grpc-status", status, "grpc-message", message), more...)
}

// grpcFrame is a message as it goes over a connection.
func grpcFrame(message []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
}
