package load

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/host/wasi"
	"github.com/header-auth/header-auth/host/wasmfile"
)

// Inspection is what a module shows without being run. Sizes are in bytes.
type Inspection struct {
	Size           int // of the file
	Stripped       int // without custom sections, which a module does not need
	StrippedZipped int // Stripped after gzip -9: about the size of an image layer
	Sections       []wasmfile.Section
	Imports        []ImportGroup
	Exports        []wasmfile.Export
	Memory         *wasmfile.Limits // the module's own, nil without one
	ABI            abi.Version      // 0: no marker
	Toolchain      Toolchain
	Start          []string // what runs when a VM starts, in order, under the default profile
	Allocator      string   // the export Envoy takes memory from, "" without one
	Warnings       []Fault  // what goes wrong although the module loads
	Verdicts       []Verdict

	asksRootID bool // it has the name of that property
}

// ImportGroup is what a module imports from another: names, sorted, each once.
type ImportGroup struct {
	Module string
	Names  []string
}

// Verdict says whether one Envoy would load the module: it would if there are no faults. Warnings are what goes wrong
// later in that Envoy.
type Verdict struct {
	Profile  profile.Profile
	Faults   []Fault
	Warnings []Fault
}

// Inspect reads a module. The error is that of wasmfile.Parse.
func Inspect(wasm []byte) (*Inspection, error) {
	f, err := wasmfile.Parse(wasm)
	if err != nil {
		return nil, err
	}
	stripped := f.Strip(wasm)
	zipped, err := zippedSize(stripped)
	if err != nil {
		return nil, err
	}
	i := &Inspection{
		Size:           len(wasm),
		Stripped:       len(stripped),
		StrippedZipped: zipped,
		Sections:       f.Sections,
		Imports:        groupImports(f),
		Exports:        f.Exports,
		ABI:            Version(f),
		Toolchain:      guessToolchain(f, wasm),
		Start:          StartFunctions(f, profile.Default),
		Allocator:      EnvoyOrder.Find(f),
	}
	const rootID = "plugin_root_id"
	i.asksRootID = bytes.Contains(wasm, []byte(rootID)) || bytes.Contains(wasm, utf16(rootID))
	if f.Start != nil {
		i.Start = append([]string{"the start section"}, i.Start...)
	}
	if len(f.Memories) > 0 {
		i.Memory = &f.Memories[0]
	}
	i.Warnings = warnings(f, i.Toolchain)
	code := CheckCode(f, wasm)
	for _, p := range profile.All() {
		faults := append(Preflight(f, Options{Profile: p}), code...)
		i.Verdicts = append(i.Verdicts, Verdict{p, faults, profileWarnings(f, i.Toolchain, p)})
	}
	return i, nil
}

func groupImports(f *wasmfile.File) []ImportGroup {
	var groups []ImportGroup
	index := map[string]int{}
	for _, i := range f.Imports {
		at, known := index[i.Module]
		if !known {
			at = len(groups)
			index[i.Module], groups = at, append(groups, ImportGroup{Module: i.Module})
		}
		groups[at].Names = append(groups[at].Names, i.Name)
	}
	for i, g := range groups {
		slices.Sort(g.Names)
		groups[i].Names = slices.Compact(g.Names)
	}
	slices.SortFunc(groups, func(a, b ImportGroup) int { return strings.Compare(a.Module, b.Module) })
	return groups
}

func zippedSize(b []byte) (int, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err == nil {
		_, err = io.Copy(w, bytes.NewReader(b))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return 0, fmt.Errorf("compress module: %w", err)
	}
	return out.Len(), nil
}

// warnings are what goes wrong in every Envoy although the module loads.
func warnings(f *wasmfile.File, t Toolchain) []Fault {
	var found []Fault
	if t.Compiler == compilerTinyGo && EnvoyOrder.Find(f) == "malloc" {
		found = append(found, Fault{
			What: "leaks in Envoy: it takes memory from the export malloc, and TinyGo's malloc keeps each block until " +
				"free is called, which Envoy never does",
			Cure: "build with -tags=custommalloc, which removes the export, so that Envoy falls back to " +
				"proxy_on_memory_allocate",
		})
	}
	if slices.Contains(StartFunctions(f, profile.Default), "_start") && importsWASI(f, "proc_exit") {
		found = append(found, Fault{
			What: "_start is called when a VM starts; if it ends in proc_exit, Envoy does not load the module",
			Cure: StartPhaseCure("proc_exit", "_start"),
		})
	}
	if f.CommandExports > 0 {
		found = append(found, Fault{
			What: fmt.Sprintf("the linker wrapped %d exports as those of a command: each callback runs the C library's "+
				"constructors and destructors", f.CommandExports),
			Cure: "build a reactor that exports _initialize (Rust: proxy_wasm::main! and crate-type cdylib; C++: " +
				"-mexec-model=reactor)",
		})
	}
	return found
}

// profileWarnings are the warnings for one Envoy.
func profileWarnings(f *wasmfile.File, t Toolchain, p profile.Profile) []Fault {
	if t.Compiler != compilerGo || p.Rules().WASI != profile.SetB || !importsWASI(f, "poll_oneoff") {
		return nil
	}
	return []Fault{{
		What: "may die after minutes of traffic: poll_oneoff fails in this Envoy, and Go's runtime throws \"poll_oneoff " +
			"failed\" in its collector once the program links os or fmt",
		Cure: "run it on Envoy 1.39 or later, or leave out os and fmt",
	}}
}

func importsWASI(f *wasmfile.File, name string) bool {
	return slices.ContainsFunc(f.Imports, func(i wasmfile.Import) bool {
		return i.Name == name && wasi.IsModule(i.Module)
	})
}
