package host

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/process"
)

// TestConcurrentVMs runs VMs of one module in goroutines that share data, a queue and metrics. Most of its faults only
// the race detector finds.
func TestConcurrentVMs(t *testing.T) {
	g := allCallbacks()
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
	shared, metrics := process.NewShared(), process.NewMetrics()
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
