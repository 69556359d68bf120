package host

import (
	"testing"
	"time"

	"github.com/header-auth/header-auth/host/process"
	"github.com/header-auth/header-auth/host/wasmtest"
)

func TestFailurePolicies(t *testing.T) {
	tests := []struct {
		name         string
		policy       FailurePolicy
		first, later int
		afterSecond  int
	}{
		{"fail closed", FailClosed, 503, 503, 503},
		{"fail open", FailOpen, 503, 200, 200},
		{"legacy fail open", LegacyFailOpen, 200, 200, 200},
		{"fail reload", FailReload, 503, 503, 200},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := wasmtest.NewGuest("0_2_1")
			g.Exports("proxy_on_context_create", "proxy_on_request_headers")
			once := g.Call("proxy_on_request_headers", "proxy_get_shared_data", "fine", wasmtest.Out, wasmtest.Out1)
			g.Do("proxy_on_request_headers", wasmtest.I32(1024+16*once), wasmtest.Load(0), wasmtest.If,
				wasmtest.Unreachable, wasmtest.End)
			clock := NewManualClock(time.Unix(0, 0))
			shared := process.NewShared()
			b := mustStart(t, g, setup{vm: VMConfig{Clock: clock, Shared: shared},
				plugin: PluginConfig{FailurePolicy: test.policy}})
			held := b.plugin.NewStream(StreamConfig{})
			for i, want := range []int{test.first, test.later, test.afterSecond} {
				if i == 2 {
					shared.Set("", "fine", nil)
					_ = b.vm.Advance(reloadBackoff + 1)
				}
				s := b.exchange()
				s.Close()
				if got := s.Downstream().Status(); got != want {
					t.Errorf("request %d: status %d, want %d", i+1, got, want)
				}
			}
			held.RequestHeaders(get, true)
			if want := map[FailurePolicy]bool{LegacyFailOpen: true}[test.policy]; held.Upstream().HeadersSent != want {
				t.Errorf("stream from before the failure: sent on %v, want %v", !want, want)
			}
			held.Close()
			if got, want := b.vm.Reloads(), map[FailurePolicy]int{FailReload: 1}[test.policy]; got != want {
				t.Errorf("%d reloads, want %d", got, want)
			}
		})
	}
}
