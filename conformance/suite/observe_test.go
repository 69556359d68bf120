package suite

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/wasmtest"
	"github.com/header-auth/header-auth/internal/hosttest"
)

func observe(t *testing.T, g *wasmtest.Guest, c table.Case, o ObserveOptions) Observation {
	t.Helper()
	seen, err := Observe(context.Background(), hosttest.Compile(t, g.Bytes()), &c, o)
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

func TestObserveAllowed(t *testing.T) {
	g := guest()
	g.Exports("proxy_on_request_body", "proxy_on_request_trailers", "proxy_on_response_body", "proxy_on_response_trailers")
	g.Call(onRequest, "proxy_log", 2, "hello")
	c := allowCase()
	want := allowed()
	want.Steps[0].Growth = 0
	want.Good = nil
	if diff := cmp.Diff(want, observe(t, g, c, ObserveOptions{})); diff != "" {
		t.Errorf("observation (-want +got):\n%s", diff)
	}
}

func TestObserveRefused(t *testing.T) {
	c := refuseCase()
	got := observe(t, refusing(), c, ObserveOptions{Good: c.Steps[0].Request})
	want := Observation{
		Start: Start{Accepted: true},
		Steps: []Step{{Runs: []RepeatedRun{{1, Exchange{
			Decision: "refuse", RequestAction: "Pause", ResponseAction: "Continue",
			Reply: &table.Reply{Status: 403, Details: "why", Headers: headermap.Of("x-why", "no"), Body: "no",
				GRPCStatus: grpc(7)},
			Client: Received{Headers: headermap.Of(":status", "403", "x-why", "no", "content-length", "2", "content-type",
				"text/plain"),
				Body: "no", Ended: true},
			Effects: Effects{Logs: []table.Log{{Level: "debug", Text: "refused"}}},
		}}}}},
	}
	want.Good = &want.Steps[0].Runs[0].Exchange
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("observation (-want +got):\n%s", diff)
	}
}

func TestObserveEffects(t *testing.T) {
	g := guest()
	g.Call("proxy_on_configure", "proxy_define_metric", 0, "seen", wasmtest.Out1)
	g.Call("proxy_on_configure", "proxy_log", 4, "started")
	g.Call(onRequest, "proxy_increment_metric", 4, int64(2))
	got := observe(t, g, allowCase(), ObserveOptions{Good: allowCase().Steps[0].Request})
	if diff := cmp.Diff(Start{true, []table.Metric{{Kind: "Counter", Name: "seen", Value: 0}},
		Effects{Logs: []table.Log{{Level: "error", Text: "started"}}}}, got.Start); diff != "" {
		t.Errorf("at the start (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]table.Metric{{Kind: "Counter", Name: "seen", Value: 2}}, got.Steps[0].Metrics); diff != "" {
		t.Errorf("in the step (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]table.Metric{{Kind: "Counter", Name: "seen", Value: 4}}, got.Metrics); diff != "" {
		t.Errorf("in the good request (-want +got):\n%s", diff)
	}
}

func TestObserveRepetitions(t *testing.T) {
	c := allowCase()
	c.Steps[0].Times = 20
	c.Steps[0].Want.MemoryBounded = false
	got := observe(t, guest(), c, ObserveOptions{})
	if runs := got.Steps[0].Runs; len(runs) != 1 || runs[0].Times != 20 {
		t.Errorf("runs %+v, want one of 20", runs)
	}
	got = observe(t, guest(), c, ObserveOptions{Repeat: 3})
	if n := got.Steps[0].times(); n != 3 {
		t.Errorf("%d repetitions, want 3", n)
	}
	got = observe(t, guest(), c, ObserveOptions{Until: Place{1, 5}, Good: c.Steps[0].Request})
	if n := got.Steps[0].times(); n != 5 || got.Good != nil {
		t.Errorf("%d repetitions, good request %v, want an end after 5", n, got.Good)
	}
}

// TestObserveStopsAtGrowth: a step with a limit of growth ends when it is exceeded; a step without one goes on.
func TestObserveStopsAtGrowth(t *testing.T) {
	g := guest()
	g.Do("proxy_on_log", growOnce...)
	c := allowCase()
	c.Steps[0].Times, c.Steps[0].Want.MemoryGrowth = 50, 3<<16
	got := observe(t, g, c, ObserveOptions{})
	if s := got.Steps[0]; s.times() != 4 || s.Growth != 4<<16 {
		t.Errorf("%d bytes in %d repetitions, want four pages in 4", s.Growth, s.times())
	}
	wantFields(t, Check(&c, got)[len(Check(&c, got))-1:], "memory growth")
	c.Steps[0].Want.MemoryBounded = false
	if n := observe(t, g, c, ObserveOptions{}).Steps[0].times(); n != 50 {
		t.Errorf("%d repetitions without a bound, want 50", n)
	}
}

func TestObserveFaults(t *testing.T) {
	g := guest()
	g.Call(onRequest, "proxy_log", 2, "hello")
	c := allowCase()
	c.Steps = append(c.Steps, c.Steps[0], c.Steps[0])
	c.Steps[1].Faults = []table.HostFault{{Function: "proxy_log", Status: 2}}
	got := observe(t, g, c, ObserveOptions{})
	for i, want := range []int{1, 0, 1} {
		if n := len(got.Steps[i].Runs[0].Logs); n != want {
			t.Errorf("step %d: %d lines, want %d", i+1, n, want)
		}
	}
}

func TestObserveTrace(t *testing.T) {
	c := allowCase()
	c.Steps[0].Times = 2
	var places []Place
	observe(t, guest(), c, ObserveOptions{Good: c.Steps[0].Request, Trace: func(p StepTrace) {
		places = append(places, p.Place)
		if len(p.Lines) == 0 {
			t.Errorf("nothing crossed in %+v", p.Place)
		}
	}})
	want := []Place{{0, 0}, {1, 1}, {1, 2}, {2, 1}}
	if diff := cmp.Diff(want, places); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
}

// TestDriveAllocatesNothing: the benchmark times Drive, which must add no work to that of the host and the plugin.
func TestDriveAllocatesNothing(t *testing.T) {
	ctx := context.Background()
	vm, err := hosttest.Compile(t, guest().Bytes()).NewVM(ctx, host.VMConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer vm.Close(ctx)
	p, err := vm.NewPlugin(ctx, host.PluginConfig{})
	if err != nil {
		t.Fatal(err)
	}
	request := allowCase().Steps[0].Request
	ended := true
	allocations := testing.AllocsPerRun(100, func() {
		s := p.NewStream(host.StreamConfig{Raw: true})
		Drive(s, request)
		ended = ended && s.Downstream().Ended
		s.Release()
	})
	if allocations != 0 || !ended {
		t.Errorf("%v allocations, all exchanges complete: %v", allocations, ended)
	}
}
