package envoy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/host/headermap"
)

func TestCodecFault(t *testing.T) {
	many := func(n int) []headermap.Header {
		list := headermap.Of(":method", "GET", ":path", "/", ":authority", "a")
		for i := range n {
			list = append(list, headermap.Header{Name: fmt.Sprintf("x-%d", i), Value: "1"})
		}
		return list
	}
	large := func(n int) []headermap.Header { return headermap.Of("x", strings.Repeat("a", n-1)) }
	tests := []struct {
		name         string
		headers      []headermap.Header
		http1, http2 int
	}{
		{"sound", many(1), 0, 0},
		{"capitals", headermap.Of("Allow", "a"), 0, 400},
		{"NUL in a value", headermap.Of("a", "b\x00"), 400, 400},
		{"space in a name", headermap.Of("a b", "c"), 400, 400},
		{"no name", headermap.Of("", "c"), 400, 400},
		{"two lengths", headermap.Of("content-length", "1", "content-length", "1"), 400, 400},
		{"most headers", many(101), 0, 431},
		{"most headers in HTTP/2", many(99), 0, 0},
		{"too many headers", many(102), 431, 431},
		{"most bytes", large(60 << 10), 0, 0},
		{"too many bytes", large(60<<10 + 1), 431, 431},
	}
	for _, test := range tests {
		if got := CodecFault(test.headers, true); got != test.http1 {
			t.Errorf("%s: HTTP/1.1 %d, want %d", test.name, got, test.http1)
		}
		if got := CodecFault(test.headers, false); got != test.http2 {
			t.Errorf("%s: HTTP/2 %d, want %d", test.name, got, test.http2)
		}
	}
}

func TestFoldHTTP2(t *testing.T) {
	tests := []struct{ in, want []headermap.Header }{
		{headermap.Of("host", "a", "cookie", "b"), headermap.Of("host", "a", "cookie", "b")},
		{headermap.Of(":authority", "a", "host", "b", "x", "c"), headermap.Of(":authority", "a", "x", "c")},
		{headermap.Of("cookie", "a", "x", "b", "cookie", "c"), headermap.Of("x", "b", "cookie", "a; c")},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, FoldHTTP2(test.in)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", test.in, diff)
		}
	}
}
