package host_test

import (
	"fmt"

	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/property"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// Two plugins in one filter chain: the second one sees what the first has added.
func ExampleChain() {
	first, second := wasmtest.NewGuest("0_2_1"), wasmtest.NewGuest("0_2_1")
	first.Call("proxy_on_request_headers", "proxy_add_header_map_value", 0, "x-user", "ann")
	second.Call("proxy_on_request_headers", "proxy_replace_header_map_value", 0, "x-user", "bob")
	_, a := start(first, host.VMConfig{}, host.PluginConfig{})
	_, b := start(second, host.VMConfig{}, host.PluginConfig{})

	c := host.NewChain(host.StreamConfig{}, a, b)
	c.RequestHeaders(request, true)
	user, _ := c.Upstream().Header("x-user")
	c.ResponseHeaders(headermap.Of(":status", "200"), true)
	c.Close()
	fmt.Println("x-user:", user, "- status", c.Downstream().Status())

	// Output:
	// x-user: bob - status 200
}

// An upstream that closes the connection before it has answered.
func ExampleStream_FailUpstream() {
	guest := wasmtest.NewGuest("0_2_1")
	guest.Call("proxy_on_response_headers", "proxy_add_header_map_value", 2, "retry-after", "1")
	_, plugin := start(guest, host.VMConfig{}, host.PluginConfig{})

	s := plugin.NewStream(host.StreamConfig{})
	s.RequestHeaders(request, true)
	s.FailUpstream(host.CallClosed)
	s.Close()
	after, _ := s.Downstream().Header("retry-after")
	fmt.Printf("%d, retry after %s, flags %#x, %s\n", s.Downstream().Status(), after, s.Flags(), s.Details())

	// Output:
	// 503, retry after 1, flags 0x40, upstream_reset_before_response_started{connection_termination}
}

// The properties that Envoy has from its configuration come from the caller.
func ExampleVMConfig_node() {
	guest := wasmtest.NewGuest("0_2_1")
	guest.Call("proxy_on_configure", "proxy_get_property", "xds\x00node\x00metadata\x00ZONE", wasmtest.Out)
	guest.Call("proxy_on_request_headers", "proxy_get_property", "xds\x00route_name", wasmtest.Out)
	vm, plugin := start(guest, host.VMConfig{
		Trace: true,
		Node:  &property.Node{ID: "edge-1", Metadata: property.Struct{"ZONE": "eu-1"}},
	}, host.PluginConfig{Properties: map[string]any{"xds.route_name": "users"}})
	plugin.NewStream(host.StreamConfig{}).RequestHeaders(request, true)
	for _, c := range vm.Crossings() {
		if c.Name == "proxy_get_property" {
			fmt.Println(c)
		}
	}

	// Output:
	//   proxy_get_property("xds.node.metadata.ZONE") = Ok "eu-1"
	//   proxy_get_property("xds.route_name") = Ok "users"
}
