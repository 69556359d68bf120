package host_test

import (
	"fmt"
	"time"

	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// A plugin that holds each request until a service has answered. The caller is the service.
func ExampleVM_Answer() {
	guest := wasmtest.NewGuest("0_2_1")
	stream := guest.Global(0)
	guest.Do("proxy_on_request_headers", wasmtest.Get(0), wasmtest.SetGlobal(stream))
	guest.Call("proxy_on_request_headers", "proxy_http_call", "users",
		wasmtest.Pairs(":method", "GET", ":path", "/check", ":authority", "users"), "", "", 1000, wasmtest.Out1)
	guest.Returns("proxy_on_request_headers", int(abi.Pause))
	guest.Call("proxy_on_http_call_response", "proxy_set_effective_context", wasmtest.GetGlobal(stream))
	guest.Call("proxy_on_http_call_response", "proxy_continue_stream", int(abi.StreamRequest))

	ready := func(string) host.ClusterState { return host.ClusterReady }
	vm, plugin := start(guest, host.VMConfig{Clusters: ready}, host.PluginConfig{})

	s := plugin.NewStream(host.StreamConfig{})
	s.RequestHeaders(request, true)
	for _, c := range vm.Calls() {
		fmt.Println("held:", s.RequestHeld(), "- call of", c.Cluster, "within", c.Timeout)
		if err := vm.Answer(c.Token, host.CallAnswer{Headers: headermap.Of(":status", "200")}); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println("held:", s.RequestHeld(), "- sent to the upstream:", s.Upstream().Ended)

	// Output:
	// held: true - call of users within 1s
	// held: false - sent to the upstream: true
}

// A plugin that asks a gRPC service when its configuration is read.
func ExampleVM_AnswerGrpc() {
	guest := wasmtest.NewGuest("0_2_1")
	const service = "\n\x07\n\x05users" // a GrpcService: the name alone would kill a real Envoy
	guest.Call("proxy_on_configure", "proxy_grpc_call", service, "auth.Users", "List", "", "question", 1000, wasmtest.Out1)
	guest.Call("proxy_on_grpc_receive", "proxy_log", int(abi.LogInfo), "the answer has arrived")

	vm, _ := start(guest, host.VMConfig{
		Clusters: func(string) host.ClusterState { return host.ClusterReady },
		Log:      func(l host.LogLine) { fmt.Println(l.Text) },
	}, host.PluginConfig{})
	for _, c := range vm.GrpcCalls() {
		fmt.Printf("%s/%s on %s: %s\n", c.Service, c.Method, c.Cluster, c.Messages[0])
		if err := vm.AnswerGrpc(c.Token, host.GrpcEvent{Kind: host.GrpcMessage, Message: []byte("ann, bob")}); err != nil {
			fmt.Println(err)
		}
	}

	// Output:
	// auth.Users/List on users: question
	// the answer has arrived
}

// Ticks come when the clock is moved.
func ExampleVM_Advance() {
	guest := wasmtest.NewGuest("0_2_1")
	guest.Call("proxy_on_vm_start", "proxy_set_tick_period_milliseconds", 500)
	guest.Call("proxy_on_tick", "proxy_log", int(abi.LogInfo), "tick")
	clock := host.NewManualClock(time.Unix(0, 0))
	vm, plugin := start(guest, host.VMConfig{
		Clock: clock,
		Log:   func(l host.LogLine) { fmt.Println(clock.Now().Sub(time.Unix(0, 0)), l.Text) },
	}, host.PluginConfig{})

	fmt.Println("period", plugin.TickPeriod())
	if err := vm.Advance(1200 * time.Millisecond); err != nil {
		fmt.Println(err)
	}

	// Output:
	// period 500ms
	// 500ms tick
	// 1s tick
}

// A plugin that holds a response until its next tick.
func ExampleStream_ResponseHeld() {
	guest := wasmtest.NewGuest("0_2_1")
	guest.Returns("proxy_on_response_headers", int(abi.Pause))
	guest.Call("proxy_on_tick", "proxy_set_effective_context", 2)
	guest.Call("proxy_on_tick", "proxy_continue_stream", int(abi.StreamResponse))
	_, plugin := start(guest, host.VMConfig{}, host.PluginConfig{})

	s := plugin.NewStream(host.StreamConfig{})
	s.RequestHeaders(request, true)
	s.ResponseHeaders(headermap.Of(":status", "200"), true)
	fmt.Println("held:", s.ResponseHeld(), "- sent to the client:", s.Downstream().HeadersSent)
	if err := plugin.Tick(); err != nil {
		fmt.Println(err)
	}
	fmt.Println("held:", s.ResponseHeld(), "- sent to the client:", s.Downstream().HeadersSent)

	// Output:
	// held: true - sent to the client: false
	// held: false - sent to the client: true
}
