package host

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/host/trace"
	"github.com/header-auth/header-auth/host/wasmtest"
)

func TestTraffic(t *testing.T) {
	const on = "proxy_on_request_headers"
	pairs := 4 + len(get)*10 // a count; two lengths and two NULs for each
	for _, h := range get {
		pairs += len(h.Name) + len(h.Value)
	}
	tests := []struct {
		name  string
		write func(*wasmtest.Guest)
		want  trace.Traffic // of one request
	}{
		{"nothing but the callback", func(g *wasmtest.Guest) { g.Exports(on) }, trace.Traffic{ToGuest: 1}},
		{"a line is read", func(g *wasmtest.Guest) { g.Call(on, "proxy_log", 2, "hello") },
			trace.Traffic{ToGuest: 1, ToHost: 1, BytesToHost: 5}},
		{"a name is read; its value and two words are written",
			func(g *wasmtest.Guest) { g.Call(on, "proxy_get_header_map_value", 0, "allow", wasmtest.Out) },
			trace.Traffic{ToGuest: 2, ToHost: 1, BytesToHost: 5, BytesToGuest: 4 + 8}},
		{"all headers are written", func(g *wasmtest.Guest) { g.Call(on, "proxy_get_header_map_pairs", 0, wasmtest.Out) },
			trace.Traffic{ToGuest: 2, ToHost: 1, BytesToGuest: pairs + 8}},
		{"an empty map is two words",
			func(g *wasmtest.Guest) { g.Call(on, "proxy_get_header_map_pairs", 1, wasmtest.Out) },
			trace.Traffic{ToGuest: 1, ToHost: 1, BytesToGuest: 8}},
		{"the time is eight bytes",
			func(g *wasmtest.Guest) { g.Call(on, "proxy_get_current_time_nanoseconds", wasmtest.Out1) },
			trace.Traffic{ToGuest: 1, ToHost: 1, BytesToGuest: 8}},
		{"random bytes are written", func(g *wasmtest.Guest) {
			g.CallFrom("wasi_snapshot_preview1", on, "random_get", "i", wasmtest.Raw{At: 8, Len: 33})
		}, trace.Traffic{ToGuest: 1, ToHost: 1, BytesToGuest: 33}},
		{"what lies outside memory is not read",
			func(g *wasmtest.Guest) { g.Call(on, "proxy_log", 2, wasmtest.Raw{At: -1, Len: 5}) },
			trace.Traffic{ToGuest: 1, ToHost: 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := wasmtest.NewGuest("0_2_1")
			test.write(g)
			for _, traced := range []bool{true, false} {
				b := mustStart(t, g, setup{vm: VMConfig{Trace: traced}})
				want := trace.Traffic{}
				if traced {
					want = test.want
				}
				b.plugin.NewStream(StreamConfig{}).RequestHeaders(get, true)
				if diff := cmp.Diff(want, b.vm.Traffic()); diff != "" {
					t.Errorf("traced %v (-want +got):\n%s", traced, diff)
				}
			}
		})
	}
}

func TestTrafficCountsOnWhenTheTraceIsFull(t *testing.T) {
	const requests = maxCrossings
	g := wasmtest.NewGuest("0_2_1")
	g.Call("proxy_on_request_headers", "proxy_log", 2, "hello")
	b := mustStart(t, g, setup{vm: VMConfig{Trace: true}})
	for range requests {
		s := b.plugin.NewStream(StreamConfig{})
		s.RequestHeaders(get, true)
		s.Close()
		s.Release()
	}
	if got, want := b.vm.Traffic(), (trace.Traffic{ToGuest: requests, ToHost: requests, BytesToGuest: 0,
		BytesToHost: 5 * requests}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
