package cost

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/guest"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/obtain"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// tiny is a plan that shows that everything is measured.
func tiny() evidence.EnvoyPlan {
	return evidence.EnvoyPlan{Name: "test", Processes: 2, Rounds: 2, Requests: 80, Connections: 8, LatencyRate: 200,
		LatencySeconds: 0.1, SoakRequests: 4000, StartupSamples: 1, HostInstances: 1, HostRounds: 2, HostRequests: 10,
		CrossingGuests: true, AlternativesToo: true}
}

func realEnvoy(t *testing.T) obtain.Envoy {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: no Envoy is obtained")
	}
	e, err := obtain.Find(t.Context(), obtain.Options{Root: "../.."})
	if err != nil {
		t.Skipf("NO ENVOY, SO THIS IS NOT TESTED: %v", err)
	}
	return e
}

func cases(t *testing.T, ids ...string) []table.Case {
	t.Helper()
	whole, err := table.LoadGroups("../../conformance/cases", "typical")
	if err != nil {
		t.Fatal(err)
	}
	chosen, err := whole.Select(ids...)
	if err != nil {
		t.Fatal(err)
	}
	return chosen.Cases()
}

// checking is a plugin that refuses requests without the header allow, and does what more says in others.
func checking(t *testing.T, name string, more func(*wasmtest.Guest)) Build {
	t.Helper()
	g := wasmtest.NewGuest("0_2_1")
	g.Exports("proxy_on_context_create", "proxy_on_done", "proxy_on_delete", "proxy_on_log")
	const callback = "proxy_on_request_headers"
	value := g.Call(callback, "proxy_get_header_map_value", 0, "allow", wasmtest.Out)
	g.Do(callback, wasmtest.Result(value), wasmtest.If)
	g.Call(callback, "proxy_send_local_response", 403, "", "no", wasmtest.Pairs(), 7)
	g.Do(callback, wasmtest.I32(1), wasmtest.Return, wasmtest.End)
	if more != nil {
		more(g)
	}
	path := filepath.Join(t.TempDir(), name+".wasm")
	if err := os.WriteFile(path, g.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return Build{name, path}
}

// TestRun measures everything on a real Envoy: a plugin that is right, one that does not load, and one that
// is wrong in one scenario.
func TestRun(t *testing.T) {
	e := realEnvoy(t)
	broken := filepath.Join(t.TempDir(), "broken.wasm")
	if err := os.WriteFile(broken, []byte("no module"), 0o600); err != nil {
		t.Fatal(err)
	}
	wrong := checking(t, "wrong", func(g *wasmtest.Guest) {
		g.Call("proxy_on_request_headers", "proxy_send_local_response", 500, "", "", wasmtest.Pairs(), 7)
		g.Returns("proxy_on_request_headers", 1)
	})
	saved := 0
	r := &evidence.OnEnvoy{}
	c := Config{Dir: t.TempDir(), Plan: tiny(), Seed: 1, Envoy: e, Cases: cases(t, "typical/allow",
		"typical/refuse-missing"),
		Builds: []Build{checking(t, "right", nil), {"broken", broken}, wrong},
		Save:   func(*evidence.OnEnvoy) error { saved++; return nil }}
	if err := Run(t.Context(), c, r); err != nil {
		t.Fatal(err)
	}
	work := func(scenario, contestant string) (found []evidence.Work) {
		for _, w := range r.Work {
			if w.Scenario == scenario && w.Contestant == contestant {
				found = append(found, w)
			}
		}
		return found
	}
	for _, scenario := range []string{"typical/allow", "typical/refuse-missing"} {
		for _, name := range []string{evidence.NoFilter, evidence.NativeRBAC, evidence.LuaFilter, evidence.ExtAuthz,
			evidence.DynamicModule, "right", evidence.Twin} {
			found := work(scenario, name)
			if len(found) != 2 || len(found[0].Nanos) != 2 || found[0].Nanos[0] < 500 {
				t.Errorf("%s, %s: %+v; refused: %+v; notes: %q", scenario, name, found, r.Refused, r.Run.Notes)
			}
			if name == evidence.ExtAuthz && len(found) > 0 && (len(found[0].Service) != 2 || found[0].Service[0] < 500) {
				t.Errorf("the service: %+v", found[0])
			}
		}
	}
	for _, g := range guest.Crossings() {
		if len(work(evidence.CrossingScenario, g.Name)) != 2 {
			t.Errorf("guest %s: %+v", g.Name, r.Refused)
		}
	}
	var refused []string
	for _, f := range r.Refused {
		refused = append(refused, f.Build+" "+f.Scenario)
	}
	if want := []string{"broken ", "wrong typical/allow"}; !slices.Equal(refused, want) {
		t.Errorf("refused %q, expected %q: %+v", refused, want, r.Refused)
	}
	if len(r.Soaks) != 2 || len(r.Soaks[1].Points) != 1+soakPoints || r.Soaks[1].Points[0].Bytes < 1<<20 ||
		r.Soaks[1].Points[9].Longest == 0 {
		t.Errorf("soaks: %+v", r.Soaks)
	}
	if len(r.Startups) != 2 || r.Startups[0].Nanos == 0 || len(r.Latencies) == 0 || r.Latencies[0].Max == 0 {
		t.Errorf("startups %+v, latencies %+v", r.Startups, r.Latencies)
	}
	if saved < 5 {
		t.Errorf("saved %d times", saved)
	}
}

// TestEnvoyThatDies: a plugin that ends its Envoy is refused, and the others have their numbers.
func TestEnvoyThatDies(t *testing.T) {
	e := realEnvoy(t)
	p := tiny()
	p.CrossingGuests, p.AlternativesToo, p.SoakRequests, p.StartupSamples = false, false, 800, 0
	// A gRPC call whose GrpcService has no target ends Envoy (proxyGrpcCall of package host).
	deadly := checking(t, "deadly", func(g *wasmtest.Guest) {
		g.Call("proxy_on_request_headers", "proxy_grpc_call", "users", "s", "m", wasmtest.Raw{}, wasmtest.Raw{}, 1000,
			wasmtest.Out1)
	})
	r := &evidence.OnEnvoy{}
	c := Config{Dir: t.TempDir(), Plan: p, Envoy: e, Cases: cases(t, "typical/allow"),
		Builds: []Build{checking(t, "right", nil), deadly}}
	if err := Run(t.Context(), c, r); err != nil {
		t.Fatal(err)
	}
	if len(r.Refused) != 1 || r.Refused[0].Build != "deadly" || !strings.Contains(r.Refused[0].Reason, "envoy: ") {
		t.Errorf("refused: %+v", r.Refused)
	}
	rounds := 0
	for _, w := range r.Work {
		if w.Contestant == "right" {
			rounds += len(w.Nanos)
		}
	}
	if rounds != p.Processes*p.Rounds || len(r.Run.Notes) == 0 {
		t.Errorf("%d rounds of the other, notes %q", rounds, r.Run.Notes)
	}
}

// TestInterrupted: what was measured until then is kept.
func TestInterrupted(t *testing.T) {
	e := realEnvoy(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := tiny()
	p.CrossingGuests, p.AlternativesToo, p.Processes = false, false, 3
	r := &evidence.OnEnvoy{}
	c := Config{Dir: t.TempDir(), Plan: p, Envoy: e, Cases: cases(t, "typical/allow"),
		Builds: []Build{checking(t, "right", nil)}, Save: func(*evidence.OnEnvoy) error { cancel(); return nil }}
	begin := time.Now()
	if err := Run(ctx, c, r); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if len(r.Work) == 0 || time.Since(begin) > time.Minute {
		t.Errorf("%d samples after %v", len(r.Work), time.Since(begin))
	}
}

func TestFits(t *testing.T) {
	for id, fits := range map[string]bool{"typical/allow": true, "typical/headers-60": true, "typical/rate-limited": false,
		"typical/callout": false, "typical/config-header": false} {
		c := cases(t, id)[0]
		if err := Fits(&c); (err == nil) != fits {
			t.Errorf("%s: %v", id, err)
		}
	}
}
