package host

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/wasmtest"
)

func TestDone(t *testing.T) {
	g := allCallbacks()
	g.Returns(onDones, 0)
	done := g.Call(onTicks, "proxy_done")
	b := mustStart(t, g, setup{vm: VMConfig{Trace: true}})
	if err := b.plugin.Close(); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(b.callbacksOf(0), " "); strings.Contains(got, "delete(1)") {
		t.Errorf("deleted before it is done: %s", got)
	}
	_ = b.plugin.Tick()
	if got := strings.Join(b.callbacksOf(0), " "); b.status(done) != abi.StatusOk || !strings.HasSuffix(got,
		"done(1) tick(1) delete(1)") {
		t.Errorf("%v, %s", b.status(done), got)
	}
}

// refusesShortConfiguration refuses configurations of fewer than five bytes.
func refusesShortConfiguration() *wasmtest.Guest {
	g := allCallbacks()
	g.Do("proxy_on_configure", wasmtest.Get(1), wasmtest.I32(5), wasmtest.LtU, wasmtest.If, wasmtest.I32(0),
		wasmtest.Return, wasmtest.End)
	return g
}

// TestRefusedUpdateLeavesNothing: Envoy tries an update in a VM of its own, which it drops. Here it is tried in the VM
// of the plugins that run, and its context ends.
func TestRefusedUpdateLeavesNothing(t *testing.T) {
	vm := mustStart(t, refusesShortConfiguration(), setup{vm: VMConfig{Trace: true},
		plugin: PluginConfig{Configuration: []byte("long enough")}}).vm
	before, contexts := len(vm.Crossings()), len(vm.contexts)
	if _, err := vm.NewPlugin(context.Background(), PluginConfig{Configuration: []byte("no")}); !errors.Is(err,
		ErrConfigureRefused) {
		t.Fatal(err)
	}
	var names []string
	for _, c := range vm.Crossings()[before:] {
		if c.ToGuest && !c.Return {
			names = append(names, strings.TrimPrefix(c.Name, "proxy_on_"))
		}
	}
	if got := strings.Join(names, " "); got != "context_create configure done delete" &&
		got != "context_create vm_start configure done delete" {
		t.Errorf("the guest got %s", got)
	}
	if len(vm.contexts) != contexts || len(vm.plugins) != 1 {
		t.Errorf("%d contexts, %d plugins: expected %d and 1", len(vm.contexts), len(vm.plugins), contexts)
	}
}

// TestClosedPluginsAreForgotten: a VM whose plugins are updated again and again must not keep the old ones.
func TestClosedPluginsAreForgotten(t *testing.T) {
	vm := startPlugin(t, allCallbacks(), VMConfig{}).VM()
	for range 5 {
		p, err := vm.NewPlugin(context.Background(), PluginConfig{})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(vm.plugins) != 1 || len(vm.contexts) != 1 {
		t.Errorf("%d plugins and %d contexts are left, expected the first", len(vm.plugins), len(vm.contexts))
	}
}
