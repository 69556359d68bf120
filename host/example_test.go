package host_test

import (
	"context"
	"fmt"
	"log"

	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// A plugin that refuses every request, and what a client gets. The module would come from a file; here it is written in
// place.
func Example() {
	guest := wasmtest.NewGuest("0_2_1")
	guest.Call("proxy_on_request_headers", "proxy_log", int(abi.LogWarn), "request refused")
	guest.Call("proxy_on_request_headers", "proxy_send_local_response", 403, "refused", "access denied\n",
		wasmtest.Pairs("retry-after", "3600"), -1)
	wasm := guest.Bytes()

	ctx := context.Background()
	module, err := host.Compile(ctx, wasm, host.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer module.Close(ctx)

	vm, err := module.NewVM(ctx, host.VMConfig{
		Log:   func(l host.LogLine) { fmt.Printf("%v: %s\n", l.Level, l.Text) },
		Trace: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer vm.Close(ctx)

	plugin, err := vm.NewPlugin(ctx, host.PluginConfig{Name: "refuse"})
	if err != nil {
		log.Fatal(err)
	}

	stream := plugin.NewStream(host.StreamConfig{})
	stream.RequestHeaders(headermap.Of(":method", "GET", ":path", "/", ":authority", "example.com"), true)
	if stream.Upstream().Ended {
		stream.ResponseHeaders(headermap.Of(":status", "200"), true)
	}
	stream.Close()

	for _, h := range stream.Downstream().Headers() {
		fmt.Printf("%s: %s\n", h.Name, h.Value)
	}
	fmt.Printf("%s", stream.Downstream().Body())
	for _, c := range vm.Crossings() {
		fmt.Println(c)
	}

	// Output:
	// warn: request refused
	// :status: 403
	// retry-after: 3600
	// content-length: 14
	// content-type: text/plain
	// access denied
	// -> proxy_on_request_headers(context 2, headers 3, end_of_stream true)
	//   proxy_log(warn, "request refused") = Ok
	//   proxy_send_local_response(403, "refused", "access denied\n", {"retry-after": "3600"}, -1) = Ok
	// <- proxy_on_request_headers = Continue
}

// start compiles a module and starts a plugin, as Example does.
func start(guest *wasmtest.Guest, v host.VMConfig, p host.PluginConfig) (*host.VM, *host.Plugin) {
	ctx := context.Background()
	module, err := host.Compile(ctx, guest.Bytes(), host.Options{})
	if err != nil {
		log.Fatal(err)
	}
	vm, err := module.NewVM(ctx, v)
	if err != nil {
		log.Fatal(err)
	}
	plugin, err := vm.NewPlugin(ctx, p)
	if err != nil {
		log.Fatal(err)
	}
	return vm, plugin
}

var request = headermap.Of(":method", "GET", ":path", "/", ":authority", "example.com")

// What the upstream gets of a request that the plugin changes.
func ExampleMessage() {
	guest := wasmtest.NewGuest("0_2_1")
	guest.Call("proxy_on_request_headers", "proxy_add_header_map_value", int(abi.RequestHeaders), "X-User", "ann")
	_, plugin := start(guest, host.VMConfig{}, host.PluginConfig{})

	stream := plugin.NewStream(host.StreamConfig{})
	stream.RequestHeaders(request, true)
	upstream := stream.Upstream()
	fmt.Println(upstream.HeadersSent, upstream.Ended)
	for _, h := range upstream.Headers() {
		fmt.Printf("%s: %s\n", h.Name, h.Value)
	}

	// Output:
	// true true
	// :method: GET
	// :path: /
	// :authority: example.com
	// x-user: ann
}

// A line of the log has the number of the context that wrote it: here that of the first plugin and of its first stream.
func ExampleLogLine() {
	guest := wasmtest.NewGuest("0_2_1")
	guest.Call("proxy_on_configure", "proxy_log", int(abi.LogInfo), "configured")
	guest.Call("proxy_on_request_headers", "proxy_log", int(abi.LogInfo), "request")
	write := func(l host.LogLine) { fmt.Printf("[%d]%s: %s\n", l.ContextID, l.Prefix, l.Text) }
	_, plugin := start(guest, host.VMConfig{ID: "vm", Log: write}, host.PluginConfig{Name: "auth", RootID: "root"})

	stream := plugin.NewStream(host.StreamConfig{})
	stream.RequestHeaders(request, true)
	fmt.Println(plugin.ContextID(), stream.ContextID())

	// Output:
	// [1] root vm: configured
	// [2] auth root vm: request
	// 1 2
}
