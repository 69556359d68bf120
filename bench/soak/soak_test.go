package soak_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/header-auth/header-auth/bench/guest"
	"github.com/header-auth/header-auth/bench/soak"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/wasmtest"
)

const onRequest = "proxy_on_request_headers"

// few is a request that the guests of this file allow; many is one that some of them refuse.
func few() table.Case  { return request("test/few", 1, table.Want{Decision: table.Allow}) }
func many() table.Case { return request("test/many", 20, refusal) }

var refusal = table.Want{Decision: table.Refuse, Reply: &table.Reply{Status: 403, Body: "no"}}

func request(id string, headers int, w table.Want) table.Case {
	r := &table.Request{
		Message:  table.Message{Headers: headermap.Of(":method", "GET", ":path", "/", ":authority", "a.example")},
		Response: table.Message{Headers: headermap.Of(":status", "200")},
	}
	for range headers {
		r.Headers = append(r.Headers, headermap.Header{Name: "x-a", Value: "b"})
	}
	return table.Case{ID: id, Start: table.Start{Accepted: true}, Steps: []table.Step{{Request: r, Times: 1, Want: w}}}
}

// plugin begins a guest with that many pages.
func plugin(pages int) *wasmtest.Guest {
	g := wasmtest.NewGuest("0_2_1")
	g.Pages = uint32(pages)
	g.Exports("proxy_on_context_create", "proxy_on_vm_start", "proxy_on_configure", onRequest, "proxy_on_log",
		"proxy_on_done", "proxy_on_delete")
	return g
}

// taking is code that takes that many bytes for ever, writes to them, and doubles memory when none are left.
func taking(g *wasmtest.Guest, bytes int) wasmtest.Code {
	end := g.Global(256 << 10)
	return wasmtest.Join(
		wasmtest.GetGlobal(end), wasmtest.I32(bytes), wasmtest.Add, wasmtest.SetGlobal(end),
		wasmtest.MemorySize, wasmtest.I32(64<<10), wasmtest.Mul, wasmtest.GetGlobal(end), wasmtest.LtU, wasmtest.If,
		wasmtest.MemorySize, wasmtest.MemoryGrow, wasmtest.Drop, wasmtest.End,
		wasmtest.GetGlobal(end), wasmtest.I32(bytes), wasmtest.Sub, wasmtest.GetGlobal(end), wasmtest.Store(0))
}

// doubling leaks from a heap of a MiB that doubles when it is full, as TinyGo's does.
func doubling(bytes int) []byte {
	g := plugin(16)
	g.Do(onRequest, taking(g, bytes))
	return g.Bytes()
}

// leakyRefusal refuses requests with many headers, and keeps sixteen bytes of each of these.
func leakyRefusal() []byte {
	g := plugin(16)
	g.Do(onRequest, wasmtest.Get(1), wasmtest.I32(10), wasmtest.GeU, wasmtest.If, taking(g, 16))
	g.Call(onRequest, "proxy_send_local_response", 403, "", "no", wasmtest.Pairs(), -1)
	g.Do(onRequest, wasmtest.I32(1), wasmtest.Return, wasmtest.End)
	return g.Bytes()
}

// greedy asks for a page in each request, and goes on when there is none.
func greedy() []byte {
	g := plugin(4)
	g.Do(onRequest, wasmtest.I32(1), wasmtest.MemoryGrow, wasmtest.Drop)
	return g.Bytes()
}

// rewriting writes another number to the same place with each request.
func rewriting() []byte {
	g := plugin(4)
	n := g.Global(0)
	g.Do(onRequest, wasmtest.GetGlobal(n), wasmtest.I32(1), wasmtest.Add, wasmtest.SetGlobal(n),
		wasmtest.I32(200<<10), wasmtest.GetGlobal(n), wasmtest.Store(0))
	return g.Bytes()
}

func one(t *testing.T, wasm []byte, c table.Case, o soak.Config) soak.Result {
	t.Helper()
	if o.Host.MemoryPages == 0 {
		o.Host.MemoryPages = 1024
	}
	r := soak.Run(t.Context(), []table.Case{c}, []soak.Subject{{Name: "guest", Wasm: wasm}}, o).Results[0]
	m := r.Memory
	t.Logf("%d rounds: %s %.2f [%.2f, %.2f], %d to %d bytes, reason %d, wrong %+v failed %q", r.Rounds, m.Verdict,
		m.PerRound.Mid, m.PerRound.Low, m.PerRound.High, m.Ready, m.End, m.Reason, r.Wrong, r.Failed)
	return r
}

// TestMemory judges guests whose memory is known.
func TestMemory(t *testing.T) {
	for _, test := range []struct {
		name   string
		wasm   []byte
		c      table.Case
		pages  uint32
		rounds int
		want   verdict.Growth
		bytes  float64
	}{
		{"flat", guest.Work(0), few(), 0, 100_000, verdict.Flat, 0},
		{"flat, and written to", rewriting(), few(), 0, 100_000, verdict.Flat, 0},
		{"flat, few rounds", rewriting(), few(), 0, 1000, verdict.Flat, 0},
		{"grows and settles", guest.Grow(100, 16), few(), 0, 100_000, verdict.Plateau, 0},
		{"grows and settles late", guest.Grow(70_000, 16), few(), 0, 100_000, verdict.Plateau, 0},
		{"16 bytes in pages", guest.Leak(16), few(), 0, 100_000, verdict.Leak, 16},
		{"16 bytes in a heap that doubles", doubling(16), few(), 0, 100_000, verdict.Leak, 16},
		{"100 bytes in a heap that doubles", doubling(100), few(), 0, 100_000, verdict.Leak, 100},
		{"16 bytes of a refusal", leakyRefusal(), many(), 0, 100_000, verdict.Leak, 16},
		{"16 bytes of a refusal that never comes", leakyRefusal(), few(), 0, 100_000, verdict.Flat, 0},
		{"to the ceiling and no further", greedy(), few(), 256, 100_000, verdict.Leak, 64 << 10},
		{"to its death", guest.Leak(1000), few(), 128, 100_000, verdict.Leak, 1000},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := one(t, test.wasm, test.c, soak.Config{Rounds: test.rounds, Host: host.Options{MemoryPages: test.pages}})
			i := r.Memory.PerRound
			if r.Memory.Verdict != test.want || r.Red() != (test.want == verdict.Leak) {
				t.Errorf("%s, red %v, expected %s", r.Memory.Verdict, r.Red(), test.want)
			}
			if test.want == verdict.Leak && (test.bytes < 0.99*i.Low || test.bytes > 1.01*i.High || i.High > 2.1*test.bytes) {
				t.Errorf("%v, expected %v bytes a round", i, test.bytes)
			}
			if test.want == verdict.Leak && r.Rounds > test.rounds+2 {
				t.Errorf("it took %d rounds", r.Rounds)
			}
			if test.want != verdict.Leak && test.rounds == 100_000 && (i.Low > 0 || i.High >= 16) {
				t.Errorf("%v bytes a round could be, expected fewer than 16", i)
			}
		})
	}
}

func TestWrongAnswerIsFound(t *testing.T) {
	r := one(t, guest.WrongOnce(50_000), few(), soak.Config{Rounds: 100_000})
	if r.Wrong == nil || r.Wrong.Round != 50_000 || r.Wrong.What != "decision" || !r.Red() {
		t.Errorf("%+v", r.Wrong)
	}
}

// TestPause: a guest that works long once in 700 rounds, and again in the second run.
func TestPause(t *testing.T) {
	g := plugin(4)
	n := g.Global(0)
	g.Do(onRequest, wasmtest.GetGlobal(n), wasmtest.I32(1), wasmtest.Add, wasmtest.SetGlobal(n),
		wasmtest.GetGlobal(n), wasmtest.I32(700), wasmtest.Eq, wasmtest.If,
		wasmtest.I32(0), wasmtest.SetGlobal(n), wasmtest.I32(20_000_000), wasmtest.Set(3),
		wasmtest.Loop, wasmtest.Get(3), wasmtest.I32(1), wasmtest.Sub, wasmtest.Set(3), wasmtest.Get(3), wasmtest.BrIf(0),
		wasmtest.End, wasmtest.End)
	r := one(t, g.Bytes(), few(), soak.Config{Rounds: 5000})
	if p := r.Pauses; p.Longest < soak.TimesMedian*p.Median || p.Round%700 != 0 || r.Red() {
		t.Errorf("%+v, red %v", p, r.Red())
	}
}

// TestTrouble: the reason why a path ended is reported, and a fault of the build is red.
func TestTrouble(t *testing.T) {
	hang := plugin(4)
	hang.Do(onRequest, wasmtest.Loop, wasmtest.Br(0), wasmtest.End)
	dies := plugin(4)
	dies.Do(onRequest, wasmtest.Get(1), wasmtest.I32(10), wasmtest.GeU, wasmtest.If, wasmtest.Unreachable, wasmtest.End)
	later := request("test/later", 1, table.Want{Decision: table.Allow})
	refused := table.Case{ID: "test/refused", Start: table.Start{}}
	for _, test := range []struct {
		name            string
		wasm            []byte
		c               table.Case
		failed, leftOut string
		wrong           bool
	}{
		{"no module", []byte("x"), few(), "load module", "", false},
		{"does not return", hang.Bytes(), few(), "", "", true},
		{"wrong at once", dies.Bytes(), many(), "", "", true},
		{"no plugin runs", guest.Work(0), refused, "", "no plugin runs", false},
		{"the second round differs", guest.WrongAfter(2), later, "", "second time", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := one(t, test.wasm, test.c, soak.Config{Rounds: 1000, Host: host.Options{Deadline: 100 * time.Millisecond}})
			if !strings.Contains(r.Failed, test.failed) || (r.Failed == "") != (test.failed == "") ||
				!strings.Contains(r.LeftOut, test.leftOut) || (r.LeftOut == "") != (test.leftOut == "") ||
				(r.Wrong != nil) != test.wrong {
				t.Errorf("%+v", r)
			}
			if r.Red() != (test.failed != "" || test.wrong) {
				t.Errorf("red: %v", r.Red())
			}
		})
	}
}

func TestKnownLeak(t *testing.T) {
	cases := []table.Case{few(), many()}
	subjects := []soak.Subject{{Name: "leaky", Wasm: leakyRefusal(), Leaks: "on purpose"},
		{Name: "other", Wasm: leakyRefusal()}}
	r := soak.Run(t.Context(), cases, subjects, soak.Config{Workers: 2, Rounds: 100_000})
	if r.Results[1].Known != "on purpose" || r.Results[1].Red() || r.Results[0].Known != "" || !r.Results[3].Red() ||
		!r.Red() || len(r.Tight) != 0 {
		t.Errorf("%+v", r)
	}
	r = soak.Run(t.Context(), cases[:1], subjects[:1], soak.Config{Rounds: 10_000})
	if r.Tight["leaky"] != "on purpose" || !r.Red() {
		t.Errorf("%+v: it does not leak on this path, and is listed as known", r)
	}
	subjects[0].MayNotLeak = true
	if r = soak.Run(t.Context(), cases[:1], subjects[:1], soak.Config{Rounds: 10_000}); r.Red() {
		t.Errorf("%+v", r)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cases := []table.Case{few(), many()}
	r := soak.Run(ctx, cases, []soak.Subject{{Name: "guest", Wasm: leakyRefusal()}}, soak.Config{Rounds: 1_000_000,
		Progress: func(done float64, what string) {
			if done <= 0 || !strings.HasPrefix(what, "guest test/") {
				t.Errorf("progress reports %v, %q", done, what)
			}
			cancel()
		}})
	if p := r.Results[0]; !r.Interrupted || !p.Cut || p.Rounds < 1000 || p.Rounds >= 1_000_000 ||
		r.Results[1].LeftOut == "" || r.Red() {
		t.Errorf("%+v", r)
	}
}
