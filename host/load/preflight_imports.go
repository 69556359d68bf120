package load

import (
	"fmt"
	"strings"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/host/wasi"
	"github.com/header-auth/header-auth/host/wasmfile"
)

// mostImportFaults is how many imports are named that Envoy would not link. A module may have a million.
const mostImportFaults = 20

// checkImports compares every import with what Envoy offers to modules of the ABI version; 0 stands for all versions.
func checkImports(f *wasmfile.File, version abi.Version, p profile.Profile) []Fault {
	o := offer{offers(version, p), version, p, emscriptenIn(f) != ""}
	var faults []Fault
	type key struct {
		module, name string
		kind         wasmfile.Kind
	}
	faulty := map[key]bool{} // the same import is reported once
	for _, i := range f.Imports {
		if want, ok := o.functions[[2]string{i.Module, i.Name}]; ok && i.Kind == wasmfile.KindFunction && want.Equal(i.Type) {
			continue
		}
		k := key{i.Module, i.Name, i.Kind}
		if faulty[k] {
			continue
		}
		fault, found := o.check(i)
		if !found {
			continue
		}
		faulty[k] = true
		if len(faults) == mostImportFaults {
			return append(faults, Fault{What: fmt.Sprintf("and further imports: %d are named here", mostImportFaults)})
		}
		faults = append(faults, fault)
	}
	return faults
}

// short is the beginning of a name. A module may have one of megabytes.
func short(name string) string {
	const most = 200
	if len(name) > most {
		return strings.ToValidUTF8(name[:most], "") + "…"
	}
	return name
}

// offer is what an Envoy offers to a module.
type offer struct {
	functions  map[[2]string]wasmfile.FuncType // by module and name
	version    abi.Version
	profile    profile.Profile
	emscripten bool // the module is Emscripten's
}

// offers are the types of the functions that link, by module and name.
func offers(version abi.Version, p profile.Profile) map[[2]string]wasmfile.FuncType {
	types := map[[2]string]wasmfile.FuncType{}
	for _, f := range abi.Functions(p) {
		if f.Versions.Has(version) {
			types[[2]string{"env", f.Name}] = f.Type()
		}
	}
	for _, f := range wasi.Functions(p) {
		for _, module := range wasi.Modules {
			types[[2]string{module, f.Name}] = f.Type()
		}
	}
	return types
}

func (o offer) check(i wasmfile.Import) (Fault, bool) {
	name := short(i.Module) + "." + short(i.Name)
	missing := quote("Failed to load Wasm module due to a missing import: " + name)
	switch i.Kind {
	case wasmfile.KindFunction:
	case wasmfile.KindGlobal:
		return Fault{
			What: missing + ": it offers no globals",
			Cure: "link the module statically, not as a shared library (no -fPIC, no -shared)",
		}, true
	case wasmfile.KindMemory, wasmfile.KindTable:
		return Fault{
			What: fmt.Sprintf("imports the %s %s: Envoy would provide one, this host cannot", i.Kind, name),
			Cure: "define it in the module (wasm-ld without --import-memory and --import-table)",
		}, true
	default:
		return Fault{
			What: fmt.Sprintf("imports the %s %s: this host cannot provide one (Envoy was not asked)", i.Kind, name),
			Cure: "build without the exception handling feature",
		}, true
	}
	host, ok := o.functions[[2]string{i.Module, i.Name}]
	switch {
	case !ok:
		return Fault{What: missing, Cure: o.missingCure(i)}, true
	case !host.Equal(i.Type):
		return Fault{
			What: quote(fmt.Sprintf("Failed to load Wasm module due to an import type mismatch: %s, want: %s, "+
				"but host exports: %s", name, i.Type, host)),
			Cure: mismatchCure(i, host),
		}, true
	}
	return Fault{}, false
}

// missingCure says where an import that Envoy does not have comes from.
func (o offer) missingCure(i wasmfile.Import) string {
	switch {
	case wasi.IsModule(i.Module):
		return wasiCure(i.Name)
	case i.Module == "env" && strings.HasPrefix(i.Name, "proxy_"):
		return proxyCure(i.Name, o.version, o.profile)
	case minified(i):
		return emscriptenCure(i)
	case i.Module == "env":
		return envCure(i, o.emscripten)
	case i.Module == "wasi":
		return "Envoy has no threads: build without wasi-threads (Rust: not wasm32-wasip1-threads)"
	case strings.HasPrefix(i.Module, "wasi:"):
		return "an import of WASI preview 2: build for wasip1 (Rust: --target wasm32-wasip1)"
	case i.Module == "gojs" || i.Module == "go":
		return "built for a browser (GOOS=js): build with GOOS=wasip1 -buildmode=c-shared, TinyGo with -target=wasip1"
	case strings.Contains(i.Module, "wbindgen") || i.Module == "wbg" || strings.HasSuffix(i.Module, "_bg.js"):
		return "wasm-bindgen expects a browser: find the dependency that turns it on (often getrandom or chrono)"
	case i.Module == "http_handler":
		return "this is an http-wasm handler, which is another interface: rebuild it with a Proxy-Wasm SDK"
	}
	return fmt.Sprintf("Envoy offers the modules env, %s and %s only", wasi.Modules[0], wasi.Modules[1])
}

func wasiCure(name string) string {
	f, found := wasi.Find(name)
	if !found {
		return "WASI preview 1 has no function of that name"
	}
	cure := "it " + f.Links.Needs()
	if f.Links == profile.Never {
		cure = f.Links.Needs()
	}
	switch name {
	case "sched_yield", "poll_oneoff":
		return cure + "; it comes with Go's runtime, a scheduler (TinyGo: -scheduler=none) or sleeping"
	case "fd_fdstat_set_flags":
		return cure + "; it comes with Go's package os"
	case "proc_raise":
		return cure + "; it comes with signals and abort in C"
	}
	if strings.HasPrefix(name, "sock_") {
		return cure + ", and there it only fails; it comes with a network library: use proxy_http_call"
	}
	return cure + ", and there it does no real work; it comes with code for files: plugins have none, leave it out"
}

// proxyCure explains a Proxy-Wasm function that is missing: mostly it belongs to another version of the ABI.
func proxyCure(name string, version abi.Version, p profile.Profile) string {
	var in []string
	for _, f := range abi.Functions(p) {
		for v := abi.V010; f.Name == name && v <= abi.V021; v++ {
			if f.Versions.Has(v) {
				in = append(in, v.String())
			}
		}
	}
	if instead, ok := higressFunctions[name]; ok {
		return "only Higress's Envoy has it: run the plugin there; for others " + instead
	}
	if len(in) == 0 {
		return "no Proxy-Wasm ABI that Envoy knows has it: use an SDK made for ABI 0.2.0 or 0.2.1"
	}
	return fmt.Sprintf("%s belongs to ABI %s, the module says it is of %s: use an SDK that goes with its ABI marker",
		name, strings.Join(in, " and "), version)
}

func mismatchCure(i wasmfile.Import, host wasmfile.FuncType) string {
	if wasi.IsModule(i.Module) && (i.Name == "path_link" || i.Name == "path_symlink") {
		return "Envoy itself declares it wrongly, in every release: leave out the code that makes links to files"
	}
	return fmt.Sprintf("declare it with %s in the SDK or the foreign function's declaration", host)
}
