package host

import (
	"testing"
	"time"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/process"
	"github.com/header-auth/header-auth/host/wasmtest"
)

const (
	start     = "proxy_on_vm_start"
	configure = "proxy_on_configure"
	reqHead   = "proxy_on_request_headers"
	reqBody   = "proxy_on_request_body"
	reqTrail  = "proxy_on_request_trailers"
	respHead  = "proxy_on_response_headers"
	respBody  = "proxy_on_response_body"
	onLogs    = "proxy_on_log"
	onDones   = "proxy_on_done"
	onDeletes = "proxy_on_delete"
	onTicks   = "proxy_on_tick"
	onCall    = "proxy_on_http_call_response"
)

// Arguments as the rows of the tables below write them.
const (
	out    = wasmtest.Out
	out1   = wasmtest.Out1
	beyond = 0x7fffffff // an address outside memory
)

// args is a shorthand.
func args(list ...any) []any { return list }

// TestHostCalls makes one host call in one callback of a POST with body and trailers; the response has body and
// trailers too.
func TestHostCalls(t *testing.T) {
	outside := wasmtest.Raw{At: beyond, Len: 4}
	tests := []struct {
		name     string
		in       string // callback
		function string
		args     []any
		want     abi.Status
		out      any // string: the bytes of the two out words; uint32: the first out word; nil: not checked
	}{
		// Header maps: which, where.
		{"request header", reqHead, "proxy_get_header_map_value", args(0, "Allow", out), abi.StatusOk, "true"},
		{"first of two", reqHead, "proxy_get_header_map_value", args(0, "twice", out), abi.StatusOk, "1"},
		{"absent", reqHead, "proxy_get_header_map_value", args(0, "nosuch", out), abi.StatusNotFound, nil},
		{"empty value", reqHead, "proxy_get_header_map_value", args(0, "empty", out), abi.StatusOk, ""},
		{"empty name", reqHead, "proxy_get_header_map_value", args(0, "", out), abi.StatusNotFound, nil},
		{"host is authority", reqHead, "proxy_get_header_map_value", args(0, "HOST", out), abi.StatusOk, "a.example"},
		{"joined on the wire", reqHead, "proxy_get_header_map_value", args(0, "accept", out), abi.StatusOk, "a,b"},
		{"map not there", reqHead, "proxy_get_header_map_value", args(2, "a", out), abi.StatusBadArgument, nil},
		{"map of no type", reqHead, "proxy_get_header_map_value", args(8, "a", out), abi.StatusBadArgument, nil},
		{"map type before memory", reqHead, "proxy_get_header_map_value", args(-1, outside, out), abi.StatusBadArgument, nil},
		{"name outside memory", reqHead, "proxy_get_header_map_value", args(0, outside, out),
			abi.StatusInvalidMemoryAccess, nil},
		{"empty name outside memory", reqHead, "proxy_get_header_map_value", args(0, wasmtest.Raw{At: beyond}, out),
			abi.StatusInvalidMemoryAccess, nil},
		{"out words outside memory", reqHead, "proxy_get_header_map_value", args(0, "allow", beyond, beyond),
			abi.StatusInvalidMemoryAccess, nil},
		{"absent, out words outside memory", reqHead, "proxy_get_header_map_value", args(0, "nosuch", beyond, beyond),
			abi.StatusNotFound, nil},
		{"request header after Continue", reqBody, "proxy_get_header_map_value", args(0, "allow", out),
			abi.StatusBadArgument, nil},
		{"pairs after Continue", reqBody, "proxy_get_header_map_pairs", args(0, out), abi.StatusOk, ""},
		{"pairs of no type", reqBody, "proxy_get_header_map_pairs", args(8, out), abi.StatusBadArgument, nil},
		{"size after Continue", reqBody, "proxy_get_header_map_size", args(0, out1), abi.StatusBadArgument, nil},
		{"trailers", reqTrail, "proxy_get_header_map_value", args(1, "t", out), abi.StatusOk, "1"},
		{"request header in response", respHead, "proxy_get_header_map_value", args(0, "allow", out),
			abi.StatusBadArgument, nil},
		{"response header", respHead, "proxy_get_header_map_value", args(2, ":status", out), abi.StatusOk, "200"},
		{"size", respHead, "proxy_get_header_map_size", args(2, out1), abi.StatusOk,
			uint32(len(":status" + "200" + "a" + "b"))},
		{"in log: request", onLogs, "proxy_get_header_map_value", args(0, "allow", out), abi.StatusOk, "true"},
		{"in log: response", onLogs, "proxy_get_header_map_value", args(2, "a", out), abi.StatusOk, "b"},
		{"in log: response trailers", onLogs, "proxy_get_header_map_value", args(3, "u", out), abi.StatusOk, "2"},
		{"in log: request trailers", onLogs, "proxy_get_header_map_value", args(1, "t", out), abi.StatusNotFound, nil},
		{"in log: change", onLogs, "proxy_add_header_map_value", args(0, "a", "b"), abi.StatusBadArgument, nil},
		{"in log: size", onLogs, "proxy_get_header_map_size", args(0, out1), abi.StatusBadArgument, nil},
		{"in done", onDones, "proxy_get_header_map_value", args(0, "allow", out), abi.StatusBadArgument, nil},
		{"in delete: pairs", onDeletes, "proxy_get_header_map_pairs", args(0, out), abi.StatusOk, ""},
		{"in configure", configure, "proxy_get_header_map_value", args(0, "allow", out), abi.StatusBadArgument, nil},
		{"in configure: pairs", configure, "proxy_get_header_map_pairs", args(0, out), abi.StatusOk, ""},
		{"no call answered", reqHead, "proxy_get_header_map_value", args(6, ":status", out), abi.StatusBadArgument, nil},
		{"change a call's answer", reqHead, "proxy_add_header_map_value", args(6, "a", "b"), abi.StatusBadArgument, nil},
		{"remove absent", reqHead, "proxy_remove_header_map_value", args(0, "nosuch"), abi.StatusOk, nil},
		{"malformed pairs", respHead, "proxy_set_header_map_pairs", args(3, "xx"), abi.StatusBadArgument, nil},

		// Buffers.
		{"request body", reqBody, "proxy_get_buffer_bytes", args(0, 0, beyond, out), abi.StatusOk, ""},
		{"buffer beyond end", reqBody, "proxy_get_buffer_bytes", args(0, 99, 1, out), abi.StatusOk, ""},
		{"buffer -1 -1", reqBody, "proxy_get_buffer_bytes", args(0, -1, -1, out), abi.StatusOk, ""},
		{"body outside its phase", respHead, "proxy_get_buffer_bytes", args(0, 0, 9, out), abi.StatusOk, ""},
		{"downstream data", reqHead, "proxy_get_buffer_bytes", args(2, 0, 9, out), abi.StatusOk, ""},
		{"no call's body", reqHead, "proxy_get_buffer_bytes", args(4, 0, 9, out), abi.StatusNotFound, nil},
		{"VM configuration", reqHead, "proxy_get_buffer_bytes", args(6, 0, 9, out), abi.StatusOk, "vm config"},
		{"VM configuration, part", start, "proxy_get_buffer_bytes", args(6, 3, 3, out), abi.StatusOk, "con"},
		{"plugin configuration", configure, "proxy_get_buffer_bytes", args(7, 0, 99, out), abi.StatusOk, "plugin config"},
		{"plugin configuration in vm_start", start, "proxy_get_buffer_bytes", args(7, 0, 99, out), abi.StatusNotFound, nil},
		{"plugin configuration later", reqHead, "proxy_get_buffer_bytes", args(7, 0, 99, out), abi.StatusNotFound, nil},
		{"the last buffer", reqBody, "proxy_set_buffer_bytes", args(8, 0, 0, "x"), abi.StatusOk, nil},
		{"the last buffer, later", respHead, "proxy_set_buffer_bytes", args(8, 0, 0, "x"), abi.StatusOk, nil},
		{"no buffer yet", reqHead, "proxy_set_buffer_bytes", args(8, 0, 0, "x"), abi.StatusBadArgument, nil},
		{"no buffer yet, read", reqHead, "proxy_get_buffer_bytes", args(8, 0, 9, out), abi.StatusOk, ""},
		{"buffer of no type", reqHead, "proxy_get_buffer_bytes", args(9, 0, 9, out), abi.StatusBadArgument, nil},
		{"buffer status", configure, "proxy_get_buffer_status", args(7, out1, out1), abi.StatusOk, uint32(13)},
		{"set inside", respBody, "proxy_set_buffer_bytes", args(1, 1, 1, "x"), abi.StatusBadArgument, nil},
		{"set outside its phase", respHead, "proxy_set_buffer_bytes", args(0, 0, 0, "x"), abi.StatusBadArgument, nil},
		{"set configuration", configure, "proxy_set_buffer_bytes", args(7, 0, 0, "x"), abi.StatusBadArgument, nil},

		// Streams and contexts.
		{"continue upstream", reqHead, "proxy_continue_stream", args(3), abi.StatusUnimplemented, nil},
		{"continue downstream", reqHead, "proxy_continue_stream", args(2), abi.StatusOk, nil},
		{"continue no type", reqHead, "proxy_continue_stream", args(4), abi.StatusBadArgument, nil},
		{"close no type", reqHead, "proxy_close_stream", args(99), abi.StatusBadArgument, nil},
		{"in configure: continue", configure, "proxy_continue_stream", args(0), abi.StatusOk, nil},
		{"in configure: close", configure, "proxy_close_stream", args(0), abi.StatusOk, nil},
		{"in configure: reply", configure, "proxy_send_local_response", args(403, "", "", "", -1), abi.StatusOk, nil},
		{"reply, bad pointer", reqHead, "proxy_send_local_response", args(403, "", outside, "", -1),
			abi.StatusInvalidMemoryAccess, nil},
		{"effective context unknown", reqHead, "proxy_set_effective_context", args(999), abi.StatusBadArgument, nil},
		{"effective context 0", reqHead, "proxy_set_effective_context", args(0), abi.StatusOk, nil},
		{"effective context root", reqHead, "proxy_set_effective_context", args(1), abi.StatusOk, nil},
		{"done", reqHead, "proxy_done", nil, abi.StatusNotFound, nil},

		// Logs, time, status.
		{"log level 6", reqHead, "proxy_log", args(6, "x"), abi.StatusBadArgument, nil},
		{"log level -1", reqHead, "proxy_log", args(-1, "x"), abi.StatusBadArgument, nil},
		{"log outside memory", reqHead, "proxy_log", args(2, outside), abi.StatusInvalidMemoryAccess, nil},
		{"log level", reqHead, "proxy_get_log_level", args(out1), abi.StatusOk, uint32(abi.LogInfo)},
		{"time outside memory", reqHead, "proxy_get_current_time_nanoseconds", args(beyond),
			abi.StatusInvalidMemoryAccess, nil},
		{"status of no call", reqHead, "proxy_get_status", args(out1, out), abi.StatusOk, uint32(0)},

		// Properties.
		{"path", reqHead, "proxy_get_property", args("request\x00path", out), abi.StatusOk, "/p?q=1"},
		{"path, NUL at the end", reqHead, "proxy_get_property", args("request\x00path\x00", out), abi.StatusOk, "/p?q=1"},
		{"url_path", reqHead, "proxy_get_property", args("request\x00url_path", out), abi.StatusOk, "/p"},
		{"query", reqHead, "proxy_get_property", args("request\x00query", out), abi.StatusOk, "q=1"},
		{"host", reqHead, "proxy_get_property", args("request\x00host", out), abi.StatusOk, "a.example"},
		{"method in log", onLogs, "proxy_get_property", args("request\x00method", out), abi.StatusOk, "POST"},
		{"method after Continue", respHead, "proxy_get_property", args("request\x00method", out), abi.StatusNotFound, nil},
		{"protocol after Continue", respHead, "proxy_get_property", args("request\x00protocol", out), abi.StatusOk,
			"HTTP/1.1"},
		{"header, all values", reqHead, "proxy_get_property", args("request\x00headers\x00twice", out), abi.StatusOk, "1,2"},
		{"size", reqHead, "proxy_get_property", args("request\x00size", out), abi.StatusOk,
			"\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"duration before log", reqHead, "proxy_get_property", args("request\x00duration", out), abi.StatusNotFound, nil},
		{"code before response", reqHead, "proxy_get_property", args("response\x00code", out), abi.StatusNotFound, nil},
		{"code", onLogs, "proxy_get_property", args("response\x00code", out), abi.StatusOk,
			"\xc8\x00\x00\x00\x00\x00\x00\x00"},
		{"mtls", reqHead, "proxy_get_property", args("connection\x00mtls", out), abi.StatusOk, "\x00"},
		{"source", reqHead, "proxy_get_property", args("source\x00address", out), abi.StatusOk, "10.0.0.1:4711"},
		{"source port", reqHead, "proxy_get_property", args("source\x00port", out), abi.StatusOk,
			"\x67\x12\x00\x00\x00\x00\x00\x00"},
		{"given", reqHead, "proxy_get_property", args("xds\x00route_name", out), abi.StatusOk, "r"},
		{"plugin_name", configure, "proxy_get_property", args("plugin_name", out), abi.StatusOk, "name"},
		{"plugin_root_id", reqHead, "proxy_get_property", args("plugin_root_id", out), abi.StatusOk, "root"},
		{"plugin_vm_id", onDeletes, "proxy_get_property", args("plugin_vm_id", out), abi.StatusOk, "id"},
		{"unknown root", reqHead, "proxy_get_property", args("nosuch", out), abi.StatusNotFound, nil},
		{"unknown field", reqHead, "proxy_get_property", args("request\x00nosuch", out), abi.StatusNotFound, nil},
		{"old top level", reqHead, "proxy_get_property", args("cluster_name", out), abi.StatusNotFound, nil},
		{"whole request", reqHead, "proxy_get_property", args("request", out), abi.StatusSerializationFailure, nil},
		{"empty path", reqHead, "proxy_get_property", args("", out), abi.StatusSerializationFailure, nil},
		{"metadata", reqHead, "proxy_get_property", args("metadata", out), abi.StatusOk, ""},
		{"request in configure", configure, "proxy_get_property", args("request\x00path", out), abi.StatusNotFound, nil},
		{"set property", reqHead, "proxy_set_property", args("mine", "x"), abi.StatusOk, nil},
		{"set property in configure", configure, "proxy_set_property", args("mine", "x"), abi.StatusNotFound, nil},

		// Shared data, queues, metrics, foreign functions.
		{"shared data absent", reqHead, "proxy_get_shared_data", args("nosuch", out, out1), abi.StatusNotFound, nil},
		{"shared data", reqHead, "proxy_get_shared_data", args("key", out, out1), abi.StatusOk, "value"},
		{"shared data, wrong cas", reqHead, "proxy_set_shared_data", args("key", "x", 99), abi.StatusCasMismatch, nil},
		{"shared data, cas on a new key", reqHead, "proxy_set_shared_data", args("new", "x", 99), abi.StatusOk, nil},
		{"shared data, empty key", reqHead, "proxy_set_shared_data", args("", "", 0), abi.StatusOk, nil},
		{"queue", reqHead, "proxy_register_shared_queue", args("q", out1), abi.StatusOk, uint32(1)},
		{"unknown queue", reqHead, "proxy_resolve_shared_queue", args("", "nosuch", out1), abi.StatusNotFound, nil},
		{"unknown queue token", reqHead, "proxy_enqueue_shared_queue", args(9, "x"), abi.StatusNotFound, nil},
		{"dequeue unknown", reqHead, "proxy_dequeue_shared_queue", args(0, out), abi.StatusNotFound, nil},
		{"metric type 3", reqHead, "proxy_define_metric", args(3, "m", out1), abi.StatusBadArgument, nil},
		{"counter", reqHead, "proxy_define_metric", args(0, "m", out1), abi.StatusOk, uint32(4)},
		{"gauge", reqHead, "proxy_define_metric", args(1, "", out1), abi.StatusOk, uint32(5)},
		{"histogram", reqHead, "proxy_define_metric", args(2, "m", out1), abi.StatusOk, uint32(6)},
		{"unknown counter", reqHead, "proxy_increment_metric", args(8, int64(1)), abi.StatusNotFound, nil},
		{"increment id mod 4 = 3", reqHead, "proxy_increment_metric", args(7, int64(1)), abi.StatusBadArgument, nil},
		{"increment histogram", reqHead, "proxy_increment_metric", args(6, int64(1)), abi.StatusBadArgument, nil},
		{"record unknown", reqHead, "proxy_record_metric", args(7, int64(1)), abi.StatusNotFound, nil},
		{"get unknown", reqHead, "proxy_get_metric", args(4, out1), abi.StatusNotFound, nil},
		{"get id mod 4 = 3", reqHead, "proxy_get_metric", args(3, out1), abi.StatusBadArgument, nil},
		{"foreign function", reqHead, "proxy_call_foreign_function", args("nosuch", "", out), abi.StatusNotFound, nil},
		{"clear_route_cache", reqHead, "proxy_call_foreign_function", args("clear_route_cache", "", 0, 0), abi.StatusOk, nil},

		// Calls.
		{"unknown cluster", reqHead, "proxy_http_call", args("nosuch", callPairs, "", "", 100, out1), abi.StatusBadArgument,
			uint32(0)},
		{"cluster without hosts", reqHead, "proxy_http_call", args("empty", callPairs, "", "", 100, out1),
			abi.StatusInternalFailure, uint32(0)},
		{"call", reqHead, "proxy_http_call", args("ready", callPairs, "", "", 100, out1), abi.StatusOk, uint32(4)},
		{"call, time-out -1", reqHead, "proxy_http_call", args("ready", callPairs, "", "", -1, out1), abi.StatusBadArgument,
			uint32(0)},
		{"call without path", reqHead, "proxy_http_call", args("ready", wasmtest.Pairs(":method", "GET", ":authority", "a"),
			"", "", 100, out1), abi.StatusBadArgument, uint32(0)},
		{"call with host", reqHead, "proxy_http_call", args("ready", wasmtest.Pairs(":method", "GET", ":path", "/", "host",
			"a"),
			"", "", 100, out1), abi.StatusOk, uint32(4)},
		{"call, token outside memory", reqHead, "proxy_http_call", args("ready", callPairs, "", "", 100, beyond),
			abi.StatusInvalidMemoryAccess, nil},
		{"call, illegal value", reqHead, "proxy_http_call", args("ready", wasmtest.Pairs(":method", "GET", ":path", "/",
			"host", "a", "x", "a\nb"), "", "", 100, out1), abi.StatusOk, uint32(4)},
		{"call in log", onLogs, "proxy_http_call", args("ready", callPairs, "", "", 100, out1), abi.StatusOk, uint32(4)},
		{"gRPC call, unknown cluster", reqHead, "proxy_grpc_call", args("nosuch", "s", "m", "", "x", 100, out1),
			abi.StatusParseFailure, uint32(0)},
		{"gRPC call", reqHead, "proxy_grpc_call", args("\x0a\x07\x0a\x05ready", "s", "m", "", "x", 100, out1), abi.StatusOk,
			uint32(5)},
		{"gRPC stream", reqHead, "proxy_grpc_stream", args("ready", "s", "m", "", out1), abi.StatusOk, uint32(6)},
		{"gRPC send to no stream", reqHead, "proxy_grpc_send", args(5, "x", 0), abi.StatusBadArgument, nil},
		{"gRPC send unknown", reqHead, "proxy_grpc_send", args(6, "x", 0), abi.StatusNotFound, nil},
		{"gRPC cancel of an HTTP call", reqHead, "proxy_grpc_cancel", args(4), abi.StatusBadArgument, nil},
		{"gRPC close unknown", reqHead, "proxy_grpc_close", args(5), abi.StatusNotFound, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := wasmtest.NewGuest("0_2_1")
			g.Exports(reqHead, reqBody, reqTrail, respHead, respBody, onLogs, onDones, onDeletes)
			call := g.Call(test.in, test.function, test.args...)
			shared := process.NewShared()
			shared.Set("id", "key", []byte("value"))
			b := mustStart(t, g, setup{
				vm: VMConfig{ID: "id", Configuration: []byte("vm config"), Shared: shared, LogLevel: abi.LogInfo,
					Clusters: clusters, Clock: NewManualClock(time.Unix(0, 0))},
				plugin: PluginConfig{Name: "name", RootID: "root", Configuration: []byte("plugin config")},
			})
			b.post()
			if err := b.vm.Failure(); err != nil {
				t.Fatal(err)
			}
			if got := b.status(call); got != test.want {
				t.Errorf("%s: %v, want %v", test.function, got, test.want)
			}
			switch want := test.out.(type) {
			case string:
				if got := b.output(call); got != want {
					t.Errorf("%s gave %q, want %q", test.function, got, want)
				}
				if want == "" && b.word(call, 0) != 0 {
					t.Errorf("%s gave an address for nothing", test.function)
				}
			case uint32:
				if got := b.word(call, 0); got != want {
					t.Errorf("%s gave %d, want %d", test.function, got, want)
				}
			}
		})
	}
}

var callPairs = wasmtest.Pairs(":method", "GET", ":path", "/", ":authority", "a")

func clusters(name string) ClusterState {
	return map[string]ClusterState{"ready": ClusterReady, "empty": ClusterEmpty}[name]
}

// post is a request and a response with headers, body and trailers.
func (b *fixture) post() *Stream {
	s := b.plugin.NewStream(StreamConfig{Source: "10.0.0.1:4711",
		Properties: map[string]any{"xds.route_name": "r"}})
	s.RequestHeaders(headermap.Of(":authority", "a.example", ":path", "/p?q=1", ":method", "POST", ":scheme", "http",
		"Allow", "true", "twice", "1", "twice", "2", "empty", "", "accept", "a", "accept", "b"), false)
	s.RequestBody([]byte("abc"), false)
	s.RequestBody(nil, false)
	s.RequestTrailers(headermap.Of("t", "1"))
	s.ResponseHeaders(headermap.Of(":status", "200", "a", "b"), false)
	s.ResponseBody([]byte("ok"), false)
	s.ResponseTrailers(headermap.Of("u", "2"))
	s.Close()
	return s
}

// TestABI010 checks where the oldest ABI differs.
func TestABI010(t *testing.T) {
	g := wasmtest.NewGuest("0_1_0")
	absent := g.Call(reqHead, "proxy_get_header_map_value", 0, "nosuch", out)
	config := g.Call(configure, "proxy_get_configuration", out)
	vmConfig := g.Call(start, "proxy_get_configuration", out)
	g.Call(reqHead, "proxy_continue_request")
	g.Call(reqHead, "proxy_clear_route_cache")
	g.Returns(reqHead, 1)
	b := mustStart(t, g, setup{vm: VMConfig{Configuration: []byte("vm")},
		plugin: PluginConfig{Configuration: []byte("plugin")}})
	s := b.exchange()
	s.Close()
	if b.status(absent) != abi.StatusOk || b.output(absent) != "" {
		t.Errorf("absent header: %v %q", b.status(absent), b.output(absent))
	}
	if b.output(config) != "plugin" || b.output(vmConfig) != "vm" {
		t.Errorf("configurations %q and %q", b.output(config), b.output(vmConfig))
	}
	if s.Downstream().Status() != 200 {
		t.Errorf("status %d", s.Downstream().Status())
	}
}
