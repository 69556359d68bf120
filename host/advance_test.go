package host

import (
	"testing"
	"time"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// TestTime checks that a plugin gets whole microseconds.
func TestTime(t *testing.T) {
	g := wasmtest.NewGuest("0_2_1")
	g.Call(reqHead, "proxy_get_current_time_nanoseconds", timeAt)
	b := mustStart(t, g, setup{vm: VMConfig{Clock: NewManualClock(time.Unix(7, 1999))}})
	b.exchange()
	if got, _ := b.vm.memory.ReadUint64Le(timeAt); got != 7_000_001_000 {
		t.Errorf("time %d ns, want 7000001000", got)
	}
}

// timeAt is an address that nothing else uses.
const timeAt = 512

func TestTicks(t *testing.T) {
	g := wasmtest.NewGuest("0_2_1")
	g.Call(configure, "proxy_set_tick_period_milliseconds", 300)
	g.Call(onTicks, "proxy_log", 2, "tick")
	clock := g.Call(onTicks, "proxy_get_current_time_nanoseconds", timeAt)
	g.Call(reqHead, "proxy_set_tick_period_milliseconds", 0)
	b := mustStart(t, g, setup{vm: VMConfig{Clock: NewManualClock(time.Unix(0, 0))}})
	if b.plugin.TickPeriod() != 300*time.Millisecond {
		t.Errorf("period %v", b.plugin.TickPeriod())
	}
	_ = b.vm.Advance(299 * time.Millisecond)
	if len(b.lines) != 0 {
		t.Error("the first tick came before its time")
	}
	_ = b.vm.Advance(time.Millisecond)
	if got, _ := b.vm.memory.ReadUint64Le(timeAt); b.status(clock) != abi.StatusOk || got != uint64(300*time.Millisecond) {
		t.Errorf("time on the first tick %v", time.Duration(got))
	}
	_ = b.vm.Advance(650 * time.Millisecond)
	if len(b.lines) != 3 {
		t.Errorf("%d ticks in 950 ms, want 3", len(b.lines))
	}
	b.exchange()
	_ = b.vm.Advance(time.Hour)
	if len(b.lines) != 3 {
		t.Error("ticks after period 0")
	}
}
