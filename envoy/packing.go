package envoy

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// Headers of the engine's own: see the folder lua.
const (
	streamHeader = "x-parity-stream"
	packedHeader = "x-parity-packed"
	failsHeader  = "x-parity-fails"
	partHeader   = "x-parity-part"
)

// The pseudo-headers that there must be.
var (
	ofRequests = []string{":authority", ":path", ":method", ":scheme"}
	status     = []string{":status"}
)

// packs says whether an exchange has headers that a codec of Envoy would change or refuse. They are carried past it.
func packs(r *table.Request) bool {
	forwarded := func(h headermap.Header) bool { return h == headermap.Header{Name: "x-forwarded-proto", Value: "http"} }
	return !slices.ContainsFunc(r.Headers, forwarded) || !plain(r.Headers, ofRequests) ||
		!plain(r.Response.Headers, status)
}

// ofTheWire are names that HTTP/2 has no place for, or that a codec joins, moves or acts on.
var ofTheWire = []string{"connection", "content-length", "cookie", "expect", "host", "keep-alive", "proxy-connection",
	"te",
	"trailer", "transfer-encoding", "upgrade", streamHeader, packedHeader, failsHeader, partHeader}

// plain says whether headers pass a codec unchanged. pseudo are the pseudo-headers that there must be, once each.
func plain(headers []headermap.Header, pseudo []string) bool {
	left := len(pseudo)
	for _, h := range headers {
		name := lower(h.Name)
		switch {
		case strings.HasPrefix(name, ":"):
			if left == 0 || !slices.Contains(pseudo, name) || !headermap.ValidValue(h.Value) || h.Value == "" {
				return false
			}
			if name == ":path" && !strings.HasPrefix(h.Value, "/") || name == ":method" && h.Value == "CONNECT" {
				return false
			}
			left--
		case left > 0, slices.Contains(ofTheWire, name), strings.HasPrefix(name, "x-envoy-"),
			!headermap.ValidName(name), !headermap.ValidValue(h.Value), strings.Trim(h.Value, " \t") != h.Value:
			return false
		}
	}
	return left == 0
}

// listBytes is how long a header list may be in HTTP/2. Longer ones go packed by HTTP/1.1.
const listBytes = 60_000

func size(headers []headermap.Header) (n int) {
	for _, h := range headers {
		n += len(h.Name) + len(h.Value) + 32
	}
	return n
}

// lower folds the ASCII letters of a name, as Envoy does.
func lower(name string) string {
	b := []byte(name)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// packer writes headers into one: pack or carry.
type packer func([]headermap.Header) headermap.Header

// pack writes headers into one, as the folder lua reads it.
func pack(headers []headermap.Header) headermap.Header {
	var b strings.Builder
	for _, h := range headers {
		b.WriteString(hex.EncodeToString([]byte(lower(h.Name))))
		b.WriteByte(':')
		b.WriteString(hex.EncodeToString([]byte(h.Value)))
		b.WriteByte(',')
	}
	return headermap.Header{Name: packedHeader, Value: b.String()}
}

// unpacked takes the engine's own headers away, and gives those that were packed in place of all others.
func unpacked(headers []headermap.Header) (_ []headermap.Header, stream, part string) {
	var own []headermap.Header
	packed := false
	for _, h := range headers {
		switch h.Name {
		case streamHeader:
			stream = h.Value
		case partHeader:
			part = h.Value
		case packedHeader:
			packed, own = true, []headermap.Header{}
			for pair := range strings.SplitSeq(strings.TrimSuffix(h.Value, ","), ",") {
				name, value, ok := strings.Cut(pair, ":")
				if !ok {
					continue // of an empty list
				}
				n, _ := hex.DecodeString(name) // our own Lua wrote it
				v, _ := hex.DecodeString(value)
				own = append(own, headermap.Header{Name: string(n), Value: string(v)})
			}
		default:
			if !packed {
				own = append(own, h)
			}
		}
	}
	return carried(own), stream, part
}

// onWire are the headers of a request as its client sends them. packed writes them into one, if it is not nil.
func onWire(r *table.Request, stream string, packed packer) []headermap.Header {
	if packed == nil {
		headers := make([]headermap.Header, 0, len(r.Headers)+1)
		for _, h := range r.Headers {
			headers = append(headers, headermap.Header{Name: lower(h.Name), Value: h.Value})
		}
		return append(headers, ownHeaders(r, stream)...)
	}
	// Envoy looks at the method and the content type before any filter: they decide on the form of its own answers.
	method, contentType := "GET", ""
	for _, h := range r.Headers {
		switch name := lower(h.Name); {
		case name == ":method" && headermap.ValidName(h.Value) && h.Value != "CONNECT":
			method = h.Value
		case name == "content-type" && headermap.ValidValue(h.Value):
			contentType = h.Value
		}
	}
	return append(append(packedRequest(method, contentType), ownHeaders(r, stream)...), packed(r.Headers))
}

// packedRequest are the headers around those that are packed.
func packedRequest(method, contentType string) []headermap.Header {
	headers := headermap.Of(":method", method, ":path", "/", ":scheme", "http", ":authority", "packed")
	if contentType != "" {
		headers = append(headers, headermap.Header{Name: "content-type", Value: contentType})
	}
	return headers
}

// ownHeaders say which request it is, and how it fails if the upstream is not to see it.
func ownHeaders(r *table.Request, stream string) []headermap.Header {
	own := headermap.Of(streamHeader, stream)
	if unseen(r) {
		own = append(own, headermap.Header{Name: failsHeader, Value: string(r.Response.Failed)})
	}
	return own
}

// answerOnWire are the headers of an upstream's response as it sends them.
func answerOnWire(headers []headermap.Header, packed packer) []headermap.Header {
	if packed == nil {
		out := make([]headermap.Header, len(headers))
		for i, h := range headers {
			out[i] = headermap.Header{Name: lower(h.Name), Value: h.Value}
		}
		return out
	}
	code := "200"
	for _, h := range headers {
		if n, err := strconv.Atoi(h.Value); h.Name == ":status" && err == nil && n >= 200 && n <= 599 {
			code = h.Value
		}
	}
	return []headermap.Header{{Name: ":status", Value: code}, packed(headers)}
}
