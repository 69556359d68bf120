package load

import (
	"slices"
	"strings"

	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/host/wasi"
	"github.com/header-auth/header-auth/host/wasmfile"
)

// StartFunctions are the exports Envoy calls when a VM starts, in order. _start counts only without _initialize.
func StartFunctions(f *wasmfile.File, p profile.Profile) []string {
	candidates := []string{"_start"}
	if f.ExportsFunction("_initialize") {
		candidates = []string{"_initialize", "main"}
		if p.Rules().MainVoid && !f.ExportsFunction("main") {
			candidates[1] = "__main_void"
		}
	}
	return slices.DeleteFunc(candidates, func(name string) bool { return !f.ExportsFunction(name) })
}

// StartPhaseCure tells the author of a module what to do when one of its start functions, in (_initialize, main,
// _start), called a host function that Envoy forbids there. Preflight does not say it: a module may import what it
// never calls.
func StartPhaseCure(function, in string) string {
	if function == "proc_exit" {
		return procExitCure(in)
	}
	if f, found := wasi.Find(function); found {
		if f.AtStart == profile.Never {
			return "no Envoy lets start functions call it: do it in proxy_on_vm_start or later, not in init or main"
		}
		return "as for start functions it " + f.AtStart.Needs() + "; or do it in proxy_on_vm_start or later"
	}
	if strings.HasPrefix(function, "proxy_") {
		return "of the Proxy-Wasm functions only proxy_log may be called there: move the call from init or main to " +
			"proxy_on_vm_start or proxy_on_configure"
	}
	return "move what needs it to proxy_on_vm_start or later"
}

func procExitCure(in string) string {
	if in != "_start" {
		return "the program ended itself while it started (exit, abort, or a panic): what it logged before says why"
	}
	return "the module exports _start, which ends in proc_exit, and no _initialize; that is TinyGo's default build mode " +
		"and what Go does without -buildmode=c-shared: build with -buildmode=c-shared and register the plugin in init, " +
		"as main is not run; in Rust use proxy_wasm::main! and crate-type cdylib"
}
