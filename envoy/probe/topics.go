package probe

import (
	"slices"
	"strings"

	"github.com/header-auth/header-auth/host/abi"
)

// topic is something that scripts are about besides the stream: host calls that have to do with each other.
type topic struct {
	calls  []string
	places []string                                   // callbacks of its own
	args   func(g generator, name string) (all []Arg) // of a call
	// stateful says that its calls change what all VMs of an Envoy have in common, so that they must not stand where the
	// VMs of other threads make them too.
	stateful bool
}

var topics = []topic{
	{calls: []string{"get_property", "get_property", "get_property", "set_property"}, places: []string{"configure",
		"vm_start"},
		args: propertyArgs},
	{calls: []string{"get_shared_data", "set_shared_data", "register_shared_queue", "register_shared_queue",
		"resolve_shared_queue",
		"enqueue_shared_queue", "enqueue_shared_queue", "dequeue_shared_queue"}, places: []string{"queue_ready"},
		args: sharedArgs, stateful: true},
	{calls: []string{"define_metric", "define_metric", "increment_metric", "record_metric", "get_metric"},
		args: metricArgs, stateful: true},
	{calls: []string{"grpc_call", "grpc_stream", "grpc_stream", "grpc_send", "grpc_cancel", "grpc_close", "get_status",
		"get_header_map_pairs",
		"get_buffer_bytes"}, places: ofPlugin[3:], args: grpcArgs},
	{calls: wasiCalls, args: wasiArgs},
	{calls: []string{"call_foreign_function"}, places: []string{"configure"}, args: foreignArgs},
}

// atStart are the callbacks that the VM of the main thread makes too, so that what it calls is called twice.
var atStart = []string{"context_create", "vm_start", "configure"}

// atEnd are the callbacks that end a stream.
var atEnd = []string{"log", "done", "delete"}

// topicStep is a call of the script's topic.
func (g generator) topicStep(callback string) (Step, bool) {
	name := pick(g, g.topic.calls...)
	if slices.Contains(atStart, callback) && (g.topic.stateful || strings.HasPrefix(name, "grpc_")) ||
		callback == "queue_ready" && name == "enqueue_shared_queue" { // which makes the callback again, without end
		return Step{}, false
	}
	step := Step{name, g.topic.args(g, name)}
	size := len(step.Args) > 0 && (step.Args[0].Text == path("response.headers_bytes").Text ||
		step.Args[0].Text == path("response.total_size").Text)
	return step, callback != "log" || !size // Envoy has added a date by then
}

// paths are those of properties whose values are the same wherever a script runs.
var paths = []string{"request.path", "request.url_path", "request.query", "request.host", "request.scheme",
	"request.method",
	"request.headers", "request.headers.a", "request.referer", "request.useragent", "request.id", "request.protocol",
	"request.size", "request.total_size", "request.headers_bytes", "request.duration", "request.nosuch", "request",
	"response.code", "response.code_details", "response.flags", "response.grpc_status", "response.headers",
	"response.headers.a", "response.trailers", "response.trailers.t", "response.size", "response.total_size",
	"response.headers_bytes", "response.nosuch",
	"connection.mtls", "connection.requested_server_name", "connection.tls_version", "connection.nosuch",
	"upstream.transport_failure_reason", "upstream.request_attempt_count", "upstream.num_endpoints", "upstream.locality",
	"upstream.cx_pool_ready_duration", "upstream.nosuch", "upstream_filter_state", "upstream_filter_state.k",
	"metadata", "metadata.filter_metadata", "metadata.filter_metadata.x", "filter_state", "filter_state.k",
	"filter_state.wasm\x01k", "k", "k.l",
	"plugin_name", "plugin_root_id", "plugin_vm_id", "xds.node", "xds.node.id", "xds.node.cluster", "xds.node.metadata",
	"xds.cluster_name", "xds.cluster_metadata", "xds.route_name", "xds.route_metadata", "xds.virtual_host_name",
	"xds.virtual_host_metadata", "xds.filter_chain_name", "xds.listener_direction", "xds.upstream_host_metadata",
	"xds.nosuch",
	"xds", "nosuch", "", "k.", ".k"}

// path is a property's path with the separators that a plugin writes; one that has a dot in a
// segment is written with \x01.
func path(s string) Arg {
	return text(strings.ReplaceAll(strings.ReplaceAll(s, ".", "\x00"), "\x01", "."))
}

func propertyArgs(g generator, name string) []Arg {
	if name == "set_property" {
		return []Arg{path(pick(g, "k", "k", "k.l", "request.path", "request", "plugin_name", "")),
			text(pick(g, "v", "", "w"))}
	}
	if g.chance(25) {
		return []Arg{path(pick(g, "k", "k.l", "filter_state.wasm\x01k", "filter_state.k"))}
	}
	return []Arg{path(pick(g, paths...))}
}

// lastOr is last, or with a small chance any number.
func (g generator) lastOr(others ...int64) Arg {
	if g.chance(10) {
		return number(pick(g, others...))
	}
	return Arg{Kind: 'l'}
}

func sharedArgs(g generator, name string) []Arg {
	key, value := text(pick(g, "k", "k", "l", "")), text(pick(g, "v", "", "w"))
	switch name {
	case "get_shared_data":
		return []Arg{key}
	case "set_shared_data":
		if g.chance(50) {
			return []Arg{key, value, number(0)}
		}
		return []Arg{key, value, g.lastOr(999_999)}
	case "register_shared_queue":
		return []Arg{key}
	case "resolve_shared_queue":
		return []Arg{text(pick(g, "", probeName, probeName+secondSuffix, "nosuch")), key}
	case "enqueue_shared_queue":
		return []Arg{g.lastOr(0, 999_999), value}
	}
	return []Arg{g.lastOr(0, 999_999)} // dequeue_shared_queue
}

func metricArgs(g generator, name string) []Arg {
	if name == "define_metric" {
		return []Arg{number(pick[int64](g, 0, 1, 2, 0, 1, 3, -1)), text(pick(g, "m", "n.o", "m"))}
	}
	id := g.lastOr(0, 3, 4, 5, 6, 7, 999)
	if name == "get_metric" {
		return []Arg{id}
	}
	return []Arg{id, number(pick[int64](g, 1, 2, 0, -1, -5, 1<<40))}
}

func grpcArgs(g generator, name string) []Arg {
	begin := []Arg{text(pick(g, "grpc:"+calleeName, "grpc:"+calleeName, "grpc:"+calleeName, calleeName, calleeName,
		"grpc:"+emptyName, "grpc:unknown", "unknown-cluster")), text("s"), text("m"), pairs()}
	if g.chance(30) {
		begin[3] = pairs("a", "1")
	}
	switch name {
	case "grpc_call":
		return append(begin, text(pick(g, "q", "")), number(pick[int64](g, 0, 0, 300)))
	case "grpc_stream":
		return begin
	case "grpc_send":
		return []Arg{g.lastOr(0, 1, 2, 6), text(pick(g, "q", "", "rr")), number(pick[int64](g, 0, 0, 1))}
	case "get_status":
		return nil
	case "get_header_map_pairs":
		return []Arg{number(pick[int64](g, 4, 5))}
	case "get_buffer_bytes":
		return []Arg{number(5), g.length(), g.length()}
	}
	return []Arg{g.lastOr(0, 1, 2, 5, 6)} // grpc_cancel, grpc_close
}

// insertGrpc puts the parts of an answer to a gRPC call in between other events.
func (g generator) insertGrpc(events []Event) []Event {
	var parts []Event
	if g.chance(40) {
		parts = append(parts, Event{Kind: GrpcMetadata, Args: flat(g.plain())})
	}
	for range g.IntN(3) {
		parts = append(parts, Event{Kind: GrpcMessage, Args: []Arg{text(pick(g, "answer", "", "x"))}})
	}
	if g.chance(80) {
		parts = append(parts,
			Event{Kind: GrpcEnd, Args: append([]Arg{text(pick(g, "0", "0", "0", "5", "14")), text(pick(g, "", "why"))},
				flat(g.plain())...)})
	}
	at := 1
	for _, p := range parts {
		at += g.IntN(len(events) - at + 1)
		events = slices.Insert(events, at, p)
		at++
	}
	return events
}

// wasiCalls are WASI's functions but for those that give the time or write random numbers.
var wasiCalls = func() (names []string) {
	for name := range functions {
		if strings.HasPrefix(name, wasiPrefix) && name != "wasi.clock_time_get" && name != "wasi.random_get" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}()

// wasiArgs are arguments of every kind that a function of WASI has. The addresses are free memory,
// or at its end, or outside.
func wasiArgs(g generator, name string) (all []Arg) {
	for _, p := range functions[name].Params {
		switch {
		case p.Kind.Out():
		case p.Kind == abi.KindPointer:
			all = append(all, number(pick[int64](g, 12_000, 12_000, 12_100, pages<<16-3, 1<<30)))
		case p.Kind == abi.KindBytes:
			all = append(all, text(pick(g, "", "x")))
		default:
			all = append(all, number(pick[int64](g, 0, 1, 2, 3, 99)))
		}
	}
	return all
}

// proto is a protobuf message of texts, and of numbers in one byte.
func proto(fields ...any) (out string) {
	for i, f := range fields {
		switch f := f.(type) {
		case string:
			out += string(rune((i+1)<<3|2)) + string(rune(len(f))) + f
		case int:
			out += string(rune((i+1)<<3)) + string(rune(f))
		}
	}
	return out
}

// foreign are calls of foreign functions, name and argument. compress is not among them: its
// bytes are another library's.
var foreign = [][2]string{
	{"clear_route_cache", ""}, {"nosuch", ""}, {"", ""},
	{"uncompress", "x\x9cKJNI\x05\x00\x04\n\x01\x8c"}, {"uncompress", "abc"}, {"uncompress", ""},
	{"declare_property", proto("k", 1)}, {"declare_property", proto("k", 0, 1)}, {"declare_property", proto("k", 0, 3,
		"type.googleapis.com/google.protobuf.Struct")},
	{"declare_property", proto("k", 1, 1, "", 2)}, {"declare_property", ""}, {"declare_property", "\xff"},
	{"set_envoy_filter_state", proto("envoy.string", "v")}, {"set_envoy_filter_state", proto("envoy.string", "w", 1)},
	{"set_envoy_filter_state", proto("nosuch", "v")}, {"set_envoy_filter_state", ""}, {"set_envoy_filter_state", "\xff"},
	{"expr_create", "request.path"}, {"expr_create", "request.headers['a'] == '1'"}, {"expr_create", "response.code + 1"},
	{"expr_create", "size(request.headers)"}, {"expr_create", "k"}, {"expr_create", "has(request.referer)"},
	{"expr_create", "1 +"}, {"expr_create", "nosuch('a')"}, {"expr_create", "filter_state['envoy.string']"},
	{"expr_create", "[request.method, 'x']"}, {"expr_evaluate", "\x00\x00\x00\x00"},
	{"expr_evaluate", "\x00\x00\x00\x00"}, {"expr_evaluate", "\x01\x00\x00\x00"}, {"expr_evaluate", "x"},
	{"expr_delete", "\x00\x00\x00\x00"}, {"expr_delete", "x"},
}

func foreignArgs(g generator, _ string) []Arg {
	f := pick(g, foreign...)
	return []Arg{text(f[0]), text(f[1])}
}
