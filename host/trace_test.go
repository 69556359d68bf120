package host

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/host/wasmtest"
)

func TestTrace(t *testing.T) {
	g := wasmtest.NewGuest("0_2_1")
	g.Call(reqHead, "proxy_get_header_map_value", 0, "allow", out)
	g.Call(reqHead, "proxy_get_header_map_value", 0, "nosuch", out)
	g.Call(reqHead, "proxy_get_property", "request\x00path", out)
	g.Call(reqHead, "proxy_set_tick_period_milliseconds", 5)
	g.Call(reqHead, "proxy_send_local_response", 403, "no", "go\naway", wasmtest.Pairs("a", "b"), -1)
	g.Returns(reqHead, 1)
	g.Do(onLogs, wasmtest.Unreachable)
	b := mustStart(t, g, setup{vm: VMConfig{Trace: true}})
	b.exchange().Close()
	want := []string{
		`-> proxy_on_request_headers(context 2, headers 6, end_of_stream true)`,
		`  proxy_get_header_map_value(RequestHeaders, "allow") = Ok "true"`,
		`    -> malloc(size 4)`,
		`    <- malloc = 0x20000`,
		`  proxy_get_header_map_value(RequestHeaders, "nosuch") = NotFound`,
		`  proxy_get_property("request.path") = Ok "/p?q=1"`,
		`    -> malloc(size 6)`,
		`    <- malloc = 0x20004`,
		`  proxy_set_tick_period_milliseconds(5) = Ok`,
		`  proxy_send_local_response(403, "no", "go\naway", {"a": "b"}, -1) = Ok`,
		`<- proxy_on_request_headers = Pause`,
		`-> proxy_on_log(context 2)`,
		`<- proxy_on_log = trapped`,
	}
	var got []string
	for _, c := range b.vm.Crossings() {
		got = append(got, c.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("trace (-want +got):\n%s", diff)
	}
}

// TestTraceOfStartSection: a host call from there is the module's fault, traced or not.
func TestTraceOfStartSection(t *testing.T) {
	m := &wasmtest.Module{Pages: 1}
	log := m.Import("env", "proxy_log", "iii", "i")
	m.Func("proxy_abi_version_0_2_1", "", "", 0)
	m.Func("malloc", "i", "i", 0, wasmtest.I32(0))
	m.Start(m.Func("", "", "", 0, wasmtest.I32(1), wasmtest.I32(0), wasmtest.I32(4), wasmtest.Call(log), wasmtest.Drop))
	compiled, err := Compile(t.Context(), m.Bytes(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer compiled.Close(t.Context())
	for _, traced := range []bool{false, true} {
		_, err := compiled.NewVM(t.Context(), VMConfig{Trace: traced})
		var f *Failure
		if !errors.As(err, &f) || f.Kind != WouldCrashEnvoy || !strings.Contains(f.Reason,
			"proxy_log is called from the module's start section") {
			t.Errorf("traced %v: %v, want what Envoy does", traced, err)
		}
	}
}
