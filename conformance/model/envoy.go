package model

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// arrived are headers as Envoy's map holds them: names in lower case, pseudo-headers first, and of some names one entry
// into which all values are joined.
func arrived(headers []headermap.Header, joined ...string) []headermap.Header {
	var pseudo, others []headermap.Header
	for _, h := range headers {
		h := headermap.Header{Name: lower(h.Name), Value: h.Value}
		if strings.HasPrefix(h.Name, ":") {
			pseudo = append(pseudo, h)
			continue
		}
		i := slices.IndexFunc(others, func(o headermap.Header) bool { return o.Name == h.Name })
		switch {
		case i < 0 || !slices.Contains(joined, h.Name):
			others = append(others, h)
		case others[i].Value == "":
			others[i].Value = h.Value
		case h.Value != "":
			others[i].Value += "," + h.Value
		}
	}
	return append(pseudo, others...)
}

// oncePerRequest are those of the names that matter here.
var oncePerRequest = []string{"accept", "authorization", "content-type", "via"}

// composed is what Envoy makes of a local response before it meets the plugin: of a body it says the length and, when
// nobody has, the type; a gRPC client is answered in headers alone.
func composed(s *Stream) []headermap.Header {
	all := append(headermap.Of(":status", strconv.Itoa(s.Reply.Status)), s.Reply.Headers...)
	if grpc(s.Request) {
		all = inPlace(all, headermap.Header{Name: ":status", Value: "200"})
		all = inPlace(all, headermap.Header{Name: "content-type", Value: "application/grpc"})
		if len(named(all, "grpc-status")) == 0 {
			all = append(all, headermap.Header{Name: "grpc-status", Value: strconv.Itoa(*s.Reply.GRPCStatus)})
		}
		if method := named(s.Request, ":method"); s.Reply.Body != "" && (len(method) == 0 || method[0].Value != "HEAD") {
			all = inPlace(all, headermap.Header{Name: "grpc-message", Value: percent(s.Reply.Body)})
		}
		return slices.DeleteFunc(all, func(h headermap.Header) bool { return h.Name == "content-length" })
	}
	if s.Reply.Body == "" {
		return slices.DeleteFunc(all, func(h headermap.Header) bool { return h.Name == "content-length" || h.Name == "content-type" })
	}
	all = inPlace(all, headermap.Header{Name: "content-length", Value: strconv.Itoa(len(s.Reply.Body))})
	if len(named(all, "content-type")) == 0 {
		all = append(all, headermap.Header{Name: "content-type", Value: "text/plain"})
	}
	return all
}

// inPlace sets a header as Envoy does: where there is one of the name its value changes.
func inPlace(headers []headermap.Header, h headermap.Header) []headermap.Header {
	for i := range headers {
		if headers[i].Name == h.Name {
			headers[i].Value = h.Value
			return headers
		}
	}
	return append(headers, h)
}

func grpc(request []headermap.Header) bool {
	for _, h := range named(request, "content-type") {
		return h.Value == "application/grpc" || strings.HasPrefix(h.Value, "application/grpc+")
	}
	return false
}

// percent is how gRPC writes a message in a header.
func percent(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < ' ' || c >= '~' || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// envoyAnswer is what Envoy answers to a call that fails before the service's headers: a success by its status when the
// call looks like gRPC. The message of those is left out, as the plugin does not look at it.
func envoyAnswer(call *Call, status string) []headermap.Header {
	if grpc(arrived(call.Headers, oncePerRequest...)) {
		return headermap.Of(":status", "200", "content-type", "application/grpc", "grpc-status", "14")
	}
	return headermap.Of(":status", status, "content-type", "text/plain")
}

func statusOfFailure(kind table.AnswerKind) string {
	switch kind {
	case table.Garbage:
		return "502"
	case table.TimedOut:
		return "504"
	}
	return "503"
}

// sendable says whether Envoy sends a call: one with a control byte in a value it answers itself, with 503.
func sendable(call []headermap.Header) bool {
	return !slices.ContainsFunc(call, func(h headermap.Header) bool { return hasControl(strings.ReplaceAll(h.Value, "\t", "")) })
}
