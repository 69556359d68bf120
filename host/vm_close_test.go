package host

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/host/wasmtest"
)

// TestClose has the callbacks that Envoy 1.40 made after SIGTERM.
func TestClose(t *testing.T) {
	ctx := context.Background()
	for _, test := range []struct {
		name string
		done int // what proxy_on_done returns
		trap bool
		want []string
	}{
		{"done", 1, false, []string{"log(context 2)", "done(context 2)", "delete(context 2)",
			"done(context 1)", "delete(context 1)", "done(context 3)", "delete(context 3)"}},
		{"not done", 0, false, []string{"log(context 2)", "done(context 2)", "delete(context 2)", "done(context 1)",
			"done(context 3)"}},
		{"trap", 1, true, []string{"log(context 2)", "done(context 2)"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := wasmtest.NewGuest("0_2_1")
			g.Exports(onLogs, onDones, onDeletes)
			g.Returns(reqHead, 1)
			if test.trap {
				g.Do(onDones, wasmtest.Unreachable)
			}
			g.Returns(onDones, test.done)
			b := mustStart(t, g, setup{vm: VMConfig{Trace: true}})
			s := b.plugin.NewStream(StreamConfig{})
			s.RequestHeaders(get, true)
			if _, err := b.vm.NewPlugin(ctx, PluginConfig{}); err != nil {
				t.Fatal(err)
			}
			before := len(b.vm.Crossings())
			for range 2 {
				if err := b.vm.Close(ctx); err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			for _, c := range b.vm.Crossings()[before:] {
				if line, found := strings.CutPrefix(c.String(), "-> proxy_on_"); found {
					got = append(got, line)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if s.Details() != localDisconnect || s.Flags() != 0x4000 || !s.Downstream().Reset {
				t.Errorf("details %q, flags %#x, reset %v", s.Details(), s.Flags(), s.Downstream().Reset)
			}
			if (b.vm.Failure() != nil) != test.trap {
				t.Errorf("failure %v", b.vm.Failure())
			}
		})
	}
}
