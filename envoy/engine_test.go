package envoy

import (
	"errors"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/obtain/obtaintest"
	"github.com/header-auth/header-auth/envoy/proxy"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/wasmtest"
)

func load(t *testing.T, patterns ...string) *table.Table {
	t.Helper()
	all, err := table.Load("../conformance/cases")
	if err != nil {
		t.Fatal(err)
	}
	selected, err := all.Select(patterns...)
	if err != nil {
		t.Fatal(err)
	}
	return selected
}

// module is a build of the plugin; the other tests of the repository make it.
func module(t *testing.T) []byte {
	t.Helper()
	wasm, err := os.ReadFile("../dist/rust.wasm")
	if err != nil {
		t.Skipf("NO MODULE, SO THIS IS NOT TESTED (parity build makes it): %v", err)
	}
	return wasm
}

func engine(t *testing.T, cases *table.Table, wasm []byte) *Engine {
	t.Helper()
	g, err := New(obtaintest.Real(t), cases, wasm, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	return g
}

func observe(t *testing.T, g *Engine, cases *table.Table, c *table.Case) suite.Observation {
	t.Helper()
	seen, err := g.Observe(t.Context(), c, suite.Good(&cases.Contract, c))
	if err != nil {
		t.Fatalf("%s: %v", c.ID, err)
	}
	return seen
}

// representative are cases of every kind of step, of effect and of failure that the table has.
var representative = []string{"allow/true", "missing/absent", "protocol/head", "protocol/grpc",
	"protocol/no-pseudo-headers", "basic/right",
	"protocol/body-in-many-chunks", "names/bit-0x20-flipped", "config-refuse/status-304", "rate-limit/a-microsecond-later",
	"rate-limit/clock-comes-back", "token/comes-back", "token/time-out", "token/failed-not-connected",
	"token/failed-timed-out",
	"token/with-callout", "token/ticks-status-12", "callout/answered-200", "callout/failed-refused",
	"callout/failed-garbage",
	"callout/cluster-unknown", "callout/cluster-empty", "callout/client-gone-then-200", "contexts/update-refused",
	"contexts/two-configurations", "metrics/allowed-and-denied", "host/reply-fails-with-trailers-handed-over",
	"soak/gone-after-the-headers", "worst/headers", "typical/log-headers", "response-headers/answer-without-body",
	"interplay/answers-out-of-order", "names/zero-byte-and-more", "protocol/response-untouched",
	"callout/answer-with-hostile-headers", "token/value-among-many"}

// TestCases holds a real Envoy against the table, and against package host.
func TestCases(t *testing.T) {
	cases := load(t, representative...)
	wasm := module(t)
	g := engine(t, cases, wasm)
	compiled, err := suite.Compile(t.Context(), wasm, host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer compiled.Close(t.Context())
	for _, c := range cases.Cases() {
		seen := observe(t, g, cases, &c)
		for _, m := range suite.Check(&c, seen) {
			t.Errorf("%s: %s: expected %s, got %s", c.ID, m.Field, m.Wanted, m.Got)
		}
		ours, err := suite.Observe(t.Context(), compiled, &c, suite.ObserveOptions{Good: suite.Good(&cases.Contract, &c)})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range suite.Diff([]suite.Seen{{Build: "host", Observation: ours}, {Build: "envoy", Observation: seen}}) {
			t.Errorf("%s: host/ and Envoy differ in %s: %v", c.ID, d.Field, d.Sides)
		}
	}
}

// TestDifferences: each case that is listed as one that a real Envoy can't do must fail on one.
func TestDifferences(t *testing.T) {
	known, err := Differences(false)
	if err != nil {
		t.Fatal(err)
	}
	var patterns []string
	for _, k := range known {
		patterns = append(patterns, k.Pattern)
	}
	cases := load(t, patterns...)
	if missing := suite.Unmatched(known, cases); len(missing) > 0 {
		t.Errorf("no case: %v", missing)
	}
	if all := load(t).Len(); cases.Len()*20 > all {
		t.Errorf("%d of %d cases differ, expected 5 %% at most", cases.Len(), all)
	}
	g := engine(t, cases, module(t))
	for _, c := range cases.Cases() {
		if len(suite.Check(&c, observe(t, g, cases, &c))) == 0 {
			t.Errorf("%s conforms: take it out of differences.yaml", c.ID)
		}
	}
}

// TestEnvoyThatDies: the case that was running is an error with the end of the log, and the next one has another Envoy.
func TestEnvoyThatDies(t *testing.T) {
	cases := load(t, "allow/true")
	g := engine(t, cases, module(t))
	c := cases.Cases()[0]
	observe(t, g, cases, &c)
	l := <-g.lanes
	if err := syscall.Kill(l.process.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	g.lanes <- l
	_, err := g.Observe(t.Context(), &c, nil)
	var exit *proxy.ExitError
	if !errors.As(err, &exit) || !strings.Contains(err.Error(), "signal: killed; the end of its log:") {
		t.Fatalf("got %v", err)
	}
	if m := suite.Check(&c, observe(t, g, cases, &c)); len(m) > 0 {
		t.Errorf("the next Envoy: %v", m)
	}
}

// TestBrokenPlugins: a plugin that traps, one that hangs, and one that is no module.
func TestBrokenPlugins(t *testing.T) {
	cases := load(t, "allow/true")
	c := cases.Cases()[0]
	broken := func(code ...wasmtest.Code) []byte {
		g := wasmtest.NewGuest("0_2_1")
		g.Do("proxy_on_request_headers", code...)
		return g.Bytes()
	}
	for _, b := range []struct {
		wasm []byte
		kind host.FailureKind
	}{
		{broken(wasmtest.Unreachable), host.Trapped},
		{broken(wasmtest.Loop, wasmtest.Br(0), wasmtest.End), host.DeadlineExceeded},
	} {
		seen := observe(t, engine(t, cases, b.wasm), cases, &c)
		if seen.Failure == nil || seen.Failure.Kind != b.kind.String() || seen.Failure.In != "proxy_on_request_headers" {
			t.Errorf("%v: got %+v", b.kind, seen.Failure)
		}
	}
	if _, err := New(obtaintest.Real(t), cases, []byte("no module"), 1); err == nil {
		t.Error("something that is no module was taken")
	}
}

// TestTwoAtOnce: two engines do not disturb each other.
func TestTwoAtOnce(t *testing.T) {
	cases := load(t, "callout/answered-200", "metrics/allowed-and-denied", "token/comes-back", "token/time-out",
		"token/with-callout")
	var wg sync.WaitGroup
	for range 2 {
		g := engine(t, cases, module(t))
		wg.Go(func() {
			for _, c := range cases.Cases() {
				seen, err := g.Observe(t.Context(), &c, suite.Good(&cases.Contract, &c))
				if err != nil {
					t.Errorf("%s: %v", c.ID, err)
				}
				for _, m := range suite.Check(&c, seen) {
					t.Errorf("%s: %s: expected %s, got %s", c.ID, m.Field, m.Wanted, m.Got)
				}
			}
		})
	}
	wg.Wait()
}

// TestListenerUpdates: a listener that is replaced (LDS) is an update as one of the plugin's configuration alone (ECDS)
// is. Cases with an open stream are left out: the Envoys here drain no listener, so its connection ends.
func TestListenerUpdates(t *testing.T) {
	cases := load(t, "contexts/update", "contexts/update-to-nothing", "contexts/update-refused",
		"contexts/update-fills-the-bucket",
		"contexts/update-forgets-the-token")
	g := engine(t, cases, module(t))
	g.ListenerUpdates = true
	for _, c := range cases.Cases() {
		for _, m := range suite.Check(&c, observe(t, g, cases, &c)) {
			t.Errorf("%s: %s: expected %s, got %s", c.ID, m.Field, m.Wanted, m.Got)
		}
	}
}
