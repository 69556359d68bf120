package host_test

import (
	"context"
	"fmt"
	"log"

	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// A plugin that refuses every request, and what a client gets from it. The module would come from a file; here it is
// written on the spot.
func Example() {
	guest := wasmtest.NewGuest("0_2_1")
	guest.Call("proxy_on_request_headers", "proxy_log", int(abi.LogWarn), "nobody gets in")
	guest.Call("proxy_on_request_headers", "proxy_send_local_response", 403, "closed", "we are closed\n",
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

	plugin, err := vm.NewPlugin(ctx, host.PluginConfig{Name: "doorman"})
	if err != nil {
		log.Fatal(err)
	}

	stream := plugin.NewStream(host.StreamConfig{})
	stream.RequestHeaders([]host.Header{
		{Name: ":method", Value: "GET"},
		{Name: ":path", Value: "/"},
		{Name: ":authority", Value: "example.com"},
	}, true)
	if stream.Upstream().Ended {
		stream.ResponseHeaders([]host.Header{{Name: ":status", Value: "200"}}, true)
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
	// warn: nobody gets in
	// :status: 403
	// retry-after: 3600
	// content-length: 14
	// content-type: text/plain
	// we are closed
	// -> proxy_on_request_headers(context 2, headers 3, end_of_stream true)
	//   proxy_log(warn, "nobody gets in") = Ok
	//   proxy_send_local_response(403, "closed", "we are closed\n", {"retry-after": "3600"}, -1) = Ok
	// <- proxy_on_request_headers = Continue
}
