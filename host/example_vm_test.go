package host_test

import (
	"fmt"
	"time"

	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/process"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// VMs with the same VM id share data, as those of Envoy's workers do. A test can read and set it.
func ExampleShared() {
	guest := wasmtest.NewGuest("0_2_1")
	guest.Call("proxy_on_request_headers", "proxy_set_shared_data", "last user", "ann", 0)
	shared := process.NewShared()
	_, plugin := start(guest, host.VMConfig{ID: "vm", Shared: shared}, host.PluginConfig{})

	plugin.NewStream(host.StreamConfig{}).RequestHeaders(request, true)
	value, found := shared.Get("vm", "last user")
	fmt.Printf("%s %v\n", value, found)

	// Output:
	// ann true
}

// With the failure policy fail_reload, a request that comes one second after the VM was loaded gets a new VM.
func ExampleFailurePolicy() {
	guest := wasmtest.NewGuest("0_2_1")
	guest.Do("proxy_on_request_headers", wasmtest.Unreachable)
	clock := host.NewManualClock(time.Unix(0, 0))
	vm, plugin := start(guest, host.VMConfig{Clock: clock}, host.PluginConfig{FailurePolicy: host.FailReload})

	for range 2 {
		s := plugin.NewStream(host.StreamConfig{})
		s.RequestHeaders(request, true)
		s.Close()
		fmt.Println(s.Downstream().Status(), s.Details(), "-", vm.Reloads(), "reloads -", vm.Failure())
		_ = vm.Advance(2 * time.Second) // the error is the VM's failure
	}

	// Output:
	// 503 wasm_fail_stream - 0 reloads - trapped in proxy_on_request_headers: unreachable
	// 503 wasm_fail_stream - 1 reloads - trapped in proxy_on_request_headers: unreachable
}

// Faults of the proxy can be injected: here proxy_get_property does not find anything.
func ExampleVMConfig() {
	guest := wasmtest.NewGuest("0_2_1")
	guest.Call("proxy_on_request_headers", "proxy_get_property", "request\x00path", wasmtest.Out)
	vm, plugin := start(guest, host.VMConfig{
		Trace: true,
		Intercept: func(function string) (host.Answer, bool) {
			return host.Answer{Status: abi.StatusNotFound}, function == "proxy_get_property"
		},
	}, host.PluginConfig{})

	plugin.NewStream(host.StreamConfig{}).RequestHeaders(request, true)
	for _, c := range vm.Crossings() {
		fmt.Println(c)
	}

	// Output:
	// -> proxy_on_request_headers(context 2, headers 3, end_of_stream true)
	//   proxy_get_property("request.path") = NotFound
	// <- proxy_on_request_headers = Continue
}
