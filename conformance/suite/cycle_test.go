package suite

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/wasmtest"
	"github.com/header-auth/header-auth/internal/hosttest"
)

// oddOnce adds code to a callback that runs only in its nth call.
func oddOnce(g *wasmtest.Guest, callback string, n int, change func()) *wasmtest.Guest {
	count := g.Global(0)
	g.Do(callback, wasmtest.GetGlobal(count), wasmtest.I32(1), wasmtest.Add, wasmtest.SetGlobal(count),
		wasmtest.GetGlobal(count), wasmtest.I32(n), wasmtest.Eq, wasmtest.If)
	change()
	g.Do(callback, wasmtest.End)
	return g
}

func rounds(t *testing.T, g *wasmtest.Guest, c *table.Case, n int) error {
	t.Helper()
	y, err := NewCycle(context.Background(), hosttest.Compile(t, g.Bytes()), c)
	if err != nil {
		t.Fatal(err)
	}
	defer y.Close(context.Background())
	for y.Rounds() < n {
		if err := y.Round(context.Background()); err != nil {
			return err
		}
	}
	return nil
}

// TestCycleNotices: a difference of any kind in the fifth round is found.
func TestCycleNotices(t *testing.T) {
	const onResponse, onLog = "proxy_on_response_headers", "proxy_on_log"
	allow := allowCase()
	allow.Clusters = []table.Cluster{{Name: "c", State: table.Ready}}
	refuse := refuseCase()
	refuse.Steps[0].Want.Reply.Headers = headermap.Of("x-why", "no")
	call := func(cluster, path string) func(*wasmtest.Guest) {
		return func(g *wasmtest.Guest) {
			g.Call(onRequest, "proxy_http_call", cluster, wasmtest.Pairs(":method", "GET", ":path", path, ":authority", "a"), "",
				wasmtest.Pairs(), 1000, wasmtest.Out1)
		}
	}
	for _, test := range []struct {
		name     string
		c        *table.Case
		callback string
		change   func(g *wasmtest.Guest)
		field    string
	}{
		{"a log line", &allow, onRequest, func(g *wasmtest.Guest) { g.Call(onRequest, "proxy_log", 2, "odd") }, "log lines"},
		{"a log line at the end", &allow, onLog, func(g *wasmtest.Guest) { g.Call(onLog, "proxy_log", 2, "odd") },
			"log lines"},
		{"a request header", &allow, onRequest, func(g *wasmtest.Guest) {
			g.Call(onRequest, "proxy_add_header_map_value", 0,
				"x-odd", "1")
		}, "forwarded"},
		{"a response header", &allow, onResponse, func(g *wasmtest.Guest) {
			g.Call(onResponse, "proxy_add_header_map_value",
				2, "x-odd", "1")
		}, "client"},
		{"a refusal", &allow, onRequest, func(g *wasmtest.Guest) {
			g.Call(onRequest, "proxy_send_local_response", 403, "", "", wasmtest.Pairs(), -1)
			g.Do(onRequest, wasmtest.I32(1), wasmtest.Return)
		}, "decision"},
		{"a hold", &allow, onRequest, func(g *wasmtest.Guest) { g.Do(onRequest, wasmtest.I32(1), wasmtest.Return) },
			"decision"},
		{"a call", &allow, onRequest, call("c", "/"), "outgoing calls"},
		{"a tick period", &allow, onRequest, func(g *wasmtest.Guest) {
			g.Call(onRequest, "proxy_set_tick_period_milliseconds",
				50)
		}, "tick period"},
		{"a reply's details", &refuse, onRequest, func(g *wasmtest.Guest) {
			g.Call(onRequest, "proxy_log", 1, "refused")
			g.Call(onRequest, "proxy_send_local_response", 403, "other", "no", wasmtest.Pairs("x-why", "no"), 7)
			g.Do(onRequest, wasmtest.I32(1), wasmtest.Return)
		}, "local reply"},
		{"a reply's body", &refuse, onRequest, func(g *wasmtest.Guest) {
			g.Call(onRequest, "proxy_log", 1, "refused")
			g.Call(onRequest, "proxy_send_local_response", 403, "why", "NO", wasmtest.Pairs("x-why", "no"), 7)
			g.Do(onRequest, wasmtest.I32(1), wasmtest.Return)
		}, "local reply"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := guest()
			oddOnce(g, test.callback, 5, func() { test.change(g) })
			switch {
			case test.c == &refuse:
				g.Call(onRequest, "proxy_log", 1, "refused")
				g.Call(onRequest, "proxy_send_local_response", 403, "why", "no", wasmtest.Pairs("x-why", "no"), 7)
				g.Returns(onRequest, 1)
			default:
				g.Call(onRequest, "proxy_log", 2, "hello")
			}
			err := rounds(t, g, test.c, 10)
			var wrong *WrongError
			if !errors.As(err, &wrong) || wrong.Request != 5 || wrong.What != test.field || wrong.Wanted == wrong.Got {
				t.Errorf("%v, expected %s in round 5", err, test.field)
			}
		})
	}
}

// TestCycleOfWhatIsOpen: a plugin that numbers its log lines can be repeated when the case leaves them open; all else
// is compared with the case in each round.
func TestCycleOfWhatIsOpen(t *testing.T) {
	numbering := func() *wasmtest.Guest {
		g := guest()
		count := g.Global('a')
		g.Do(onRequest, wasmtest.I32(50_000), wasmtest.GetGlobal(count), wasmtest.Store(0),
			wasmtest.GetGlobal(count), wasmtest.I32(1), wasmtest.Add, wasmtest.SetGlobal(count))
		g.Call(onRequest, "proxy_log", 2, wasmtest.Raw{At: 50_000, Len: 1})
		return g
	}
	c := allowCase()
	c.Steps[0].Want.Logs = table.Logs{Any: true}
	if err := rounds(t, numbering(), &c, 10); err != nil {
		t.Errorf("log lines are open: %v", err)
	}
	l, err := NewLoop(t.Context(), hosttest.Compile(t, numbering().Bytes()), &c, ObserveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close(context.Background())
	if err := l.Check(t.Context()); err != nil {
		t.Errorf("log lines are open in the benchmark: %v", err)
	}
	g := numbering()
	oddOnce(g, onRequest, 5, func() { g.Call(onRequest, "proxy_add_header_map_value", 0, "x-odd", "1") })
	var wrong *WrongError
	if err := rounds(t, g, &c, 10); !errors.As(err, &wrong) || wrong.Request != 5 ||
		!strings.Contains(wrong.What, "forwarded") {
		t.Errorf("%v, expected forwarded headers in round 5", err)
	}
	g = numbering()
	oddOnce(g, onRequest, 5, func() { g.Do(onRequest, wasmtest.Unreachable) })
	var f *host.Failure
	if err := rounds(t, g, &c, 10); !errors.As(err, &f) {
		t.Errorf("%v, expected a trap", err)
	}
}

// TestLoopOfListedAnswers: a list of answers begins again with each request that is timed.
func TestLoopOfListedAnswers(t *testing.T) {
	c := allowCase()
	answer := table.Answer{Headers: headermap.Of(":status", "200")}
	c.Clusters = []table.Cluster{{Name: "c", State: table.Ready, Answers: []table.Answer{answer, answer}}}
	c.Steps[0].Want.AnyCalls = true
	c.Steps[0].Want.Logs.Lines = []table.Log{{Level: "info", Text: "answered"}}
	c.Steps = []table.Step{c.Steps[0], c.Steps[0]}
	g := guest()
	g.Call(onRequest, "proxy_http_call", "c", wasmtest.Pairs(":method", "GET", ":path", "/", ":authority", "a"), "",
		wasmtest.Pairs(), 1000, wasmtest.Out1)
	g.Call(onAnswer, "proxy_log", 2, "answered")
	l, err := NewLoop(t.Context(), hosttest.Compile(t, g.Bytes()), &c, ObserveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close(context.Background())
	if len(l.lists) != 1 || l.lists[0].next != 1 {
		t.Errorf("lists %+v, expected one that begins with its second answer", l.lists)
	}
	if err := l.Run(10); err != nil {
		t.Error(err)
	}
	if err := l.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestCycleNoticesMetrics: a counter grows by one in each round, and in the fifth by two.
func TestCycleNoticesMetrics(t *testing.T) {
	g := guest()
	g.Call("proxy_on_configure", "proxy_define_metric", 0, "seen", wasmtest.Out1)
	g.Call(onRequest, "proxy_log", 2, "hello")
	g.Call(onRequest, "proxy_increment_metric", 4, int64(1))
	oddOnce(g, onRequest, 5, func() { g.Call(onRequest, "proxy_increment_metric", 4, int64(1)) })
	c := allowCase()
	c.Start.Metrics = []table.Metric{{Kind: "Counter", Name: "seen", Value: 0}}
	c.Steps[0].Want.Metrics = []table.Metric{{Kind: "Counter", Name: "seen", Value: 1}}
	var wrong *WrongError
	if err := rounds(t, g, &c, 10); !errors.As(err, &wrong) || wrong.Request != 5 || wrong.What != "metrics" ||
		!strings.Contains(wrong.Wanted, "1") || !strings.Contains(wrong.Got, "2") {
		t.Errorf("%v, expected metrics in round 5", err)
	}
}

func TestCycleIsLeftOut(t *testing.T) {
	ctx := context.Background()
	refused := allowCase()
	refused.Start.Accepted, refused.Steps = false, nil
	trap := allowCase()
	trap.Steps[0].Want.Trap = onRequest
	waits := allowCase()
	waits.Clusters = []table.Cluster{{Name: "c", State: table.Ready}}
	waits.Steps[0].Want.Calls = []table.Call{{Cluster: "c", TimeoutMS: 1000,
		Headers: []headermap.Header{{Name: ":method", Value: "GET"}, {Name: ":path", Value: "/"},
			{Name: ":authority", Value: "a"}}}}
	waits.Steps[0].Want.Logs = table.Logs{}
	calling := guest()
	calling.Call(onRequest, "proxy_http_call", "c", wasmtest.Pairs(":method", "GET", ":path", "/", ":authority", "a"), "",
		wasmtest.Pairs(), 1000, wasmtest.Out1)
	second := guest()
	second.Call(onRequest, "proxy_log", 2, "hello")
	oddOnce(second, onRequest, 2, func() { second.Call(onRequest, "proxy_log", 2, "odd") })
	plain := allowCase()
	counted := guest()
	oddOnce(counted, onRequest, 2, func() {
		counted.Call(onRequest, "proxy_log", 2, "odd")
		counted.Call(onRequest, "proxy_add_header_map_value", 0, "x-odd", "1")
	})
	open := allowCase()
	open.Steps[0].Want.Logs = table.Logs{Any: true}
	for _, test := range []struct {
		name string
		g    *wasmtest.Guest
		c    *table.Case
		why  string
	}{
		{"it does not start", guest(), &refused, "no plugin runs in it"},
		{"the VM dies", guest(), &trap, "the VM dies in it"},
		{"a call is left over", calling, &waits, "1 of its calls still wait"},
		{"the second round differs", second, &plain,
			`the second time, log lines: wanted no more lines, got "info odd"; add steps that bring`},
		{"what is open is not named", counted, &open, "the second time, forwarded headers: wanted"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := NewCycle(ctx, hosttest.Compile(t, test.g.Bytes()), test.c)
			var once *OnceError
			if !errors.As(err, &once) || !strings.Contains(once.Why, test.why) {
				t.Errorf("%v, expected %q", err, test.why)
			}
		})
	}
}

func TestCycleDies(t *testing.T) {
	g := guest()
	oddOnce(g, onRequest, 5, func() { g.Do(onRequest, wasmtest.Unreachable) })
	g.Call(onRequest, "proxy_log", 2, "hello")
	c := allowCase()
	var f *host.Failure
	if err := rounds(t, g, &c, 10); !errors.As(err, &f) || f.Kind != host.Trapped {
		t.Errorf("%v", err)
	}
}
