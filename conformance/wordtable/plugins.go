package wordtable

import (
	"embed"
	"os"
	"path/filepath"

	"github.com/header-auth/header-auth/host/wasmtest"
)

//go:embed *.yaml
var files embed.FS

// Write writes the table into a folder, with the modules that its chains have.
func Write(dir string) error {
	all, err := files.ReadDir(".")
	if err != nil {
		return err
	}
	for _, f := range all {
		text, err := files.ReadFile(f.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name()), text, 0o600); err != nil {
			return err
		}
	}
	for name, wasm := range map[string][]byte{"guard": guard(), "asking": Asking(), "naming": NameAdding()} {
		if err := os.WriteFile(filepath.Join(dir, name+".wasm"), wasm, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Plugins are the modules of the groups.
func Plugins() map[string][]byte {
	return map[string][]byte{"upstream": NameAdding(), "grpc": Asking(), "stream": Watching(), "chain": NameAdding(),
		"effects":       Storing(),
		"grpc-failures": Asking(), "stream-ends": Watching(), "stream-metadata": Reading(), "stream-given-up": Cancelling(),
		"upstream-fails": NameAdding(), "upstream-held": Holding(), "upstream-mended": Mending(), "chain-held": Asking(),
		"chain-other": Asking(), "upstream-unseen": NameAdding(), "given": Telling(), "node": TellingNode()}
}

const (
	onConfigure = "proxy_on_configure"
	onRequest   = "proxy_on_request_headers"
	onResponse  = "proxy_on_response_headers"
	onMessage   = "proxy_on_grpc_receive"
	onInitial   = "proxy_on_grpc_receive_initial_metadata"
	onTrailing  = "proxy_on_grpc_receive_trailing_metadata"
	onClose     = "proxy_on_grpc_close"
)

// Numbers of buffers and maps.
const (
	configuration   = 7
	grpcMessage     = 5
	requestHeaders  = 0
	responseHeaders = 2
	initialMetadata = 4
	trailing        = 5
)

// UsersService is the upstream of a gRPC call, an envoy.config.core.v3.GrpcService:
// {envoy_grpc: {cluster_name: users}}.
const UsersService = "\x0a\x07\x0a\x05users"

// Guest begins a plugin that lets every request pass.
func Guest() *wasmtest.Guest {
	g := wasmtest.NewGuest("0_2_1")
	g.Exports("proxy_on_context_create", "proxy_on_vm_start", onConfigure, onRequest, onResponse, "proxy_on_log",
		"proxy_on_done", "proxy_on_delete")
	return g
}

// shows makes a callback log what a host function gives as its last two out words; before is the
// number of words in front.
func shows(g *wasmtest.Guest, callback string, before int, function string, args ...any) {
	for range before {
		args = append(args, wasmtest.Out1)
	}
	n := g.Call(callback, function, append(args, wasmtest.Out)...)
	g.Call(callback, "proxy_log", 2, wasmtest.OutWord(n, before), wasmtest.OutWord(n, before+1))
}

// NameAdding adds its plugin's name to requests and responses.
func NameAdding() []byte {
	g := Guest()
	adds := func(callback string, headers int) {
		n := g.Call(callback, "proxy_get_property", "plugin_name", wasmtest.Out)
		g.Call(callback, "proxy_add_header_map_value", headers, "x-way", wasmtest.OutWord(n, 0), wasmtest.OutWord(n, 1))
	}
	adds(onRequest, requestHeaders)
	adds(onResponse, responseHeaders)
	return g.Bytes()
}

// guard adds its configuration to each request.
func guard() []byte {
	g := Guest()
	n := g.Call(onConfigure, "proxy_get_buffer_bytes", configuration, 0, 100, wasmtest.Out)
	g.Call(onRequest, "proxy_add_header_map_value", requestHeaders, "x-guard", wasmtest.OutWord(n, 0),
		wasmtest.OutWord(n, 1))
	return g.Bytes()
}

// Asking holds each request and asks a gRPC service. It lets the last request go on when a message comes, and logs what
// comes.
func Asking() []byte {
	const last = 8 << 10 // address of a context's number
	g := Guest()
	g.Do(onRequest, wasmtest.I32(last), wasmtest.Get(0), wasmtest.Store(0))
	g.Call(onRequest, "proxy_grpc_call", UsersService, "pkg.Users", "Get", wasmtest.Pairs("x-tenant", "acme"), "bob", 1000,
		wasmtest.Out1)
	g.Returns(onRequest, 1)
	shows(g, onMessage, 0, "proxy_get_buffer_bytes", grpcMessage, 0, 99)
	g.Call(onMessage, "proxy_set_effective_context", wasmtest.Join(wasmtest.I32(last), wasmtest.Load(0)))
	g.Call(onMessage, "proxy_continue_stream", 0)
	shows(g, onClose, 1, "proxy_get_status")
	return g.Bytes()
}

// Watching opens a gRPC stream and sends a message. It logs what comes, and ends its half with the response.
func Watching() []byte {
	g := Guest()
	stream := g.Call(onRequest, "proxy_grpc_stream", UsersService, "pkg.Users", "Watch", wasmtest.Pairs(), wasmtest.Out1)
	g.Call(onRequest, "proxy_grpc_send", wasmtest.OutWord(stream, 0), "hello", 0)
	g.Call(onResponse, "proxy_grpc_send", wasmtest.OutWord(stream, 0), "more", 1)
	shows(g, onInitial, 0, "proxy_get_header_map_value", initialMetadata, "x-server")
	shows(g, onMessage, 0, "proxy_get_buffer_bytes", grpcMessage, 0, 99)
	shows(g, onTrailing, 0, "proxy_get_header_map_value", trailing, "x-sum")
	shows(g, onTrailing, 0, "proxy_get_header_map_value", trailing, "grpc-status")
	shows(g, onClose, 1, "proxy_get_status")
	return g.Bytes()
}

// Storing does what outlives its callback. What fails is not done.
func Storing() []byte {
	g := Guest()
	g.Call(onConfigure, "proxy_set_shared_data", "started", "yes", 0)
	q := g.Call(onConfigure, "proxy_register_shared_queue", "jobs", wasmtest.Out1)
	g.Call(onRequest, "proxy_set_shared_data", "count", "18", 0)
	g.Call(onRequest, "proxy_set_shared_data", "count", "19", 4711)
	g.Call(onRequest, "proxy_enqueue_shared_queue", wasmtest.OutWord(q, 0), "a job")
	g.Call(onRequest, "proxy_set_property", "my\x00path", "v")
	g.Call(onRequest, "proxy_call_foreign_function", "clear_route_cache", "", 0, 0)
	return g.Bytes()
}

// Reading opens a gRPC stream and logs all metadata that comes.
func Reading() []byte {
	g := Guest()
	g.Call(onRequest, "proxy_grpc_stream", UsersService, "pkg.Users", "Watch", wasmtest.Pairs(), wasmtest.Out1)
	shows(g, onInitial, 0, "proxy_get_header_map_pairs", initialMetadata)
	shows(g, onTrailing, 0, "proxy_get_header_map_pairs", trailing)
	g.Exports(onMessage, onClose)
	return g.Bytes()
}

// Cancelling gives its gRPC stream up with the response, and asks in the request's end, which it gives up too.
func Cancelling() []byte {
	g := Guest()
	stream := g.Call(onRequest, "proxy_grpc_stream", UsersService, "pkg.Users", "Watch", wasmtest.Pairs(), wasmtest.Out1)
	g.Call(onResponse, "proxy_grpc_cancel", wasmtest.OutWord(stream, 0))
	call := g.Call("proxy_on_log", "proxy_grpc_call", UsersService, "pkg.Users", "Get", "", "bye", 0, wasmtest.Out1)
	g.Call("proxy_on_log", "proxy_grpc_cancel", wasmtest.OutWord(call, 0))
	return g.Bytes()
}

// Holding holds each response.
func Holding() []byte {
	g := Guest()
	g.Returns(onResponse, 1)
	return g.Bytes()
}

// Mending answers in place of each response.
func Mending() []byte {
	g := Guest()
	g.Call(onResponse, "proxy_send_local_response", 200, "mended", "try later", wasmtest.Pairs(), -1)
	return g.Bytes()
}

// Telling logs names of its listener, and five random bytes at the start and at each request.
func Telling() []byte {
	const at = 9 << 10
	g := Guest()
	for _, path := range []string{"xds\x00route_name", "xds\x00virtual_host_name", "xds\x00filter_chain_name",
		"xds\x00listener_direction"} {
		shows(g, onRequest, 0, "proxy_get_property", path)
	}
	for _, callback := range []string{onConfigure, onRequest} {
		g.CallFrom("wasi_snapshot_preview1", callback, "random_get", "i", at, 5)
		g.Call(callback, "proxy_log", 2, at, 5)
	}
	return g.Bytes()
}

// TellingNode logs what Envoy says of itself, and its VM's id.
func TellingNode() []byte {
	g := Guest()
	shows(g, onConfigure, 0, "proxy_get_property", "xds\x00node\x00id")
	for _, path := range []string{"xds\x00node\x00cluster", "xds\x00node\x00metadata\x00tier",
		"xds\x00node\x00metadata\x00weight", "xds\x00node\x00metadata\x00list\x000",
		"xds\x00node\x00locality\x00zone", "plugin_vm_id"} {
		shows(g, onRequest, 0, "proxy_get_property", path)
	}
	return g.Bytes()
}
