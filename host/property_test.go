package host

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/property"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// shown is what a guest got for a property: the status, and the value as text.
func (b *fixture) shown(call int) string {
	if status := b.status(call); status != abi.StatusOk {
		return status.String()
	}
	return fmt.Sprintf("%q", b.output(call))
}

// TestProperties has what Envoy 1.40 gave at these paths, in the callbacks of a GET with the header x: 1 and x: 2.
// Columns: configure, request headers, response headers, log; one column holds for all.
func TestProperties(t *testing.T) {
	const no, object, zero, empty, none = "NotFound", "SerializationFailure", `"\x00\x00\x00\x00\x00\x00\x00\x00"`, `""`,
		`"\x00\x00\x00\x00"`
	n := func(n byte) string { return fmt.Sprintf("%q", string([]byte{n, 0, 0, 0, 0, 0, 0, 0})) }
	tests := []struct {
		path string
		want []string
	}{
		{"xds", []string{object}},
		{"xds/node/id", []string{`"n1"`}},
		{"xds/node/metadata/M/k", []string{`"v"`}},
		{"xds/node/metadata/nope", []string{no}},
		{"xds/node/locality/sub_zone", []string{`"s"`}},
		{"xds/node/nope", []string{no}},
		{"xds/cluster_name", []string{no, `"up"`, `"up"`, `"up"`}},
		{"xds/cluster_metadata/filter_metadata", []string{no, none, none, none}},
		{"xds/route_name", []string{no, empty, empty, empty}},
		{"xds/route_metadata/filter_metadata/rm/n", []string{no, `"\x00\x00\x00\x00\x00\x00\x00@"`}},
		{"xds/virtual_host_name", []string{no, empty, empty, empty}},
		{"xds/filter_chain_name", []string{no, empty, empty, empty}},
		{"xds/listener_metadata", []string{no, empty, empty, empty}},
		{"xds/listener_direction", []string{no, n(1), n(1), n(1)}},
		{"xds/upstream_host_metadata", []string{no, no, object, object}},
		{"xds/upstream_host_locality_metadata", []string{no, no, object, object}},
		{"node/id", []string{no}},
		{"cluster_name", []string{no}},
		{"plugin_name", []string{`"pl"`}},
		{"plugin_name/x", []string{no}},
		{"connection_id", []string{no, zero, zero, zero}},
		{"request", []string{no, object, object, object}},
		{"request/headers",
			[]string{no,
				`"\x02\x00\x00\x00\x05\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x03\x00\x00\x00:path\x00/p\x00x\x001,2\x00"`,
				none}},
		{"request/headers/x", []string{no, `"1,2"`, no, `"1,2"`}},
		{"request/headers/x/y", []string{no}},
		{"request/headers_bytes", []string{no, n(11), zero, n(11)}},
		{"request/total_size", []string{no, n(11), zero, n(11)}},
		{"request/size", []string{no, zero, zero, zero}},
		{"request/duration", []string{no, no, no, n(5)}},
		{"request/protocol", []string{no, `"HTTP/1.1"`, `"HTTP/1.1"`, `"HTTP/1.1"`}},
		{"request/path", []string{no, `"/p"`, no, `"/p"`}},
		{"request/query", []string{no, empty, no, empty}},
		{"request/referer", []string{no}},
		{"request/nope", []string{no}},
		{"response", []string{no, object, object, object}},
		{"response/code", []string{no, no, n(200), n(200)}},
		{"response/code_details", []string{no, no, `"via_upstream"`, `"via_upstream"`}},
		{"response/size", []string{no, zero, zero, n(2)}},
		{"response/total_size", []string{no, zero, n(10), n(12)}},
		{"response/flags", []string{no, zero, zero, zero}},
		{"response/headers", []string{no, none}},
		{"response/headers/:status", []string{no, no, `"200"`, `"200"`}},
		{"response/trailers", []string{no, none, none, none}},
		{"response/grpc_status", []string{no, no, n(2), n(2)}},
		{"response/backend_latency", []string{no, no, no, zero}},
		{"connection", []string{no, object, object, object}},
		{"connection/mtls", []string{no, `"\x00"`, `"\x00"`, `"\x00"`}},
		{"connection/requested_server_name", []string{no, empty, empty, empty}},
		{"connection/id", []string{no, zero, zero, zero}},
		{"connection/tls_version", []string{no}},
		{"upstream", []string{no, object, object, object}},
		{"upstream/address", []string{no, no, `"127.0.0.1:8080"`, `"127.0.0.1:8080"`}},
		{"upstream/port", []string{no, no, `"\x90\x1f\x00\x00\x00\x00\x00\x00"`}},
		{"upstream/locality/region", []string{no, no, empty, empty}},
		{"upstream/transport_failure_reason", []string{no, no, empty, empty}},
		{"upstream/request_attempt_count", []string{no, zero, n(1), n(1)}},
		{"upstream/num_endpoints", []string{no, n(1), n(1), n(1)}},
		{"source/address", []string{no, `"127.0.0.1:50000"`}},
		{"source/port", []string{no, `"P\xc3\x00\x00\x00\x00\x00\x00"`}},
		{"destination/address", []string{no, `"[::1]:443"`}},
		{"destination/port", []string{no, `"\xbb\x01\x00\x00\x00\x00\x00\x00"`}},
		{"metadata", []string{no, empty, empty, empty}},
		{"metadata/filter_metadata", []string{no, none, none, none}},
		{"metadata/filter_metadata/x", []string{no}},
		{"metadata/nope", []string{no}},
		{"filter_state", []string{no, object, object, object}},
		{"filter_state/wasm.mine", []string{no, `"val"`, `"val"`, `"val"`}},
		{"filter_state/mine", []string{no}},
		{"upstream_filter_state", []string{no, no, object, object}},
		{"mine", []string{no, `"val"`, `"val"`, `"val"`}},
		{"two/seg", []string{no}},
		{"", []string{object}},
		{"/", []string{no}},
		{"request/", []string{no, object, object, object}},
		{"request//", []string{no}},
	}
	phases := []string{configure, reqHead, respHead, onLogs}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			g := wasmtest.NewGuest("0_2_1")
			g.Call(reqHead, "proxy_set_property", "mine", "val")
			g.Call(reqHead, "proxy_set_property", "two\x00seg", "val")
			calls := map[string]int{}
			for _, phase := range phases {
				calls[phase] = g.Call(phase, "proxy_get_property", strings.ReplaceAll(test.path, "/", "\x00"), out)
			}
			clock := NewManualClock(time.Unix(0, 0))
			b := mustStart(t, g, setup{vm: VMConfig{Clock: clock, Node: &property.Node{ID: "n1",
				Metadata: property.Struct{"M": map[string]any{"k": "v"}}, Locality: property.Locality{SubZone: "s"}}},
				plugin: PluginConfig{Name: "pl", Properties: map[string]any{"xds.cluster_name": "down",
					"xds.listener_direction": 1}}})
			s := b.plugin.NewStream(StreamConfig{Raw: true, Destination: "[::1]:443",
				Properties: map[string]any{"xds.cluster_name": "up",
					"xds.route_metadata": property.Metadata{"rm": {"n": 2}}}})
			s.RequestHeaders(headermap.Of(":path", "/p", "x", "1", "x", "2"), true)
			s.ResponseHeaders(headermap.Of(":status", "200"), false)
			s.ResponseBody([]byte("ok"), true)
			if err := b.vm.Advance(5); err != nil {
				t.Fatal(err)
			}
			s.Close()
			for i, phase := range phases {
				want := test.want[0]
				if len(test.want) > 1 {
					if i >= len(test.want) {
						continue
					}
					want = test.want[i]
				}
				if got := b.shown(calls[phase]); got != want {
					t.Errorf("in %s: got %s, want %s", phase, got, want)
				}
			}
		})
	}
}

// TestPropertiesOfRoots reads the node on a tick and when a call is answered.
func TestPropertiesOfRoots(t *testing.T) {
	g := wasmtest.NewGuest("0_2_1")
	g.Call(start, "proxy_http_call", "ready", callPairs, "", "", 100, out1)
	calls := map[string]int{}
	for _, phase := range []string{"proxy_on_context_create", start, "proxy_on_tick", onCall, onDones, onDeletes} {
		calls[phase] = g.Call(phase, "proxy_get_property", "xds\x00node\x00metadata\x00N", out)
	}
	b := mustStart(t, g, setup{vm: VMConfig{Clusters: clusters, Node: &property.Node{Metadata: property.Struct{"N": 1}}}})
	if err := b.vm.Answer(4, CallAnswer{Headers: answered}); err != nil {
		t.Fatal(err)
	}
	if err := b.plugin.Tick(); err != nil {
		t.Fatal(err)
	}
	if err := b.plugin.Close(); err != nil {
		t.Fatal(err)
	}
	for phase, call := range calls {
		if got := b.shown(call); got != `"\x00\x00\x00\x00\x00\x00\xf0?"` {
			t.Errorf("in %s: got %s", phase, got)
		}
	}
}
