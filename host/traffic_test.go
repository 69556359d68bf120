package host

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/host/abi"
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
		want  Traffic // of one request
	}{
		{"nothing but the callback", func(g *wasmtest.Guest) { g.Exports(on) }, Traffic{ToGuest: 1}},
		{"a line is read", func(g *wasmtest.Guest) { g.Call(on, "proxy_log", 2, "hello") },
			Traffic{ToGuest: 1, ToHost: 1, BytesToHost: 5}},
		{"a name is read; its value and two words are written",
			func(g *wasmtest.Guest) { g.Call(on, "proxy_get_header_map_value", 0, "allow", wasmtest.Out) },
			Traffic{ToGuest: 2, ToHost: 1, BytesToHost: 5, BytesToGuest: 4 + 8}},
		{"all headers are written", func(g *wasmtest.Guest) { g.Call(on, "proxy_get_header_map_pairs", 0, wasmtest.Out) },
			Traffic{ToGuest: 2, ToHost: 1, BytesToGuest: pairs + 8}},
		{"an empty map is two words",
			func(g *wasmtest.Guest) { g.Call(on, "proxy_get_header_map_pairs", 1, wasmtest.Out) },
			Traffic{ToGuest: 1, ToHost: 1, BytesToGuest: 8}},
		{"the time is eight bytes",
			func(g *wasmtest.Guest) { g.Call(on, "proxy_get_current_time_nanoseconds", wasmtest.Out1) },
			Traffic{ToGuest: 1, ToHost: 1, BytesToGuest: 8}},
		{"random bytes are written", func(g *wasmtest.Guest) {
			g.CallFrom("wasi_snapshot_preview1", on, "random_get", "i", wasmtest.Raw{At: 8, Len: 33})
		}, Traffic{ToGuest: 1, ToHost: 1, BytesToGuest: 33}},
		{"what lies outside memory is not read",
			func(g *wasmtest.Guest) { g.Call(on, "proxy_log", 2, wasmtest.Raw{At: -1, Len: 5}) },
			Traffic{ToGuest: 1, ToHost: 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := wasmtest.NewGuest("0_2_1")
			test.write(g)
			for _, traced := range []bool{true, false} {
				b := run(t, g, setup{vm: VMConfig{Trace: traced}})
				want := Traffic{}
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
	const requests = traceCrossings
	g := wasmtest.NewGuest("0_2_1")
	g.Call("proxy_on_request_headers", "proxy_log", 2, "hello")
	b := run(t, g, setup{vm: VMConfig{Trace: true}})
	for range requests {
		s := b.plugin.NewStream(StreamConfig{})
		s.RequestHeaders(get, true)
		s.Close()
		s.Release()
	}
	if got, want := b.vm.Traffic(), (Traffic{requests, requests, 0, 5 * requests}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestSetLogLevel(t *testing.T) {
	const on = "proxy_on_request_headers"
	g := wasmtest.NewGuest("0_2_1")
	g.Call(on, "proxy_log", int(abi.LogInfo), "info")
	g.Call(on, "proxy_log", int(abi.LogWarn), "warn")
	asked := g.Call(on, "proxy_get_log_level", wasmtest.Out1)
	b := run(t, g, setup{})
	for _, test := range []struct {
		level abi.LogLevel
		want  []string
	}{
		{abi.LogTrace, []string{"info: info", "warn: warn"}},
		{abi.LogWarn, []string{"warn: warn"}},
		{abi.LogOff, nil},
		{abi.LogInfo, []string{"info: info", "warn: warn"}},
	} {
		b.vm.SetLogLevel(test.level)
		b.lines = nil
		b.exchange().Close()
		if diff := cmp.Diff(test.want, b.lines); diff != "" {
			t.Errorf("at %v (-want +got):\n%s", test.level, diff)
		}
		if got := abi.LogLevel(b.word(asked, 0)); got != test.level {
			t.Errorf("the guest is told %v, want %v", got, test.level)
		}
	}
}
