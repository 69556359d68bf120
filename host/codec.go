package host

import (
	"unsafe"

	"github.com/header-auth/header-auth/host/envoy"
)

// tidied is what load made of headers before. Whoever sends many requests mostly sends the same headers, often the very
// same strings, which cannot have changed.
type tidied struct {
	given, entries []Header
	config         struct {
		protocol Protocol
		raw      bool
	}
	fault      int
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
		t.fault = envoy.CodecFault(h, http1)
		if !http1 {
			h = envoy.FoldHTTP2(h)
		}
	}
	d.headers.Load(h, http1 && wire)
	t.entries = append(t.entries[:0], d.headers.Entries...)
	for _, e := range t.entries {
		switch e.Name {
		case ":method":
			t.head = e.Value == "HEAD"
		case "content-type":
			t.grpc = envoy.IsGRPC(e.Value)
		}
	}
	return t
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

// refuse answers before any filter; with HTTP/2 the connection is closed.
func (s *Stream) refuse(status int) {
	s.refused, s.request.hasHeaders = true, true
	if s.config.Protocol != HTTP1 {
		s.cut()
		return
	}
	r := s.newReply()
	body, details := envoy.CodecReply(status)
	r.code = uint32(status)
	r.body = append(r.body, body...)
	r.details = append(r.details, details...)
	s.adopt(r)
	s.replyDirectly(r)
}
