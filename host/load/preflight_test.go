package load

import (
	"strings"
	"testing"

	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/host/wasmfile"
)

// sound is a module that every Envoy loads.
func sound() *wasmfile.File {
	return &wasmfile.File{
		Memories: []wasmfile.Limits{{Min: 1}},
		Exports: []wasmfile.Export{
			{Name: "memory", Kind: wasmfile.KindMemory},
			{Name: "proxy_abi_version_0_2_0", Kind: wasmfile.KindFunction},
			{Name: "malloc", Kind: wasmfile.KindFunction, Type: i32Type(1, 1)},
		},
	}
}

// i32Type is a function type of that many parameters and results.
func i32Type(params, results int) wasmfile.FuncType {
	var t wasmfile.FuncType
	for range params {
		t.Params = append(t.Params, wasmfile.I32)
	}
	for range results {
		t.Results = append(t.Results, wasmfile.I32)
	}
	return t
}

type change func(*wasmfile.File)

func abiMarker(name string) change {
	return func(f *wasmfile.File) { f.Exports[1].Name = name }
}

func imports(module, name string, t wasmfile.FuncType) change {
	return func(f *wasmfile.File) {
		f.Imports = append(f.Imports, wasmfile.Import{Module: module, Name: name, Type: t})
	}
}

func importsKind(name string, k wasmfile.Kind) change {
	return func(f *wasmfile.File) {
		f.Imports = append(f.Imports, wasmfile.Import{Module: "env", Name: name, Kind: k})
	}
}

func exports(name string, t wasmfile.FuncType) change {
	return func(f *wasmfile.File) { f.Exports = append(f.Exports, wasmfile.Export{Name: name, Type: t}) }
}

func without(name string) change {
	return func(f *wasmfile.File) {
		for i, e := range f.Exports {
			if e.Name == name {
				f.Exports = append(f.Exports[:i:i], f.Exports[i+1:]...)
				return
			}
		}
	}
}

func section(name string) change {
	return func(f *wasmfile.File) { f.Sections = append(f.Sections, wasmfile.Section{Name: name}) }
}

func memory(l ...wasmfile.Limits) change {
	return func(f *wasmfile.File) { f.Memories = l }
}

func TestPreflight(t *testing.T) {
	const (
		p1       = "wasi_snapshot_preview1"
		missing  = "Failed to load Wasm module due to a missing import: "
		mismatch = "Failed to load Wasm module due to an import type mismatch: "
	)
	tests := []struct {
		name       string
		options    Options
		changes    []change
		what, cure string // "": no fault
	}{
		{name: "sound"},
		{name: "ABI 0.1.0", changes: []change{abiMarker("proxy_abi_version_0_1_0")}},
		{name: "ABI 0.2.1", changes: []change{abiMarker("proxy_abi_version_0_2_1")}},
		{name: "no ABI", changes: []change{abiMarker("x")}, what: "Missing or unknown Proxy-Wasm ABI version",
			cure: "is this a Proxy-Wasm plugin"},
		{name: "unknown ABI", changes: []change{abiMarker("proxy_abi_version_0_3_0")},
			what: "proxy_abi_version_0_3_0 is one no Envoy knows"},
		{name: "Higress's ABI", changes: []change{abiMarker("proxy_abi_version_0_2_100")},
			what: "proxy_abi_version_0_2_100 is one that only Higress's Envoy knows", cure: "run it in Higress"},
		{name: "no ABI, made by Go", changes: []change{abiMarker("x"), section("go:buildid")},
			what: "Missing or unknown Proxy-Wasm ABI version", cure: "github.com/tetratelabs/proxy-wasm-go-sdk has " +
				"//export, which only TinyGo reads"},
		{name: "no ABI, an object file", changes: []change{abiMarker("x"), section("linking")},
			what: "Missing or unknown Proxy-Wasm ABI version", cure: "link it"},
		{name: "no ABI, C++ without its exports", changes: []change{abiMarker("x"), func(f *wasmfile.File) {
			f.Producers = []wasmfile.Producer{{Field: "processed-by", Name: "Debian clang"}}
		}}, what: "Missing or unknown Proxy-Wasm ABI version", cure: "-Wl,--export-dynamic"},
		{name: "ABI marker is a global",
			changes: []change{func(f *wasmfile.File) { f.Exports[1].Kind = wasmfile.KindGlobal }},
			what:    "proxy_abi_version_0_2_0 is a global"},
		{name: "two ABI markers: the first counts", changes: []change{exports("proxy_abi_version_0_2_1", i32Type(0, 0)),
			imports("env", "proxy_get_log_level", i32Type(1, 1))}, what: missing + "env.proxy_get_log_level"},
		{name: "http-wasm", changes: []change{imports("http_handler", "log", i32Type(3, 0))}, what: missing,
			cure: "http-wasm handler"},
		{name: "damaged name section", changes: []change{func(f *wasmfile.File) { f.NamesFault = "at byte 9" }},
			what: "Failed to parse corrupted Wasm module", cure: "strip it"},

		{name: "proxy_log", changes: []change{imports("env", "proxy_log", i32Type(3, 1))}},
		{name: "wrong type", changes: []change{imports("env", "proxy_log",
			wasmfile.FuncType{Params: []wasmfile.ValType{wasmfile.I64}, Results: []wasmfile.ValType{wasmfile.I32}})},
			what: mismatch + "env.proxy_log, want: i64 -> i32, but host exports: i32 i32 i32 -> i32",
			cure: "declare it with i32 i32 i32 -> i32"},
		{name: "wrong result", changes: []change{imports("env", "proxy_log", i32Type(3, 0))},
			what: "want: i32 i32 i32 -> void, but host exports"},
		{name: "proxy_get_log_level in 0.2.1", changes: []change{abiMarker("proxy_abi_version_0_2_1"), imports("env",
			"proxy_get_log_level", i32Type(1, 1))}},
		{name: "proxy_get_log_level in 0.2.0", changes: []change{imports("env", "proxy_get_log_level", i32Type(1, 1))},
			what: missing + "env.proxy_get_log_level", cure: "proxy_get_log_level belongs to ABI 0.2.1, " +
				"the module says it is of 0.2.0"},
		{name: "proxy_continue_stream in 0.1.0", changes: []change{abiMarker("proxy_abi_version_0_1_0"), imports("env",
			"proxy_continue_stream", i32Type(1, 1))},
			what: missing, cure: "proxy_continue_stream belongs to ABI 0.2.0 and 0.2.1, the module says it is of 0.1.0"},
		{name: "proxy_clear_route_cache in 0.2.0", changes: []change{imports("env", "proxy_clear_route_cache",
			i32Type(0, 1))}, what: missing, cure: "belongs to ABI 0.1.0"},
		{name: "unknown proxy function", changes: []change{imports("env", "proxy_teleport", i32Type(0, 1))}, what: missing +
			"env.proxy_teleport", cure: "no Proxy-Wasm ABI"},
		{name: "Higress's function", changes: []change{imports("env", "proxy_redis_call", i32Type(5, 1))}, what: missing +
			"env.proxy_redis_call", cure: "only Higress's Envoy has it"},
		{name: "Higress's streaming", changes: []change{imports("env", "proxy_inject_encoded_data_to_filter_chain",
			i32Type(3, 1))}, what: missing, cure: "change the body with proxy_set_buffer_bytes"},
		{name: "Emscripten", changes: []change{imports("env", "emscripten_memcpy_big", i32Type(3, 0))}, what: missing,
			cure: "-sSTANDALONE_WASM"},
		{name: "Emscripten's abort", changes: []change{imports("env", "abort", i32Type(0, 0))}, what: missing,
			cure: "-sSTANDALONE_WASM"},
		{name: "Emscripten's system call", changes: []change{imports("env", "__syscall_openat", i32Type(4, 1))},
			what: missing, cure: "-sSTANDALONE_WASM"},
		{name: "Emscripten, names shortened", changes: []change{imports("a", "b", i32Type(0, 0))}, what: missing + "a.b",
			cure: "-sSTANDALONE_WASM"},
		{name: "JavaScript of Abseil", changes: []change{imports("env", "HaveOffsetConverter", i32Type(0, 1))}, what: missing,
			cure: "HaveOffsetConverter() { return 0; }"},
		{name: "JavaScript in C++", changes: []change{imports("env", "emscripten_asm_const_int", i32Type(3, 1))},
			what: missing, cure: "leave it out"},
		{name: "Emscripten catches", changes: []change{imports("env", "invoke_vi", i32Type(2, 0))}, what: missing,
			cure: "without -fexceptions"},
		{name: "Emscripten throws", changes: []change{exports("stackSave", i32Type(0, 1)),
			imports("env", "__cxa_throw", i32Type(3, 0))}, what: missing, cure: "-sSTANDALONE_WASM"},
		{name: "any other function in a module of Emscripten",
			changes: []change{exports("stackSave", i32Type(0, 1)), imports("env", "time", i32Type(1, 1))}, what: missing,
			cure: "-sSTANDALONE_WASM"},
		{name: "memory growth, which Envoy knows", changes: []change{imports("env", "emscripten_notify_memory_growth",
			i32Type(1, 0))}},
		{name: "exceptions of C++", changes: []change{imports("env", "__cxa_throw", i32Type(3, 0))}, what: missing,
			cure: "-fno-exceptions"},
		{name: "AssemblyScript's abort", changes: []change{imports("env", "abort", i32Type(4, 0))}, what: missing,
			cure: "--use abort=abort_proc_exit"},
		{name: "AssemblyScript's console", changes: []change{imports("env", "console.log", i32Type(1, 0))}, what: missing,
			cure: "the SDK's function instead"},
		{name: "TinyGo for a browser", changes: []change{imports("env", "syscall/js.valueGet", i32Type(5, 0))}, what: missing,
			cure: "-target=wasip1"},
		{name: "wasm-pack", changes: []change{imports("./plugin_bg.js", "__wbg_now", i32Type(0, 1))}, what: missing,
			cure: "expects a browser"},
		{name: "undefined symbol", changes: []change{imports("env", "memmove", i32Type(3, 1))}, what: missing + "env.memmove",
			cure: "a symbol the linker did not find"},
		{name: "threads", changes: []change{imports("wasi", "thread-spawn", i32Type(1, 1))}, what: missing +
			"wasi.thread-spawn", cure: "Envoy has no threads"},
		{name: "preview 2", changes: []change{imports("wasi:io/streams@0.2.0", "drop", i32Type(1, 0))}, what: missing,
			cure: "build for wasip1"},
		{name: "GOOS=js", changes: []change{imports("gojs", "runtime.wasmExit", i32Type(1, 0))}, what: missing,
			cure: "GOOS=wasip1"},
		{name: "wasm-bindgen", changes: []change{imports("__wbindgen_placeholder__", "x", i32Type(1, 0))}, what: missing,
			cure: "expects a browser"},
		{name: "unknown module", changes: []change{imports("sea", "fish", i32Type(1, 0))}, what: missing + "sea.fish",
			cure: "the modules env, wasi_snapshot_preview1 and wasi_unstable only"},
		{name: "global", changes: []change{importsKind("g", wasmfile.KindGlobal)}, what: missing +
			"env.g\": it offers no globals", cure: "no -fPIC"},
		{name: "memory imported", changes: []change{importsKind("memory", wasmfile.KindMemory), memory()},
			what: "imports the memory env.memory: Envoy would provide one, this host cannot", cure: "define it"},
		{name: "table imported", changes: []change{importsKind("table", wasmfile.KindTable)},
			what: "imports the table env.table: Envoy would provide one"},
		{name: "tag imported", changes: []change{importsKind("tag", wasmfile.KindTag)},
			what: "imports the tag env.tag: this host cannot"},

		{name: "sched_yield", changes: []change{imports(p1, "sched_yield", i32Type(0, 1))}},
		{name: "sched_yield, wasi_unstable", changes: []change{imports("wasi_unstable", "sched_yield", i32Type(0, 1))}},
		{name: "sched_yield, 1.33", options: Options{Profile: profile.Envoy133},
			changes: []change{imports(p1, "sched_yield", i32Type(0, 1))}},
		{name: "sched_yield, 1.32", options: Options{Profile: profile.Envoy132},
			changes: []change{imports(p1, "sched_yield", i32Type(0, 1))},
			what:    missing + "wasi_snapshot_preview1.sched_yield", cure: "it needs Envoy 1.33 or later"},
		{name: "poll_oneoff, 1.31", options: Options{Profile: profile.Envoy131},
			changes: []change{imports(p1, "poll_oneoff", i32Type(4, 1))}, what: missing, cure: "needs Envoy 1.33 or later"},
		{name: "fd_filestat_get, 1.39", options: Options{Profile: profile.Envoy139}, changes: []change{imports(p1,
			"fd_filestat_get", i32Type(2, 1))}},
		{name: "fd_filestat_get, 1.37", options: Options{Profile: profile.Envoy137}, changes: []change{imports(p1,
			"fd_filestat_get", i32Type(2, 1))}, what: missing, cure: "needs Envoy 1.39 or later"},
		{name: "sock_accept, 1.36", options: Options{Profile: profile.Envoy136},
			changes: []change{imports(p1, "sock_accept", i32Type(3, 1))}, what: missing, cure: "use proxy_http_call"},
		{name: "proc_raise", changes: []change{imports(p1, "proc_raise", i32Type(1, 1))}, what: missing,
			cure: "no Envoy has it"},
		{name: "path_link as in preview 1", changes: []change{imports(p1, "path_link", i32Type(7, 1))},
			what: mismatch + "wasi_snapshot_preview1.path_link, want: i32 i32 i32 i32 i32 i32 i32 -> i32, but host exports: " +
				"i32 i32 i32 i32 i32 i32 -> i32", cure: "Envoy itself declares it wrongly"},
		{name: "path_symlink as in preview 1", changes: []change{imports(p1, "path_symlink", i32Type(5, 1))}, what: mismatch,
			cure: "Envoy itself declares it wrongly"},
		{name: "path_link, 1.36", options: Options{Profile: profile.Envoy136},
			changes: []change{imports(p1, "path_link", i32Type(7, 1))}, what: missing},
		{name: "no WASI function", changes: []change{imports(p1, "fly", i32Type(0, 1))}, what: missing,
			cure: "WASI preview 1 has no function of that name"},

		{name: "no memory", changes: []change{memory(), without("memory")}, what: "there is no memory: Envoy loads " +
			"the module and dies of SIGSEGV"},
		{name: "memory not exported", changes: []change{without("memory")}, what: "the memory is not exported: Envoy loads " +
			"the module and dies of SIGSEGV", cure: `export it as "memory"`},
		{name: "memory at the limit", changes: []change{memory(wasmfile.Limits{Min: 16384})}},
		{name: "memory over the limit", changes: []change{memory(wasmfile.Limits{Min: 16385})},
			what: "Failed to create new Wasm instance", cure: "less initial memory"},
		{name: "memory over the run's limit", options: Options{MemoryPages: 10},
			changes: []change{memory(wasmfile.Limits{Min: 11})}, what: "the limit set for this run is 10",
			cure: "raise the limit"},
		{name: "memory that may grow over the limit",
			changes: []change{memory(wasmfile.Limits{Min: 1, Max: 65536, HasMax: true})}},
		{name: "two memories", changes: []change{memory(wasmfile.Limits{Min: 1}, wasmfile.Limits{Min: 1})},
			what: "there are 2 memories: this host supports one"},
		{name: "shared memory", changes: []change{memory(wasmfile.Limits{Shared: true})}, what: "shared between threads"},
		{name: "64-bit memory", changes: []change{memory(wasmfile.Limits{Is64: true})}, what: "64 bits", cure: "wasm32"},

		{name: "start section of the host's",
			changes: []change{func(f *wasmfile.File) { f.Start = &wasmfile.Function{Imported: true} }},
			what:    "Envoy dies of SIGSEGV while it loads", cure: "_initialize"},
		{name: "start section of its own", changes: []change{func(f *wasmfile.File) { f.Start = &wasmfile.Function{} }}},
		{name: "_start and proc_exit", changes: []change{exports("_start", i32Type(0, 0)),
			imports(p1, "proc_exit", i32Type(1, 0))}},
		{name: "_start of a wrong type", changes: []change{exports("_start", i32Type(1, 0))},
			what: "Bad function signature for: _start, want: void -> void, but the module exports: i32 -> void"},
		{name: "_start of a wrong type is not looked up", changes: []change{exports("_start", i32Type(1, 0)),
			exports("_initialize", i32Type(0, 0))}},
		{name: "main without _initialize is not looked up", changes: []change{exports("main", i32Type(0, 0))}},
		{name: "main of a wrong type", changes: []change{exports("_initialize", i32Type(0, 0)),
			exports("main", i32Type(0, 1))}, what: "Bad function signature for: main, want: i32 i32 -> i32"},
		{name: "__main_void of a wrong type", changes: []change{exports("_initialize", i32Type(0, 0)),
			exports("__main_void", i32Type(0, 0))}, what: "Bad function signature for: __main_void, want: void -> i32"},
		{name: "__main_void of a wrong type, 1.37", options: Options{Profile: profile.Envoy137},
			changes: []change{exports("_initialize", i32Type(0, 0)), exports("__main_void", i32Type(0, 0))}},

		{name: "no allocator", changes: []change{without("malloc")}, what: "Wasm module is missing malloc function.",
			cure: "export proxy_on_memory_allocate"},
		{name: "malloc is a global", changes: []change{func(f *wasmfile.File) { f.Exports[2].Kind = wasmfile.KindGlobal }},
			what: "Wasm module is missing malloc function."},
		{name: "only proxy_on_memory_allocate", changes: []change{without("malloc"),
			exports("proxy_on_memory_allocate", i32Type(1, 1))}},
		{name: "malloc of a wrong type", changes: []change{func(f *wasmfile.File) { f.Exports[2].Type = i32Type(2, 1) },
			exports("proxy_on_memory_allocate", i32Type(1, 1))}, what: "Bad function signature for: malloc"},
		{name: "malloc of a wrong type, the ABI's order", options: Options{Allocator: SpecOrder},
			changes: []change{func(f *wasmfile.File) { f.Exports[2].Type = i32Type(2, 1) },
				exports("proxy_on_memory_allocate", i32Type(1, 1))}},
		{name: "request headers", changes: []change{exports("proxy_on_request_headers", i32Type(3, 1))}},
		{name: "request headers of 0.1.0 in 0.2.0", changes: []change{exports("proxy_on_request_headers", i32Type(2, 1))},
			what: "Bad function signature for: proxy_on_request_headers, want: i32 i32 i32 -> i32, but the " +
				"module exports: i32 i32 -> i32", cure: "SDK and ABI marker disagree"},
		{name: "request headers of 0.1.0", changes: []change{abiMarker("proxy_abi_version_0_1_0"),
			exports("proxy_on_request_headers", i32Type(2, 1))}},
		{name: "request headers of 0.2.0 in 0.1.0", changes: []change{abiMarker("proxy_abi_version_0_1_0"),
			exports("proxy_on_request_headers", i32Type(3, 1))}, what: "want: i32 i32 -> i32",
			cure: "SDK and ABI marker disagree"},
		{name: "on_log with a result", changes: []change{exports("proxy_on_log", i32Type(1, 1))},
			what: "want: i32 -> void, but the module exports: i32 -> i32"},
		{name: "foreign function in 0.1.0 is not looked up", changes: []change{abiMarker("proxy_abi_version_0_1_0"),
			exports("proxy_on_foreign_function", i32Type(1, 1))}},
		{name: "a name of its own", changes: []change{exports("proxy_on_holiday", i32Type(9, 1))}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := sound()
			for _, c := range test.changes {
				c(f)
			}
			faults := Preflight(f, test.options)
			if test.what == "" {
				if len(faults) != 0 {
					t.Errorf("faults %+v, want none", faults)
				}
				return
			}
			if len(faults) != 1 || !strings.Contains(faults[0].What, test.what) || !strings.Contains(faults[0].Cure, test.cure) {
				t.Errorf("faults %+v, want one that says %q and cures with %q", faults, test.what, test.cure)
			}
			if len(faults) > 0 && faults[0].Cure == "" {
				t.Error("no cure")
			}
		})
	}
}

func TestPreflightOrderAndRepetition(t *testing.T) {
	f := sound()
	for _, c := range []change{abiMarker("x"), imports("env", "memmove", i32Type(3, 1)),
		imports("env", "memmove", i32Type(3, 1)), without("memory"), without("malloc")} {
		c(f)
	}
	var got []string
	for _, fault := range Preflight(f, Options{}) {
		what, _, _ := strings.Cut(strings.TrimPrefix(fault.What, `Envoy says "`), `"`)
		got = append(got, what)
	}
	want := "Missing or unknown Proxy-Wasm ABI version|Failed to load Wasm module due to a missing import: env.memmove|" +
		"the memory is not exported: Envoy loads the module and dies of SIGSEGV at its first host call that touches memory|" +
		"Wasm module is missing malloc function."
	if strings.Join(got, "|") != want {
		t.Errorf("got %q", got)
	}
}

func TestStartPhaseCure(t *testing.T) {
	tests := []struct{ function, in, want string }{
		{"proc_exit", "_start", "build with -buildmode=c-shared and register the plugin in init"},
		{"proc_exit", "_initialize", "the program ended itself while it started"},
		{"sched_yield", "_initialize", "no Envoy lets start functions call it"},
		{"poll_oneoff", "_initialize", "needs Envoy 1.39 or later"},
		{"fd_fdstat_get", "_initialize", "needs Envoy 1.33 or later"},
		{"proxy_set_tick_period_milliseconds", "main", "move the call from init or main to proxy_on_vm_start"},
		{"pthread_equal", "main", "to proxy_on_vm_start or later"},
	}
	for _, test := range tests {
		if got := StartPhaseCure(test.function, test.in); !strings.Contains(got, test.want) {
			t.Errorf("%s in %s: %q, want %q", test.function, test.in, got, test.want)
		}
	}
}
