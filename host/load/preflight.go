package load

import (
	"fmt"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/wasmfile"
)

// Preflight says why that Envoy would not load the module, in the order in which Envoy would notice, and what
// cures each fault. A module without faults may still fail when its start functions run.
//
// Sources: proxy-wasm-cpp-host, wasm.cc (load, registerCallbacks, getFunctions) and v8.cc (link,
// getModuleFunctionImpl); the quoted messages are Envoy's. A fault that only this host has says so.
func Preflight(f *wasmfile.File, o Options) []Fault {
	version := Version(f)
	var faults []Fault
	faults = append(faults, checkABI(f, version)...)
	if f.NamesFault != "" {
		faults = append(faults, Fault{
			What: quote("Failed to parse corrupted Wasm module") + ": the name section is damaged: " + f.NamesFault,
			Cure: "strip it (wasm-strip, wasm-opt --strip-debug), or build again",
		})
	}
	faults = append(faults, checkImports(f, version, o.Profile)...)
	faults = append(faults, checkMemory(f, o)...)
	faults = append(faults, checkStart(f)...)
	return append(faults, checkExports(f, version, o)...)
}

func checkABI(f *wasmfile.File, version abi.Version) []Fault {
	if version != 0 {
		return nil
	}
	fault := Fault{
		What: quote("Missing or unknown Proxy-Wasm ABI version") + ": no function proxy_abi_version_0_1_0, _0_2_0 or " +
			"_0_2_1 is exported",
		Cure: abiCure(f),
	}
	const most = 10 // that are named
	named := 0
	for _, e := range f.Exports {
		if named == most {
			fault.What += "; and others"
			break
		}
		if strings.HasPrefix(e.Name, "proxy_abi_version_") {
			named++
		}
		switch {
		case !strings.HasPrefix(e.Name, "proxy_abi_version_"):
		case e.Kind != wasmfile.KindFunction:
			fault.What += fmt.Sprintf("; %s is a %s", short(e.Name), e.Kind)
		case e.Name == higressMarker:
			fault.What += fmt.Sprintf("; %s is one that only Higress's Envoy knows", e.Name)
		default:
			fault.What += fmt.Sprintf("; %s is one no Envoy knows", short(e.Name))
		}
	}
	return []Fault{fault}
}

// abiCure says what may have become of the marker.
func abiCure(f *wasmfile.File) string {
	switch {
	case f.ExportsFunction(higressMarker):
		return "run it in Higress; for another Envoy build it with an SDK of ABI 0.2.1, such as github.com/proxy-wasm/" +
			"proxy-wasm-go-sdk in place of github.com/higress-group/proxy-wasm-go-sdk"
	case hasSection(f, "linking"):
		return "this is an object file: link it (wasm-ld)"
	case madeByGo(f):
		return "Go's compiler exports what //go:wasmexport names, and github.com/tetratelabs/proxy-wasm-go-sdk has " +
			"//export, which only TinyGo reads: use github.com/proxy-wasm/proxy-wasm-go-sdk, whose " +
			"packages have the same names, or build with TinyGo"
	case clang(f).Compiler != "" && fromProducers(f).Compiler == "" && !exportsCallback(f):
		return "C and C++ linkers drop what nothing calls: link with -Wl,--export-dynamic, which exports the SDK's " +
			"functions, and as a reactor (-mexec-model=reactor); is this a Proxy-Wasm plugin?"
	}
	return "a Proxy-Wasm SDK exports it: is this a Proxy-Wasm plugin, and did linker or wasm-opt keep its exports?"
}

func exportsCallback(f *wasmfile.File) bool {
	return slices.ContainsFunc(f.Exports, func(e wasmfile.Export) bool { return strings.HasPrefix(e.Name, "proxy_") })
}

func madeByGo(f *wasmfile.File) bool {
	return fromProducers(f).Compiler == compilerGo || hasSection(f, "go:buildid")
}

// hasSection reports whether there is a custom section of that name.
func hasSection(f *wasmfile.File, name string) bool {
	return slices.ContainsFunc(f.Sections, func(s wasmfile.Section) bool { return s.Custom() && s.Name == name })
}

// checkMemory checks that there is the one memory on which Envoy's host functions work.
func checkMemory(f *wasmfile.File, o Options) []Fault {
	const crash = ": Envoy loads the module and dies of SIGSEGV at its first host call that touches memory"
	imported := slices.ContainsFunc(f.Imports, func(i wasmfile.Import) bool { return i.Kind == wasmfile.KindMemory })
	exported := slices.ContainsFunc(f.Exports, func(e wasmfile.Export) bool { return e.Kind == wasmfile.KindMemory })
	if imported {
		return nil // a fault of its own, see checkImports
	}
	if len(f.Memories) == 0 {
		return []Fault{{What: "there is no memory" + crash, Cure: "define a memory and export it"}}
	}
	var faults []Fault
	if !exported {
		faults = append(faults, Fault{
			What: "the memory is not exported" + crash,
			Cure: "export it as \"memory\" (wasm-ld does unless told --import-memory; wasm-opt keeps exports)",
		})
	}
	if len(f.Memories) > 1 {
		faults = append(faults, Fault{
			What: fmt.Sprintf("there are %d memories: this host supports one (Envoy was not asked)", len(f.Memories)),
			Cure: "build without the multi-memory feature",
		})
	}
	m := f.Memories[0]
	switch {
	case m.Is64:
		faults = append(faults, Fault{
			What: "memory is addressed with 64 bits, Proxy-Wasm's functions take 32-bit addresses",
			Cure: "build for wasm32",
		})
	case m.Shared:
		faults = append(faults, Fault{
			What: "the memory is shared between threads: this host does not support it (Envoy was not asked)",
			Cure: "build without the threads and atomics features",
		})
	case m.Min > MaxMemoryPages:
		faults = append(faults, Fault{
			What: fmt.Sprintf("%s: memory starts with %d pages of 64 KiB, the limit is %d (1 GiB)",
				quote("Failed to create new Wasm instance"), m.Min, MaxMemoryPages),
			Cure: "ask for less initial memory (wasm-ld --initial-memory) and smaller static data",
		})
	case m.Min > uint64(o.Pages()):
		faults = append(faults, Fault{
			What: fmt.Sprintf("memory starts with %d pages of 64 KiB, the limit set for this run is %d", m.Min, o.Pages()),
			Cure: "raise the limit",
		})
	}
	return faults
}

// checkStart checks the start section: it runs before Envoy has made what a host function needs.
func checkStart(f *wasmfile.File) []Fault {
	if f.Start == nil || !f.Start.Imported {
		return nil
	}
	return []Fault{{
		What: "the start section names a host function: Envoy dies of SIGSEGV while it loads the module",
		Cure: "start from _initialize instead",
	}}
}

func quote(envoy string) string { return `Envoy says "` + envoy + `"` }
