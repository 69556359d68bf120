package worst_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/header-auth/header-auth/bench/stats"
	"github.com/header-auth/header-auth/bench/worst"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/wasmtest"
)

const onRequest = "proxy_on_request_headers"

func plain() table.Case {
	r := &table.Request{
		Message:  table.Message{Headers: headermap.Of(":method", "GET", ":path", "/", ":authority", "a.example")},
		Response: table.Message{Headers: headermap.Of(":status", "200")},
	}
	return table.Case{ID: "test/plain", Start: table.Start{Accepted: true},
		Steps: []table.Step{{Request: r, Times: 1, Want: table.Want{Decision: table.Allow}}}}
}

func guest() *wasmtest.Guest {
	g := wasmtest.NewGuest("0_2_1")
	g.Exports("proxy_on_context_create", "proxy_on_vm_start", "proxy_on_configure", onRequest, "proxy_on_log",
		"proxy_on_done", "proxy_on_delete")
	return g
}

func measure(t *testing.T, wasm []byte, rounds int) worst.Result {
	t.Helper()
	ctx := context.Background()
	m, err := host.Compile(ctx, wasm, host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close(ctx)
	c := plain()
	return worst.Measure(ctx, m, "guest", &c, rounds)
}

// A request whose work is a hundred times the limit is above it on every machine.
func TestWorkIsSeen(t *testing.T) {
	g := guest()
	n := g.Global(0)
	g.Do(onRequest, wasmtest.I32(0), wasmtest.SetGlobal(n), wasmtest.Loop,
		wasmtest.GetGlobal(n), wasmtest.I32(1), wasmtest.Add, wasmtest.SetGlobal(n),
		wasmtest.GetGlobal(n), wasmtest.I32(50_000_000), wasmtest.LtU, wasmtest.BrIf(0), wasmtest.End)
	if r := measure(t, g.Bytes(), 10); !r.Red() || r.Failed != "" || r.Longest < worst.Limit {
		t.Errorf("fifty million rounds of a loop: %+v, expected more than %s", r, worst.Limit)
	}
}

func TestMemoryIsSeen(t *testing.T) {
	g := guest()
	g.Do(onRequest, wasmtest.MemorySize, wasmtest.I32(40), wasmtest.LtU, wasmtest.If, wasmtest.I32(1), wasmtest.MemoryGrow,
		wasmtest.Drop, wasmtest.End)
	if r := measure(t, g.Bytes(), 10); r.Peak != 40<<16 || r.Ready >= r.Peak || r.Failed != "" {
		t.Errorf("%+v, expected memory to grow to 40 pages", r)
	}
}

// A build that gives a wrong answer has no time.
func TestWrongAnswer(t *testing.T) {
	g := guest()
	n := g.Global(0)
	g.Do(onRequest, wasmtest.GetGlobal(n), wasmtest.I32(1), wasmtest.Add, wasmtest.SetGlobal(n),
		wasmtest.GetGlobal(n), wasmtest.I32(40), wasmtest.Eq, wasmtest.If, wasmtest.Unreachable, wasmtest.End)
	if r := measure(t, g.Bytes(), 10); !r.Red() || !strings.Contains(r.Failed, "unreachable") {
		t.Errorf("%+v, expected the trap of the 40th request", r)
	}
}

// One long request in fifty, like a garbage collection, shows in the mean and not in the median.
func TestSeldomWorkCounts(t *testing.T) {
	g := guest()
	n, i := g.Global(0), g.Global(0)
	g.Do(onRequest, wasmtest.GetGlobal(n), wasmtest.I32(1), wasmtest.Add, wasmtest.SetGlobal(n),
		wasmtest.GetGlobal(n), wasmtest.I32(50), wasmtest.Eq, wasmtest.If, wasmtest.I32(0), wasmtest.SetGlobal(n),
		wasmtest.I32(0), wasmtest.SetGlobal(i), wasmtest.Loop, wasmtest.GetGlobal(i), wasmtest.I32(1), wasmtest.Add,
		wasmtest.SetGlobal(i), wasmtest.GetGlobal(i), wasmtest.I32(20_000_000), wasmtest.LtU, wasmtest.BrIf(0), wasmtest.End,
		wasmtest.End)
	r := measure(t, g.Bytes(), 1000)
	if r.Mean.Mid < 10*float64(r.Median) || !r.Mean.Contains(r.Mean.Mid) || r.Mean.Low <= float64(r.Median) {
		t.Errorf("%+v, expected a mean far above the median", r)
	}
}

// The interval decides: a mean above the limit is not red if its interval reaches below it.
func TestRed(t *testing.T) {
	limit := float64(worst.Limit)
	for _, step := range []struct {
		low, mid float64
		failed   string
		red      bool
	}{
		{limit - 1, limit + 100, "", false},
		{limit, limit, "", false},
		{limit + 1, limit + 100, "", true},
		{1, 1, "it trapped", true},
	} {
		r := worst.Result{Mean: stats.Interval{Low: step.low, Mid: step.mid, High: step.mid + 1}, Longest: time.Second,
			Failed: step.failed}
		if r.Red() != step.red {
			t.Errorf("%+v: red %t, expected %t", r, r.Red(), step.red)
		}
		if r.Known = "it keeps everything"; r.Red() != (step.failed != "") {
			t.Errorf("%+v: red %t, expected that what is known does not count, and a failure does", r, r.Red())
		}
	}
}
