package host

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// TestConcurrentVMs runs VMs of one module in goroutines that share data, a queue and metrics; the race detector is the
// judge of most of it.
func TestConcurrentVMs(t *testing.T) {
	g := everything()
	g.Call(configure, "proxy_define_metric", 0, "requests", out1)
	g.Call(configure, "proxy_register_shared_queue", "q", out1)
	g.Call(reqHead, "proxy_increment_metric", 4, int64(1))
	g.Call(reqHead, "proxy_set_shared_data", "k", "v", 0)
	g.Call(reqHead, "proxy_get_shared_data", "k", out, out1)
	g.Call(reqHead, "proxy_enqueue_shared_queue", 1, "x")
	g.Call("proxy_on_queue_ready", "proxy_dequeue_shared_queue", 1, out)
	ctx := context.Background()
	m, err := Compile(ctx, g.Bytes(), Options{CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close(ctx)
	shared, metrics := NewShared(), NewMetrics()
	const vms, requests = 4, 50
	var wg sync.WaitGroup
	for range vms {
		wg.Go(func() {
			vm, err := m.NewVM(ctx, VMConfig{Shared: shared, Metrics: metrics, Clock: NewManualClock(time.Unix(0, 0))})
			if err != nil {
				t.Error(err)
				return
			}
			defer vm.Close(ctx)
			p, err := vm.NewPlugin(ctx, PluginConfig{})
			if err != nil {
				t.Error(err)
				return
			}
			for range requests {
				request(p)
			}
			if err := vm.Advance(0); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n, _ := metrics.Value(abi.Counter, "requests"); n != vms*requests {
		t.Errorf("%d requests counted, want %d", n, vms*requests)
	}
	if v, found := shared.Get("", "k"); !found || string(v) != "v" {
		t.Errorf("shared data %q", v)
	}
}

// TestCacheDir holds that code is kept, and a bad folder told.
func TestCacheDir(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		m, err := Compile(t.Context(), allowGuest().Bytes(), Options{CacheDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Compile(t.Context(), allowGuest().Bytes(), Options{CacheDir: "\x00"}); err == nil {
		t.Error("no error for a folder that cannot be")
	}
}

// TestAllocatorOrder holds which export serves.
func TestAllocatorOrder(t *testing.T) {
	for order, want := range map[load.AllocatorOrder]string{load.EnvoyOrder: "malloc", load.SpecOrder: "proxy_on_memory_allocate"} {
		g := wasmtest.NewGuest("0_2_1")
		g.Call(reqHead, "proxy_get_header_map_value", 0, "allow", out)
		g.Twin = "proxy_on_memory_allocate"
		b := run(t, g, setup{options: Options{Allocator: order}, vm: VMConfig{Trace: true}})
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
