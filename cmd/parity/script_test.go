package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/header-auth/header-auth/host/wasmtest"
)

func TestMain(m *testing.M) {
	// Commands start this program again.
	if len(os.Args) > 1 && (os.Args[1] == workerCommand || os.Args[1] == sandboxCommand) {
		os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	testscript.Main(m, map[string]func(){
		"parity": func() { os.Exit(start(os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs testdata/*.txtar. Each script has the modules of the function modules in its folder.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		// Under nohup SIGHUP is ignored, by what is started here too.
		Condition: func(name string) (bool, error) {
			if name != "hangup" {
				return false, fmt.Errorf("unknown condition %q", name)
			}
			return !signal.Ignored(syscall.SIGHUP), nil
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("COLUMNS", "100")
			for name, wasm := range modules() {
				if err := os.WriteFile(filepath.Join(e.WorkDir, name), wasm, 0o644); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

// modules are plugins for the table of the scripts, which wants every request refused with 403, `no` and one log line.
func modules() map[string][]byte {
	refuse := func(g *wasmtest.Guest, line string) {
		g.Call(onHeaders, "proxy_log", 1, line)
		g.Call(onHeaders, "proxy_send_local_response", 403, "why", "no", wasmtest.Pairs(), -1)
		g.Returns(onHeaders, 1)
	}
	refusing := func(line string) []byte {
		g := guest()
		refuse(g, line)
		return g.Bytes()
	}
	traps := guest()
	traps.Do(onHeaders, wasmtest.Unreachable)
	panics := guest() // its text goes to stderr, as that of a panic
	panics.Data(50_000, "\x60\xc3\x00\x00\x0c\x00\x00\x00        panic: boom\n")
	panics.CallFrom("wasi_snapshot_preview1", onHeaders, "fd_write", "i", 2, 50_000, 1, 50_008)
	panics.Do(onHeaders, wasmtest.Unreachable)
	exits := guest()
	exits.CallFrom("wasi_snapshot_preview1", "_start", "proc_exit", "", 0)
	unknown := guest()
	unknown.Call(onHeaders, "proxy_make_coffee", 2)
	// nomain is as a Go plugin that registers in main, which never runs; strict refuses each configuration.
	nomain, strict, dormant := guest(), guest(), guest()
	nomain.Do("proxy_on_context_create", wasmtest.Unreachable)
	nomain.Exports("_initialize")
	strict.Call("proxy_on_configure", "proxy_log", 4, "no token")
	strict.Do("proxy_on_configure", wasmtest.I32(0), wasmtest.Return)
	dormant.Do("proxy_on_vm_start", wasmtest.I32(0), wasmtest.Return)
	// rooted wants the root_id "one", and takes no other configuration.
	rooted := guest()
	id := rooted.Call("proxy_on_configure", "proxy_get_property", "plugin_root_id", wasmtest.Out)
	passes := wasmtest.Join(wasmtest.If, wasmtest.I32(0), wasmtest.Return, wasmtest.End) // unless 0 is on the stack
	rooted.Do("proxy_on_configure", wasmtest.OutWord(id, 1), wasmtest.I32(len("one")), wasmtest.Eq, wasmtest.Eqz, passes)
	hangs, emscripten, higress := guest(), guest(), wasmtest.NewGuest("0_2_100")
	hangs.Do("proxy_on_vm_start", wasmtest.Loop, wasmtest.Br(0), wasmtest.End)
	for _, function := range []string{"emscripten_memcpy_js", "_abort_js"} {
		emscripten.CallFrom("env", onHeaders, function, "")
	}
	higress.Call("proxy_on_configure", "proxy_redis_init", "redis", "", "", 1000)
	sound := refusing("refused")
	// door lets a request pass if it has this header: the status of the call is then 0.
	door := guest()
	call := door.Call(onHeaders, "proxy_get_header_map_value", 0, "x-debug-allow", wasmtest.Out)
	door.Do(onHeaders, wasmtest.I32(0), wasmtest.Load(uint32(1024+16*call)), wasmtest.Eqz, passes)
	door.Call(onHeaders, "proxy_send_local_response", 403, "why", "no", wasmtest.Pairs(), -1)
	door.Returns(onHeaders, 1)
	// told refuses only if its VM has an environment variable.
	told := guest()
	call = told.CallFrom("wasi_snapshot_preview1", onHeaders, "environ_sizes_get", "i", wasmtest.Out)
	told.Do(onHeaders, wasmtest.I32(0), wasmtest.Load(uint32(1024+16*call+4)), wasmtest.Eqz, passes)
	refuse(told, "refused")
	// asking refuses only if the host evaluates expressions.
	asking := guest()
	for _, f := range [][2]string{{"expr_create", "request.method == 'GET'"}, {"expr_evaluate", "\x00\x00\x00\x00"}} {
		call = asking.Call(onHeaders, "proxy_call_foreign_function", f[0], f[1], wasmtest.Out)
		asking.Do(onHeaders, wasmtest.Result(call), passes)
	}
	refuse(asking, "refused")
	leaky, late := guest(), guest()
	end, count := leaky.Global(256<<10), late.Global(0)
	leaky.Do(onHeaders, wasmtest.GetGlobal(end), wasmtest.I32(1000), wasmtest.Add, wasmtest.SetGlobal(end),
		wasmtest.MemorySize, wasmtest.I32(64<<10), wasmtest.Mul, wasmtest.GetGlobal(end), wasmtest.LtU, wasmtest.If,
		wasmtest.I32(1), wasmtest.MemoryGrow, wasmtest.Drop, wasmtest.End)
	late.Do(onHeaders, wasmtest.GetGlobal(count), wasmtest.I32(1), wasmtest.Add, wasmtest.SetGlobal(count),
		wasmtest.GetGlobal(count), wasmtest.I32(1500), wasmtest.Eq, wasmtest.If)
	late.Call(onHeaders, "proxy_log", 1, "odd")
	late.Do(onHeaders, wasmtest.End)
	// stuck does not return from its sixtieth request, and never from none. straight does not return from one with this
	// header, and has no loop, so that only its process can be ended.
	stuck, never, straight := guest(), guest(), guest()
	forever := wasmtest.Join(wasmtest.Loop, wasmtest.Br(0), wasmtest.End)
	count = stuck.Global(0)
	stuck.Do(onHeaders, wasmtest.GetGlobal(count), wasmtest.I32(1), wasmtest.Add, wasmtest.SetGlobal(count),
		wasmtest.GetGlobal(count), wasmtest.I32(60), wasmtest.Eq, wasmtest.If, forever, wasmtest.End)
	never.Do(onHeaders, forever)
	fill := wasmtest.Join(wasmtest.I32(0), wasmtest.I32(1), wasmtest.I32(3990<<16), wasmtest.Code{0xfc, 11, 0})
	call = straight.Call(onHeaders, "proxy_get_header_map_value", 0, "x-debug-allow", wasmtest.Out)
	straight.Do(onHeaders, wasmtest.I32(0), wasmtest.Load(uint32(1024+16*call)), wasmtest.Eqz, wasmtest.If,
		wasmtest.I32(3990), wasmtest.MemoryGrow, wasmtest.Drop, bytes.Repeat(fill, 100), wasmtest.End)
	for _, g := range []*wasmtest.Guest{leaky, late, stuck, never, straight} {
		refuse(g, "refused")
	}
	return map[string][]byte{
		"sound.wasm":      sound,
		"other.wasm":      refusing("turned down"),
		"leaky.wasm":      leaky.Bytes(),
		"late.wasm":       late.Bytes(),
		"stuck.wasm":      stuck.Bytes(),
		"never.wasm":      never.Bytes(),
		"straight.wasm":   straight.Bytes(),
		"open.wasm":       guest().Bytes(),
		"door.wasm":       door.Bytes(),
		"told.wasm":       told.Bytes(),
		"asking.wasm":     asking.Bytes(),
		"traps.wasm":      traps.Bytes(),
		"panics.wasm":     panics.Bytes(),
		"exits.wasm":      exits.Bytes(),
		"unknown.wasm":    unknown.Bytes(),
		"nomain.wasm":     append(nomain.Bytes(), "\x00\x0c\x0ago:buildidx"...),
		"strict.wasm":     strict.Bytes(),
		"dormant.wasm":    dormant.Bytes(),
		"rooted.wasm":     rooted.Bytes(),
		"hangs.wasm":      hangs.Bytes(),
		"emscripten.wasm": emscripten.Bytes(),
		"higress.wasm":    higress.Bytes(),
		"cut.wasm":        sound[:len(sound)/2],
		"text.wasm":       []byte("This is no module.\n"),
	}
}

const onHeaders = "proxy_on_request_headers"

func guest() *wasmtest.Guest {
	g := wasmtest.NewGuest("0_2_1")
	g.Exports("proxy_on_context_create", "proxy_on_vm_start", "proxy_on_configure", "proxy_on_request_headers",
		"proxy_on_response_headers", "proxy_on_log", "proxy_on_done", "proxy_on_delete")
	return g
}
