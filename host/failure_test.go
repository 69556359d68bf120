package host

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/header-auth/header-auth/host/trace"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// deadline is long enough for a busy machine to start a call, and short enough to wait for.
const deadline = 300 * time.Millisecond

// TestFailures are guests that end their VM in a callback of a request. The next request must be answered as the
// failure policy says, and nothing may panic or wait for ever.
func TestFailures(t *testing.T) {
	loop := wasmtest.Join(wasmtest.Loop, wasmtest.Br(0), wasmtest.End)
	const headers = "proxy_on_request_headers"
	tests := []struct {
		name   string
		guest  func(g *wasmtest.Guest)
		kind   FailureKind
		reason string
		status int // of the first request
	}{
		{"unreachable", func(g *wasmtest.Guest) { g.Do(headers, wasmtest.Unreachable) }, Trapped, "unreachable", 503},
		{"load outside memory", func(g *wasmtest.Guest) {
			g.Do(headers, wasmtest.I32(-8), wasmtest.Load(0), wasmtest.Drop)
		}, Trapped, "out of bounds memory access", 503},
		{"endless loop", func(g *wasmtest.Guest) { g.Do(headers, loop) }, DeadlineExceeded, "took longer than", 503},
		{"endless recursion", func(g *wasmtest.Guest) {
			g.Call(headers, "proxy_done")
			g.Do(headers, wasmtest.Get(0), wasmtest.Get(1), wasmtest.Get(2), wasmtest.Call(3), wasmtest.Drop)
		}, Trapped, "stack overflow", 503},
		{"allocator loops", func(g *wasmtest.Guest) {
			g.Alloc(loop, wasmtest.I32(0))
			g.Call(headers, "proxy_get_header_map_value", 0, "allow", wasmtest.Out)
			g.Call(headers, "proxy_log", 2, "ran on")
		}, DeadlineExceeded, "took longer than", 503},
		{"allocator traps", func(g *wasmtest.Guest) {
			g.Alloc(wasmtest.Unreachable)
			g.Call(headers, "proxy_get_header_map_value", 0, "allow", wasmtest.Out)
		}, Trapped, "unreachable", 503},
		{"loop of host calls", func(g *wasmtest.Guest) {
			g.Do(headers, wasmtest.Loop)
			g.Call(headers, "proxy_get_header_map_size", 0, wasmtest.Out1)
			g.Do(headers, wasmtest.Br(0), wasmtest.End)
		}, DeadlineExceeded, "took longer than", 503},
		{"loop of queue items", func(g *wasmtest.Guest) {
			g.Call(headers, "proxy_register_shared_queue", "q", wasmtest.Out1)
			g.Do(headers, wasmtest.Loop)
			g.Call(headers, "proxy_enqueue_shared_queue", 1, "item")
			g.Do(headers, wasmtest.Br(0), wasmtest.End)
		}, Trapped, "16 MiB", 503},
		{"loop of large copies", func(g *wasmtest.Guest) {
			g.Do(headers, wasmtest.Loop)
			g.Call(headers, "proxy_add_header_map_value", 0, "a", wasmtest.Raw{At: 0, Len: 200 << 10})
			g.Do(headers, wasmtest.Br(0), wasmtest.End)
		}, Trapped, "16 MiB", 503},
		{"local reply in log", func(g *wasmtest.Guest) {
			g.Call("proxy_on_log", "proxy_send_local_response", 403, "", "", "", -1)
		}, WouldCrashEnvoy, "proxy_on_log", 200},
		{"close in delete", func(g *wasmtest.Guest) {
			g.Call("proxy_on_delete", "proxy_close_stream", 0)
		}, WouldCrashEnvoy, "proxy_on_delete", 200},
		{"close in create", func(g *wasmtest.Guest) {
			g.Call("proxy_on_context_create", "proxy_close_stream", 0)
			g.Exports(headers)
		}, WouldCrashEnvoy, "proxy_on_context_create", 0},
		{"continue of a response that isn't there", func(g *wasmtest.Guest) {
			g.Call(headers, "proxy_continue_stream", 1)
		}, WouldCrashEnvoy, "before there is a response", 0},
		{"continue of a response that ends in the same callback", func(g *wasmtest.Guest) {
			g.Call("proxy_on_response_body", "proxy_continue_stream", 1)
			g.Do("proxy_on_response_body", wasmtest.Get(2), wasmtest.Eqz, wasmtest.If, wasmtest.I32(1), wasmtest.Return,
				wasmtest.End)
		}, WouldCrashEnvoy, "sent the response to its end", 200},
	}
	for i, test := range append(tests, tests...) {
		engine := []string{"compiler", "interpreter"}[i/len(tests)]
		t.Run(engine+" "+test.name, func(t *testing.T) {
			g := wasmtest.NewGuest("0_2_1")
			test.guest(g)
			o := Options{Interpreter: engine == "interpreter"}
			if test.kind == DeadlineExceeded {
				o.Deadline = deadline
			}
			b := mustStart(t, g, setup{options: o})
			s := b.exchange()
			s.Close()
			f := b.vm.Failure()
			if f == nil || f.Kind != test.kind || !strings.Contains(f.Error(), test.reason) {
				t.Fatalf("failure %v, want %v: …%s…", f, test.kind, test.reason)
			}
			if len(b.lines) > 0 {
				t.Errorf("the guest ran on after it was stopped: %q", b.lines)
			}
			if got := s.Downstream().Status(); got != test.status {
				t.Errorf("status %d, want %d", got, test.status)
			}
			later := b.exchange()
			later.Close()
			if got, want := later.Downstream().Status(), 503; got != want && test.kind != WouldCrashEnvoy {
				t.Errorf("later: status %d, want %d", got, want)
			}
			if test.kind == WouldCrashEnvoy && !later.Downstream().Reset {
				t.Error("later: an answer from a process that is dead")
			}
		})
	}
}

func TestStartFailures(t *testing.T) {
	tests := []struct {
		name  string
		guest func(g *wasmtest.Guest)
		want  string
	}{
		{"restricted function", func(g *wasmtest.Guest) { g.Call("_initialize", "proxy_set_tick_period_milliseconds", 1) },
			"start functions must not call proxy_set_tick_period_milliseconds"},
		{"proc_exit", func(g *wasmtest.Guest) {
			g.CallFrom("wasi_snapshot_preview1", "_start", "proc_exit", "", 0)
		}, "proc_exit"},
		{"trap in main", func(g *wasmtest.Guest) {
			g.Exports("_initialize")
			g.Do("main", wasmtest.Unreachable)
		}, "trapped in main: unreachable"},
		{"endless loop", func(g *wasmtest.Guest) { g.Do("_start", wasmtest.Loop, wasmtest.Br(0), wasmtest.End) },
			"deadline exceeded in _start"},
		{"vm_start false", func(g *wasmtest.Guest) { g.Returns("proxy_on_vm_start", 0) }, ErrStartRefused.Error()},
		{"configure false", func(g *wasmtest.Guest) { g.Returns("proxy_on_configure", 0) }, ErrConfigureRefused.Error()},
		{"configure traps", func(g *wasmtest.Guest) { g.Do("proxy_on_configure", wasmtest.Unreachable) },
			"trapped in proxy_on_configure: unreachable"},
		{"start section traps", func(g *wasmtest.Guest) { g.Start(0) }, "start section"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := wasmtest.NewGuest("0_2_1")
			test.guest(g)
			if test.name == "start section traps" {
				g.NoMalloc = true
				m := &wasmtest.Module{Pages: 1}
				trap := m.Func("", "", "", 0, wasmtest.Unreachable)
				m.Func("proxy_abi_version_0_2_1", "", "", 0)
				m.Func("malloc", "i", "i", 0, wasmtest.I32(0))
				m.Start(trap)
				b := tryStart(t, m.Bytes(), setup{})
				checkError(t, b.err, test.want)
				return
			}
			b := tryStart(t, g.Bytes(), setup{options: Options{Deadline: deadline}})
			checkError(t, b.err, test.want)
		})
	}
}

func checkError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want …%s…", err, want)
	}
}

// panics is a guest that writes a text piece by piece to stderr and traps, as Go does with a panic.
func panics(pieces ...string) *wasmtest.Guest {
	g := wasmtest.NewGuest("0_2_1")
	at := 50_000
	for _, piece := range pieces {
		g.Data(uint32(at), string(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, uint32(at+16)),
			uint32(len(piece))))+"        "+piece)
		g.CallFrom("wasi_snapshot_preview1", reqHead, "fd_write", "i", 2, at, 1, at+8)
		at += 16 + len(piece)
	}
	g.Do(reqHead, wasmtest.Unreachable)
	return g
}

// TestPanicsText: what a guest writes before it traps is in the failure, in whole lines and escaped, and in the trace.
func TestPanicsText(t *testing.T) {
	b := mustStart(t, panics("panic: ", "boom \x1b[31m\n", "\ngoroutine 1\n"), setup{vm: VMConfig{Trace: true}})
	b.exchange()
	f := b.vm.Failure()
	if f == nil || f.Kind != Trapped {
		t.Fatalf("failure %v", f)
	}
	if want := `trapped in proxy_on_request_headers: unreachable; it wrote "panic: boom \\x1b[31m"`; f.Error() != want {
		t.Errorf("error %s, want %s", f, want)
	}
	details := f.Details()
	if len(details) < 3 || details[0] != `it wrote panic: boom \x1b[31m` || details[1] != "it wrote goroutine 1" ||
		!strings.HasPrefix(details[2], "in ") {
		t.Errorf("details %q", details)
	}
	if !slices.ContainsFunc(b.vm.Crossings(), func(c trace.Crossing) bool {
		return c.Name == "fd_write" && strings.Contains(c.Args, `"boom \x1b[31m\n"`)
	}) {
		t.Errorf("the text is not in the trace: %v", b.vm.Crossings())
	}
}

// TestOutputIsBounded: only the end of a long output is kept, and that of an earlier call is not.
func TestOutputIsBounded(t *testing.T) {
	vm := &VM{}
	for range 100 {
		vm.keepOutput(bytes.Repeat([]byte("x"), 300))
	}
	vm.keepOutput(append(bytes.Repeat([]byte("y"), 20_000), "end"...))
	if len(vm.output) != mostOutput || !strings.HasSuffix(string(vm.output), "yend") {
		t.Errorf("%d bytes are kept, want %d", len(vm.output), mostOutput)
	}
}

// TestReadableStack: a stack has the names of the source, where a compiler has written others.
func TestReadableStack(t *testing.T) {
	for in, want := range map[string]string{
		"._ZN4core9panicking9panic_fmt17h0123456789abcdefE(i32,i32)\n.proxy_on_log(i32)": ".core::panicking::panic_fmt(i32,i32)\n" +
			".proxy_on_log(i32)",
		"._RNvNtCs1234_7mycrate3foo3bar(i32) i32":               ".mycrate::foo::bar(i32) i32",
		"._ZN4Root9onRequestEv(i32)":                            ".Root::onRequest(i32)",
		".main.(*plugin).OnHttpRequestHeaders(i32,i32,i32,i32)": ".main.(*plugin).OnHttpRequestHeaders(i32,i32,i32,i32)",
		"._Really(i32)": "._Really(i32)",
	} {
		if got := readable(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// TestReadableStackOfHostileNames: a module may have names of any length, which must not end the process.
func TestReadableStackOfHostileNames(t *testing.T) {
	const parts = 3 << 20
	for _, name := range []string{"_ZN" + strings.Repeat("1aI", parts) + "i" + strings.Repeat("E", parts+1),
		"_R" + strings.Repeat("Nv", parts) + "C1a" + strings.Repeat("1b", parts)} {
		if stack := "." + name + "(i32)"; readable(stack) != stack {
			t.Errorf("%s… is not left as it is", name[:10])
		}
	}
}
