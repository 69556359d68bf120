package host

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/wasmtest"
)

func TestCompileFaults(t *testing.T) {
	big := &wasmtest.Module{Pages: 1}
	big.Func("proxy_abi_version_0_2_1", "", "", 0)
	big.Func("malloc", "i", "i", 0, wasmtest.I32(0))
	big.Table(load.MaxTableElements+1, 0)
	tests := []struct {
		name string
		wasm []byte
		want string
	}{
		{"text", []byte("hello"), ""},
		{"nothing", nil, ""},
		{"truncated", allowGuest().Bytes()[:200], ""},
		{"table too large", big.Bytes(), "V8 allows"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Compile(context.Background(), test.wasm, Options{})
			var load *load.Error
			if !errors.As(err, &load) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want a *load.Error with %q", err, test.want)
			}
		})
	}
}

// TestAllocatorOrder checks which export is called.
func TestAllocatorOrder(t *testing.T) {
	for order, want := range map[load.AllocatorOrder]string{load.EnvoyOrder: "malloc",
		load.SpecOrder: "proxy_on_memory_allocate"} {
		g := wasmtest.NewGuest("0_2_1")
		g.Call(reqHead, "proxy_get_header_map_value", 0, "allow", out)
		g.Twin = "proxy_on_memory_allocate"
		b := mustStart(t, g, setup{options: Options{Allocator: order}, vm: VMConfig{Trace: true}})
		b.exchange()
		found := false
		for _, c := range b.vm.Crossings() {
			found = found || c.Name == want
		}
		if !found {
			t.Errorf("%v: %s is not called", order, want)
		}
	}
}
