package host

import (
	"context"
	"errors"
	"hash/maphash"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// refusesShortConfiguration refuses configurations of fewer than five bytes.
func refusesShortConfiguration() *wasmtest.Guest {
	g := allCallbacks()
	g.Do("proxy_on_configure", wasmtest.Get(1), wasmtest.I32(5), wasmtest.LtU, wasmtest.If, wasmtest.I32(0), wasmtest.Return, wasmtest.End)
	return g
}

// TestRefusedUpdateLeavesNothing: Envoy tries an update in a VM of its own, which it drops. Here it is tried beside the
// plugins that run, and its context ends.
func TestRefusedUpdateLeavesNothing(t *testing.T) {
	vm := mustStart(t, refusesShortConfiguration(), setup{vm: VMConfig{Trace: true}, plugin: PluginConfig{Configuration: []byte("long enough")}}).vm
	before, contexts := len(vm.Crossings()), len(vm.contexts)
	if _, err := vm.NewPlugin(context.Background(), PluginConfig{Configuration: []byte("no")}); !errors.Is(err, ErrConfigureRefused) {
		t.Fatal(err)
	}
	var names []string
	for _, c := range vm.Crossings()[before:] {
		if c.ToGuest && !c.Return {
			names = append(names, strings.TrimPrefix(c.Name, "proxy_on_"))
		}
	}
	if got := strings.Join(names, " "); got != "context_create configure done delete" && got != "context_create vm_start configure done delete" {
		t.Errorf("the guest was told %s", got)
	}
	if len(vm.contexts) != contexts || len(vm.plugins) != 1 {
		t.Errorf("%d contexts, %d plugins: expected %d and 1", len(vm.contexts), len(vm.plugins), contexts)
	}
}

// TestClosedPluginsAreForgotten: a VM that is updated for ever must not keep what it had.
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

// TestDigest: two exchanges that look the same have the same digest, and others another.
func TestDigest(t *testing.T) {
	p := startPlugin(t, allCallbacks(), VMConfig{})
	seed := maphash.MakeSeed()
	sum := func(path, body, trailer string) uint64 {
		s := p.NewStream(StreamConfig{})
		s.RequestHeaders(headermap.Of(":method", "GET", ":path", path, ":authority", "a"), false)
		s.RequestBody([]byte(body), false)
		s.RequestTrailers(headermap.Of("t", trailer))
		s.ResponseHeaders(headermap.Of(":status", "200"), true)
		s.Close()
		var h maphash.Hash
		h.SetSeed(seed)
		s.Digest(&h)
		s.Release()
		return h.Sum64()
	}
	first := sum("/", "a", "1")
	if again := sum("/", "a", "1"); again != first {
		t.Error("the same exchange has another digest")
	}
	for _, other := range []uint64{sum("/b", "a", "1"), sum("/", "b", "1"), sum("/", "a", "2"), sum("/", "", "1")} {
		if other == first {
			t.Error("another exchange has the same digest")
		}
	}
}

func TestMetricsChanges(t *testing.T) {
	g := allCallbacks()
	g.Call("proxy_on_configure", "proxy_define_metric", 0, "n", wasmtest.Out1)
	g.Call(reqHead, "proxy_increment_metric", 4, int64(1))
	m := NewMetrics()
	p := startPlugin(t, g, VMConfig{Metrics: m})
	before := m.Changes()
	if before == 0 {
		t.Error("a definition is no change")
	}
	if m.All(); m.Changes() != before {
		t.Error("reading is a change")
	}
	s := p.NewStream(StreamConfig{})
	s.RequestHeaders(headermap.Of(":method", "GET", ":path", "/", ":authority", "a"), true)
	if m.Changes() == before {
		t.Error("an increment is no change")
	}
}
