package model

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// arrived are headers as Envoy's map stores them: names in lower case, pseudo-headers first, and for some names one
// entry with all values joined.
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

// oncePerRequest are the names with one entry that matter here.
var oncePerRequest = []string{"accept", "authorization", "content-type", "via"}

// composed are the headers of a local response that Envoy gives to the plugin: with the length of the body and, if it
// has none, a content-type. A gRPC client gets headers only.
func composed(s *exchange) []headermap.Header {
	all := append(headermap.Of(":status", strconv.Itoa(s.reply.Status)), s.reply.Headers...)
	if grpc(s.requestHeaders) {
		all = inPlace(all, headermap.Header{Name: ":status", Value: "200"})
		all = inPlace(all, headermap.Header{Name: "content-type", Value: "application/grpc"})
		if len(named(all, "grpc-status")) == 0 {
			all = append(all, headermap.Header{Name: "grpc-status", Value: strconv.Itoa(*s.reply.GRPCStatus)})
		}
		if method := named(s.requestHeaders, ":method"); s.reply.Body != "" &&
			(len(method) == 0 || method[0].Value != "HEAD") {
			all = inPlace(all, headermap.Header{Name: "grpc-message", Value: percent(s.reply.Body)})
		}
		return slices.DeleteFunc(all, func(h headermap.Header) bool { return h.Name == "content-length" })
	}
	if s.reply.Body == "" {
		return slices.DeleteFunc(all, func(h headermap.Header) bool {
			return h.Name == "content-length" || h.Name == "content-type"
		})
	}
	all = inPlace(all, headermap.Header{Name: "content-length", Value: strconv.Itoa(len(s.reply.Body))})
	if len(named(all, "content-type")) == 0 {
		all = append(all, headermap.Header{Name: "content-type", Value: "text/plain"})
	}
	return all
}

// inPlace sets a header as Envoy does: if there is one of the name, its value is changed.
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

// percent encodes a gRPC message for a header.
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

// envoyAnswer is Envoy's own answer to a call that fails before the service's headers. If the call looks like gRPC, its
// status is 200. grpc-message is left out, because the plugin does not read it.
func envoyAnswer(call *httpCall, status string) []headermap.Header {
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

// sendable says whether Envoy sends a call. It answers a call with a control byte in a value itself, with 503.
func sendable(call []headermap.Header) bool {
	return !slices.ContainsFunc(call, func(h headermap.Header) bool {
		return hasControl(strings.ReplaceAll(h.Value, "\t", ""))
	})
}
