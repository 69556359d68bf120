package host

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/host/headermap"
)

// TestWireHeaders checks how the headers that a client sends reach the plugin.
func TestWireHeaders(t *testing.T) {
	tests := []struct {
		name     string
		protocol Protocol
		given    []Header
		want     []Header
	}{
		{"lower case, trimmed", HTTP1, headermap.Of("X-A", " \tb "), headermap.Of("x-a", "b")},
		{"pseudo-headers first", HTTP1, headermap.Of("a", "1", ":path", "/"), headermap.Of(":path", "/", "a", "1")},
		{"inline ones joined", HTTP1, headermap.Of("accept", "a", "b", "1", "Accept", "c"),
			headermap.Of("accept", "a,c", "b", "1")},
		{"others not", HTTP1, headermap.Of("b", "2", "b", "1"), headermap.Of("b", "2", "b", "1")},
		{"host is authority", HTTP1, headermap.Of("Host", "h", "host", "i"), headermap.Of(":authority", "h,i")},
		{"cookies, HTTP/1.1", HTTP1, headermap.Of("cookie", "a=1", "cookie", "b=2"), headermap.Of("cookie", "a=1", "cookie",
			"b=2")},
		{"cookies, HTTP/2", HTTP2, headermap.Of("cookie", "a=1", "cookie", "b=2", "x", "y"),
			headermap.Of("x", "y", "cookie", "a=1; b=2")},
		{"host beside authority, HTTP/2", HTTP2, headermap.Of(":authority", "a", "host", "b"),
			headermap.Of(":authority", "a")},
		{"spaces, HTTP/2", HTTP2, headermap.Of("x", " y "), headermap.Of("x", " y ")},
	}
	b := mustStart(t, allCallbacks(), setup{})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for range 2 { // the second time from memory
				s := b.plugin.NewStream(StreamConfig{Protocol: test.protocol})
				s.RequestHeaders(test.given, true)
				if diff := cmp.Diff(test.want, s.Upstream().Headers()); diff != "" {
					t.Errorf("headers (-want +got):\n%s", diff)
				}
				s.Close()
				s.Release()
			}
		})
	}
}
