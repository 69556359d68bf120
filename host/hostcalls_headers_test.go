package host

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// TestHeldMaps checks when the request's headers can be read and changed outside their callback.
func TestHeldMaps(t *testing.T) {
	t.Run("own reply", func(t *testing.T) {
		g := allCallbacks()
		g.Call(reqHead, "proxy_send_local_response", 403, "", "", "", -1) // and returns Continue
		call := g.Call(respHead, "proxy_get_header_map_value", 0, "allow", out)
		b := mustStart(t, g, setup{})
		b.exchange()
		if got := b.output(call); got != "true" {
			t.Errorf("%v %q, want the request's header", b.status(call), got)
		}
	})
	t.Run("after continue", func(t *testing.T) {
		g := allCallbacks()
		g.Returns(reqHead, 1)
		g.Call(onTicks, "proxy_set_effective_context", 2)
		before := g.Call(onTicks, "proxy_add_header_map_value", 0, "x", "y")
		g.Call(onTicks, "proxy_continue_stream", 0)
		after := g.Call(onTicks, "proxy_add_header_map_value", 0, "x", "z")
		b := mustStart(t, g, setup{})
		s := b.exchange()
		_ = b.plugin.Tick()
		if b.status(before) != abi.StatusOk || b.status(after) != abi.StatusBadArgument {
			t.Errorf("before %v, after %v", b.status(before), b.status(after))
		}
		if got, _ := s.Upstream().Header("x"); got != "y" {
			t.Errorf("upstream got %q", got)
		}
	})
	t.Run("log of a held request", func(t *testing.T) {
		g := allCallbacks()
		g.Returns(reqHead, 1)
		call := g.Call(onLogs, "proxy_add_header_map_value", 0, "x", "y")
		b := mustStart(t, g, setup{})
		b.exchange().Close()
		if got := b.status(call); got != abi.StatusOk { // what is held stays in reach until proxy_on_delete
			t.Errorf("add %v", got)
		}
	})
}

// TestChangeHeaders checks what the upstream gets after a change.
func TestChangeHeaders(t *testing.T) {
	base := headermap.Of(":authority", "a.example", ":path", "/", ":method", "GET", ":scheme", "http", "x", "1",
		"content-type", "a/b", "x", "2", "x-forwarded-proto", "http")
	replaced := func(i int, h ...Header) []Header {
		return append(append(append([]Header{}, base[:i]...), h...), base[i+1:]...)
	}
	tests := []struct {
		name     string
		function string
		args     []any
		want     []Header // nil: the request does not go upstream
		status   int      // then
		body     string
	}{
		{"add", "proxy_add_header_map_value", args(0, "X", "3"),
			append(base[:len(base):len(base)], Header{Name: "x", Value: "3"}), 200, "ok"},
		{"add a new one", "proxy_add_header_map_value", args(0, "New", "V"),
			append(base[:len(base):len(base)], Header{Name: "new", Value: "V"}), 200, "ok"},
		{"add to an inline one", "proxy_add_header_map_value", args(0, "content-type", "c/d"),
			replaced(5, Header{Name: "content-type", Value: "a/b,c/d"}), 200, "ok"},
		{"add nothing to an inline one", "proxy_add_header_map_value", args(0, "content-type", ""), base, 200, "ok"},
		{"add host", "proxy_add_header_map_value", args(0, "host", "h"),
			replaced(0, Header{Name: ":authority", Value: "a.example,h"}), 200, "ok"},
		{"add a pseudo-header", "proxy_add_header_map_value", args(0, ":foo", "h"), append(append(base[:4:4],
			Header{Name: ":foo", Value: "h"}), base[4:]...), 200, "ok"},
		{"replace", "proxy_replace_header_map_value", args(0, "X", "3"), []Header{base[0], base[1], base[2], base[3], base[5],
			base[7], {Name: "x", Value: "3"}}, 200, "ok"},
		{"replace path", "proxy_replace_header_map_value", args(0, ":path", "/n"), []Header{base[0], base[2], base[3],
			{Name: ":path", Value: "/n"}, base[4], base[5], base[6], base[7]}, 200, "ok"},
		{"replace host", "proxy_replace_header_map_value", args(0, "Host", "h"), []Header{base[1], base[2], base[3],
			{Name: ":authority", Value: "h"}, base[4], base[5], base[6], base[7]}, 200, "ok"},
		{"remove", "proxy_remove_header_map_value", args(0, "X"), []Header{base[0], base[1], base[2], base[3], base[5],
			base[7]}, 200, "ok"},
		{"remove scheme", "proxy_remove_header_map_value", args(0, ":scheme"), base, 200, "ok"},
		{"remove authority", "proxy_remove_header_map_value", args(0, "host"), replaced(0), 200, "ok"},
		{"remove path", "proxy_remove_header_map_value", args(0, ":path"), nil, 404, ""},
		{"remove method", "proxy_remove_header_map_value", args(0, ":method"), nil, 503, "missing required header: :method"},
		{"remove x-forwarded-proto", "proxy_remove_header_map_value", args(0, "x-forwarded-proto"), nil, 404, ""},
		{"set", "proxy_set_header_map_pairs", args(0, wasmtest.Pairs("b", "1", ":path", "/", ":method", "GET",
			"x-forwarded-proto", "http")), headermap.Of(":path", "/", ":method", "GET", ":scheme", "http", "b", "1",
			"x-forwarded-proto", "http"), 200, "ok"},
		{"set without x-forwarded-proto", "proxy_set_header_map_pairs",
			args(0, wasmtest.Pairs(":path", "/", ":method", "GET")), nil, 404, ""},
		{"set malformed", "proxy_set_header_map_pairs", args(0, "\x01\x00\x00\x00"), nil, 404, ""},
		{"illegal value", "proxy_add_header_map_value", args(0, "x", "a\r\nb"), nil, 503, "invalid header value for: x"},
		{"illegal name", "proxy_add_header_map_value", args(0, "x y", "a"), nil, 503, "invalid header name: x y"},
		{"empty name", "proxy_add_header_map_value", args(0, "", "v"),
			append(base[:len(base):len(base)], Header{Name: "", Value: "v"}), 200, "ok"},
		{"bytes from 0x80 on", "proxy_replace_header_map_value", args(0, "x", "\xff\x80"), []Header{base[0], base[1], base[2],
			base[3], base[5], base[7], {Name: "x", Value: "\xff\x80"}}, 200, "ok"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := wasmtest.NewGuest("0_2_1")
			call := g.Call(reqHead, test.function, test.args...)
			b := mustStart(t, g, setup{})
			s := b.plugin.NewStream(StreamConfig{})
			s.RequestHeaders(base, true)
			if s.Upstream().Ended {
				s.ResponseHeaders(answered, false)
				s.ResponseBody([]byte("ok"), true)
			}
			if b.status(call) != abi.StatusOk {
				t.Errorf("status %v", b.status(call))
			}
			if diff := cmp.Diff(test.want, s.Upstream().Headers()); diff != "" {
				t.Errorf("upstream (-want +got):\n%s", diff)
			}
			if d := s.Downstream(); d.Status() != test.status || string(d.Body()) != test.body {
				t.Errorf("client got %d %q, want %d %q", d.Status(), d.Body(), test.status, test.body)
			}
		})
	}
}

// TestResponseStatus checks what the client gets when the plugin changes :status.
func TestResponseStatus(t *testing.T) {
	tests := []struct {
		name, function string
		args           []any
		want           string
	}{
		{"removed", "proxy_remove_header_map_value", args(2, ":status"), "502"},
		{"not a number", "proxy_replace_header_map_value", args(2, ":status", "abc"), "502"},
		{"added twice", "proxy_add_header_map_value", args(2, ":status", "201"), "502"},
		{"999", "proxy_replace_header_map_value", args(2, ":status", "999"), "999"},
		{"0", "proxy_replace_header_map_value", args(2, ":status", "0"), "0"},
		{"response splitting", "proxy_add_header_map_value", args(2, "x", "a\r\nb: c"), "200"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := wasmtest.NewGuest("0_2_1")
			g.Call(respHead, test.function, test.args...)
			s := mustStart(t, g, setup{}).exchange()
			if got, _ := s.Downstream().Header(":status"); got != test.want {
				t.Errorf(":status %q, want %q", got, test.want)
			}
		})
	}
}
