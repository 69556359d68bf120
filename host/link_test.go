package host

import (
	"testing"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/wasmtest"
)

func TestIntercept(t *testing.T) {
	g := wasmtest.NewGuest("0_2_1")
	fails := g.Call(reqHead, "proxy_get_header_map_size", 0, out1)
	lies := g.Call(reqHead, "proxy_get_header_map_pairs", 0, out)
	answers := map[string]Answer{
		"proxy_get_header_map_size":  {Status: abi.StatusInternalFailure},
		"proxy_get_header_map_pairs": {Data: []byte("no pairs")},
	}
	b := mustStart(t, g, setup{vm: VMConfig{Trace: true, Intercept: func(f string) (Answer, bool) {
		a, ok := answers[f]
		return a, ok
	}}})
	b.exchange()
	if got := b.status(fails); got != abi.StatusInternalFailure {
		t.Errorf("status %v", got)
	}
	if got := b.output(lies); got != "no pairs" || b.status(lies) != abi.StatusOk {
		t.Errorf("handed over %q with status %v", got, b.status(lies))
	}
}
