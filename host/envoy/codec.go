package envoy

import (
	"strings"

	"github.com/header-auth/header-auth/host/headermap"
)

// What the connection manager lets in, in headers and in bytes of names and values (Envoy's defaults of
// common_http_protocol_options.max_headers_count and max_request_headers_kb).
const (
	maxHeaders     = 100
	maxHeaderBytes = 60 << 10
)

// CodecFault is the status with which a codec refuses a request's headers before any filter sees them, 0 when it lets
// them in: 400 for a name or value that cannot be, a name with capitals in HTTP/2 or a second content-length, 431 for
// too many headers or bytes (Envoy, source/common/http/http1/codec_impl.cc and source/common/http/http2/codec_impl.cc).
func CodecFault(h []headermap.Header, http1 bool) int {
	count, size, lengths := 0, 0, 0
	for i := range h {
		name, value := h[i].Name, h[i].Value
		size += len(name) + len(value)
		if !headermap.ValidValue(value) || !headermap.ValidName(name) || !http1 && !headermap.IsLower(name) {
			return 400
		}
		if !http1 || name[0] != ':' || name == ":authority" {
			count++
		}
		if len(name) == len("content-length") && headermap.EqualFold("content-length", name) {
			lengths++
		}
	}
	if lengths > 1 {
		return 400
	}
	if size > maxHeaderBytes || count > maxHeaders+2 { // +2: what the connection manager adds
		return 431
	}
	return 0
}

// CodecReply is the reply that the HTTP/1.1 codec sends with a status of CodecFault, and its response code details. The
// HTTP/2 codec sends none: it resets the stream.
func CodecReply(status int) (body, details string) {
	if status == 431 {
		return "Request Header Fields Too Large", "http1.headers_too_large"
	}
	return "Bad Request", "http1.codec_error"
}

// FoldHTTP2 is what the HTTP/2 codec makes of a request's headers: the cookies become one, behind the other headers,
// and host beside :authority is dropped. It returns h itself when there is nothing to do.
func FoldHTTP2(h []headermap.Header) []headermap.Header {
	cookies, authority, host := 0, false, false
	for _, e := range h {
		switch e.Name {
		case "cookie":
			cookies++
		case ":authority":
			authority = true
		case "host":
			host = true
		}
	}
	if cookies < 2 && !(host && authority) {
		return h
	}
	var folded []headermap.Header
	var values []string
	for _, e := range h {
		switch {
		case e.Name == "cookie":
			values = append(values, e.Value)
		case e.Name == "host" && authority:
		default:
			folded = append(folded, e)
		}
	}
	if cookies > 0 {
		folded = append(folded, headermap.Header{Name: "cookie", Value: strings.Join(values, "; ")})
	}
	return folded
}
