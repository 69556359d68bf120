package host

import (
	"strings"
	"unsafe"

	"github.com/header-auth/header-auth/host/headermap"
)

// What the connection manager lets in, in wire headers and bytes of headers.
const (
	wireHeaders     = 100
	wireHeaderBytes = 60 << 10
)

// tidied is what load made of headers before. Whoever sends many requests mostly sends the same headers, often the very
// same strings, which cannot have changed.
type tidied struct {
	given, entries []Header
	config         struct {
		protocol Protocol
		raw      bool
	}
	fault      uint32
	head, grpc bool
}

// is reports whether h are the same strings. Equal ones elsewhere in memory don't count.
func (t *tidied) is(h []Header, c *StreamConfig) bool {
	if len(h) != len(t.given) || len(h) == 0 || c.Protocol != t.config.protocol || c.Raw != t.config.raw {
		return false
	}
	for i := range h {
		a, b := &h[i], &t.given[i]
		if !sameString(a.Name, b.Name) || !sameString(a.Value, b.Value) {
			return false
		}
	}
	return true
}

func sameString(a, b string) bool {
	return len(a) == len(b) && unsafe.StringData(a) == unsafe.StringData(b)
}

// load puts headers from outside into a side.
func (s *Stream) load(d *side, h []Header) *tidied {
	t := &s.vm.tidied[d.index()]
	if t.is(h, &s.config) {
		d.headers.Entries = append(d.headers.Entries[:0], t.entries...)
		return t
	}
	t.given = append(t.given[:0], h...)
	t.config.protocol, t.config.raw = s.config.Protocol, s.config.Raw
	t.fault, t.head, t.grpc = 0, false, false
	http1 := s.config.Protocol == HTTP1
	wire := !d.response && !s.config.Raw
	if wire {
		t.fault = s.wireFault(h)
		if !http1 {
			h = foldHTTP2(h)
		}
	}
	d.headers.Load(h, http1 && wire)
	t.entries = append(t.entries[:0], d.headers.Entries...)
	for _, e := range t.entries {
		switch e.Name {
		case ":method":
			t.head = e.Value == "HEAD"
		case "content-type":
			t.grpc = isGrpc(e.Value)
		}
	}
	return t
}

// isGrpc says whether Envoy takes a request with that content-type for gRPC (Envoy, Grpc::Common::hasGrpcContentType).
func isGrpc(contentType string) bool {
	return contentType == "application/grpc" || strings.HasPrefix(contentType, "application/grpc+")
}

// receive takes the request's headers as Envoy's codecs do. It reports false when they answer themselves, before any
// filter.
func (s *Stream) receive(h []Header) bool {
	t := s.load(&s.request, h)
	if t.fault != 0 {
		s.refuse(t.fault)
		return false
	}
	s.head, s.grpcRequest = t.head, t.grpc
	return true
}

// wireFault is the status with which a codec refuses the headers, 0 when it lets them in.
func (s *Stream) wireFault(h []Header) uint32 {
	count, size, lengths := 0, 0, 0
	for i := range h {
		name, value := h[i].Name, h[i].Value
		size += len(name) + len(value)
		if !headermap.ValidValue(value) || !headermap.ValidName(name) || s.config.Protocol != HTTP1 && !headermap.IsLower(name) {
			return 400
		}
		if s.config.Protocol != HTTP1 || name[0] != ':' || name == ":authority" {
			count++
		}
		if len(name) == len("content-length") && headermap.EqualFold("content-length", name) {
			lengths++
		}
	}
	if lengths > 1 {
		return 400
	}
	if size > wireHeaderBytes || count > wireHeaders+2 { // +2: what the connection manager adds
		return 431
	}
	return 0
}

// refuse answers before any filter; with HTTP/2 the connection is closed.
func (s *Stream) refuse(status uint32) {
	s.refused, s.request.hasHeaders = true, true
	if s.config.Protocol != HTTP1 {
		s.cut()
		return
	}
	r := s.newReply()
	r.code = status
	switch status {
	case 400:
		r.body = append(r.body, "Bad Request"...)
		r.details = append(r.details, "http1.codec_error"...)
	case 431:
		r.body = append(r.body, "Request Header Fields Too Large"...)
		r.details = append(r.details, "http1.headers_too_large"...)
	}
	s.adopt(r)
	s.replyDirectly(r)
}

// foldHTTP2 joins cookies into one, behind the other headers, and drops host beside :authority.
func foldHTTP2(h []Header) []Header {
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
	var folded []Header
	var crumbs []string
	for _, e := range h {
		switch {
		case e.Name == "cookie":
			crumbs = append(crumbs, e.Value)
		case e.Name == "host" && authority:
		default:
			folded = append(folded, e)
		}
	}
	if cookies > 0 {
		folded = append(folded, Header{Name: "cookie", Value: strings.Join(crumbs, "; ")})
	}
	return folded
}

// routable does what the router does with headers that the plugin has changed: it looks for a route again and holds
// them against the rules of HTTP. It reports false when it answers itself.
func (s *Stream) routable() bool {
	m := &s.request.headers
	if path, ok := m.Get(":path"); !ok || path == "" {
		s.answer(404, "", "route_not_found")
		return false
	}
	if _, ok := m.Get("x-forwarded-proto"); !ok && s.hadProto {
		s.answer(404, "", "route_not_found")
		return false
	}
	if _, ok := m.Get(":method"); !ok {
		s.answer(503, "missing required header: :method",
			"filter_removed_required_request_headers{missing_required_header:_:method}")
		return false
	}
	if fault := m.Fault(); fault != "" {
		s.answer(503, fault, "filter_removed_required_request_headers")
		return false
	}
	m.KeepPseudoHeaders(":authority", ":method", ":path", ":scheme", ":protocol")
	return true
}
