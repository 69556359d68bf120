package host

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/wasmtest"
)

func TestLogs(t *testing.T) {
	g := wasmtest.NewGuest("0_2_1")
	g.Call("_initialize", "proxy_log", 2, "starting")
	g.Call(configure, "proxy_log", 2, "configuring")
	g.Call(reqHead, "proxy_log", 4, "a\n\x00\xff")
	g.Call(reqHead, "proxy_log", 1, "dropped")
	g.Call(reqHead, "proxy_log", 5, "")
	b := mustStart(t, g, setup{vm: VMConfig{LogLevel: abi.LogInfo, ID: "vm"},
		plugin: PluginConfig{Name: "name", RootID: "root"}})
	b.exchange()
	want := []string{"info: starting", "info root vm: configuring", "error name root vm: a\n\x00\xff",
		"critical name root vm: "}
	if diff := cmp.Diff(want, b.lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestSetLogLevel(t *testing.T) {
	const on = "proxy_on_request_headers"
	g := wasmtest.NewGuest("0_2_1")
	g.Call(on, "proxy_log", int(abi.LogInfo), "info")
	g.Call(on, "proxy_log", int(abi.LogWarn), "warn")
	asked := g.Call(on, "proxy_get_log_level", wasmtest.Out1)
	b := mustStart(t, g, setup{})
	for _, test := range []struct {
		level abi.LogLevel
		want  []string
	}{
		{abi.LogTrace, []string{"info: info", "warn: warn"}},
		{abi.LogWarn, []string{"warn: warn"}},
		{abi.LogOff, nil},
		{abi.LogInfo, []string{"info: info", "warn: warn"}},
	} {
		b.vm.SetLogLevel(test.level)
		b.lines = nil
		b.exchange().Close()
		if diff := cmp.Diff(test.want, b.lines); diff != "" {
			t.Errorf("at %v (-want +got):\n%s", test.level, diff)
		}
		if got := abi.LogLevel(b.word(asked, 0)); got != test.level {
			t.Errorf("the guest gets %v, want %v", got, test.level)
		}
	}
}
