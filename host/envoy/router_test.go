package envoy

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/host/headermap"
)

func loaded(kind headermap.Kind, h []headermap.Header) *headermap.Map {
	var m headermap.Map
	m.Reset(kind)
	m.Load(h, false)
	return &m
}

func TestRoute(t *testing.T) {
	tests := []struct {
		name      string
		headers   []headermap.Header
		forwarded bool
		want      Refusal
	}{
		{"sound", headermap.Of(":method", "GET", ":path", "/"), false, Refusal{}},
		{"no path", headermap.Of(":method", "GET"), false, Refusal{404, "", "route_not_found"}},
		{"empty path", headermap.Of(":method", "GET", ":path", ""), false, Refusal{404, "", "route_not_found"}},
		{"x-forwarded-proto removed", headermap.Of(":method", "GET", ":path", "/"), true,
			Refusal{404, "", "route_not_found"}},
		{"no method", headermap.Of(":path", "/"), false, Refusal{503, "missing required header: :method",
			"filter_removed_required_request_headers{missing_required_header:_:method}"}},
		{"value", headermap.Of(":method", "GET", ":path", "/", "a", "b\n"), false,
			Refusal{503, "invalid header value for: a", "filter_removed_required_request_headers"}},
		{"name", headermap.Of(":method", "GET", ":path", "/", "a b", "c"), false,
			Refusal{503, "invalid header name: a b", "filter_removed_required_request_headers"}},
	}
	for _, test := range tests {
		if got := Route(loaded(headermap.Request, test.headers), test.forwarded, false); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

// TestScheme: a request that had a scheme has one when it goes on.
func TestScheme(t *testing.T) {
	for _, test := range [][3]string{{"https", "http", "https"}, {"HTTP", "https", "HTTP"}, {"", "https", "https"},
		{"ws", "https", "https"}, {"", "ws", "http"}} {
		m := loaded(headermap.Request, headermap.Of(":method", "GET", ":path", "/", ":scheme", test[0],
			"x-forwarded-proto", test[1]))
		Route(m, true, true)
		if got, _ := m.Get(":scheme"); got != test[2] {
			t.Errorf(":scheme %q and x-forwarded-proto %q: got %q, want %q", test[0], test[1], got, test[2])
		}
	}
}

func TestCheckResponse(t *testing.T) {
	for status, want := range map[string]int{"200": 0, "0": 0, "": 502, "2x": 502, "1234567": 0, " +200": 0,
		"18446744073709551616": 502} {
		if got := CheckResponse(loaded(headermap.Response, headermap.Of(":status", status))); got.Status != want {
			t.Errorf(":status %q: %+v, want status %d", status, got, want)
		}
	}
}

func TestTakeRouterHeaders(t *testing.T) {
	m := loaded(headermap.Request, headermap.Of(":path", "/", "x-envoy-retry-on", "5xx", "x-envoy-other", "1",
		"x-envoy-upstream-rq-timeout-ms", " 70 "))
	if got := TakeRouterHeaders(m, 50); got != 70 {
		t.Errorf("time-out %d, want 70", got)
	}
	if diff := cmp.Diff(headermap.Of(":path", "/", "x-envoy-other", "1"), m.Entries); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	m = loaded(headermap.Request, headermap.Of("x-envoy-upstream-rq-timeout-ms", "soon"))
	if got := TakeRouterHeaders(m, 50); got != 50 || len(m.Entries) != 0 {
		t.Errorf("time-out %d with %v, want 50 and nothing", got, m.Entries)
	}
}
