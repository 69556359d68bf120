package host

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/process"
	"github.com/header-auth/header-auth/host/wasmtest"
)

func TestMetrics(t *testing.T) {
	g := wasmtest.NewGuest("0_2_1")
	g.Call(configure, "proxy_define_metric", 0, "c", out1)
	g.Call(configure, "proxy_define_metric", 1, "g", out1)
	g.Call(configure, "proxy_define_metric", 2, "h", out1)
	again := g.Call(configure, "proxy_define_metric", 0, "c", out1)
	g.Call(reqHead, "proxy_increment_metric", 4, int64(3))
	zero := g.Call(reqHead, "proxy_increment_metric", 4, int64(0))
	g.Call(reqHead, "proxy_record_metric", 4, int64(2))
	g.Call(reqHead, "proxy_increment_metric", 5, int64(-2))
	g.Call(reqHead, "proxy_record_metric", 6, int64(7))
	value := g.Call(reqHead, "proxy_get_metric", 8, out1)
	metrics := process.NewMetrics()
	b := mustStart(t, g, setup{vm: VMConfig{Metrics: metrics}})
	b.exchange()
	want := []process.Metric{{Type: abi.Counter, Name: "c", Value: 5}, {Type: abi.Gauge, Name: "g", Value: 1<<64 - 2},
		{Type: abi.Histogram, Name: "h", Value: 7, Count: 1}}
	if diff := cmp.Diff(want, metrics.All()); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	if b.word(again, 0) != 8 || b.status(zero) != abi.StatusBadArgument || b.word(value, 0) != 5 {
		t.Errorf("second id %d, increment by 0 %v, value %d", b.word(again, 0), b.status(zero), b.word(value, 0))
	}
}

func TestMetricsChanges(t *testing.T) {
	g := allCallbacks()
	g.Call("proxy_on_configure", "proxy_define_metric", 0, "n", wasmtest.Out1)
	g.Call(reqHead, "proxy_increment_metric", 4, int64(1))
	m := process.NewMetrics()
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
