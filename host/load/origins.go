package load

import (
	"slices"
	"strings"

	"github.com/header-auth/header-auth/host/wasmfile"
)

// higressMarker is the export by which a module says that it is written for Higress (higress-group/proxy-wasm-cpp-host,
// src/wasm.cc: ProxyWasm_0_2_100).
const higressMarker = "proxy_abi_version_0_2_100"

// higressFunctions are those that Higress's Envoy has besides Envoy's own (higress-group/proxy-wasm-cpp-host,
// src/wasm.cc, registerCallbacks), and what does the same with what Envoy has.
var higressFunctions = map[string]string{
	"proxy_redis_init":                          "ask Redis through an HTTP service, with proxy_http_call",
	"proxy_redis_call":                          "ask Redis through an HTTP service, with proxy_http_call",
	"proxy_inject_encoded_data_to_filter_chain": "change the body with proxy_set_buffer_bytes",
	"proxy_get_upstream_hosts": "let Envoy choose the upstream, by a route or a " +
		"hash policy that reads a header",
	"proxy_set_upstream_override_host": "let Envoy choose the upstream, by a route or a " +
		"hash policy that reads a header",
}

// envCure says where an import of env comes from that is neither Envoy's nor a Proxy-Wasm function. emscripten: the
// module is Emscripten's, and its JavaScript defines what the linker did not find.
func envCure(i wasmfile.Import, emscripten bool) string {
	switch {
	case strings.HasPrefix(i.Name, "syscall/js.") || strings.HasPrefix(i.Name, "runtime."):
		return "built by TinyGo for a browser (-target=wasm): build with -target=wasip1"
	case i.Name == "abort" && len(i.Type.Params) == 4:
		return "it is AssemblyScript's, for a JavaScript host: build with --use abort=abort_proc_exit, a function of " +
			"@solo-io/proxy-runtime that the entry file exports, or with a function of your own"
	case hasPrefix(i.Name, "console.", "Date.", "performance.", "Math.", "crypto.") || i.Name == "seed" ||
		i.Name == "trace":
		return "AssemblyScript takes it from a JavaScript host: use the SDK's function instead (log, " +
			"get_current_time_nanoseconds)"
	case emscripten || isEmscripten(i):
		return emscriptenCure(i)
	case strings.HasPrefix(i.Name, "__cxa_"):
		return "C++ exceptions, which the linked libraries do not have: compile with -fno-exceptions"
	}
	return "a symbol the linker did not find and left open: link the library that defines it; Envoy offers only " +
		"Proxy-Wasm and WASI functions"
}

// isEmscripten reports whether an import of env is one that Emscripten's JavaScript alone defines.
func isEmscripten(i wasmfile.Import) bool {
	return hasPrefix(strings.TrimPrefix(i.Name, "_"), "emscripten_", "embind_", "emval_") || throws(i) ||
		hasPrefix(i.Name, "__syscall_") || strings.HasSuffix(i.Name, "_js") ||
		slices.Contains([]string{"HaveOffsetConverter", "abort", "setTempRet0"}, i.Name)
}

// throws reports whether it is a function with which Emscripten throws, catches and jumps.
func throws(i wasmfile.Import) bool {
	return hasPrefix(i.Name, "invoke_", "__cxa_find_matching_catch", "emscripten_longjmp", "_emscripten_throw_longjmp") ||
		slices.Contains([]string{"__resumeException", "llvm_eh_typeid_for", "__cxa_begin_catch", "__cxa_end_catch",
			"__cxa_free_exception", "getTempRet0"}, i.Name)
}

// minified reports whether Emscripten has shortened the names of an import, as it does for a module
// with JavaScript of its own.
func minified(i wasmfile.Import) bool { return i.Module == "a" && len(i.Name) <= 2 }

// emscriptenCure is what Emscripten 3.1.6 answered when each was tried: -sPURE_WASI takes no more imports away than
// -sSTANDALONE_WASM does.
func emscriptenCure(i wasmfile.Import) string {
	switch {
	case throws(i):
		return "Emscripten throws, catches and jumps in JavaScript, with -sSTANDALONE_WASM too: compile and link without " +
			"-fexceptions, and leave out setjmp"
	case strings.HasPrefix(i.Name, "emscripten_asm_"):
		return "JavaScript in C++ code (EM_ASM), which Envoy can't run: leave it out"
	case slices.Contains([]string{"HaveOffsetConverter", "emscripten_pc_get_function", "emscripten_stack_snapshot",
		"emscripten_stack_unwind_buffer"}, i.Name):
		return "JavaScript for Abseil's stack traces, which no flag removes: define the missing " +
			"functions in a file of your own (extern \"C\" int HaveOffsetConverter() { return 0; })"
	}
	return "Emscripten's JavaScript defines it, and Envoy has none: link with -sSTANDALONE_WASM --no-entry"
}

func hasPrefix(s string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}
