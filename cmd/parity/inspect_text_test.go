package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/host/wasmfile"
)

func TestRenderInspection(t *testing.T) {
	leak := load.Fault{What: "leaks", Cure: "-tags=custommalloc"}
	yield := load.Fault{What: "missing import: sched_yield", Cure: "needs Envoy 1.33 or later"}
	polls := load.Fault{What: "may die"}
	i := &load.Inspection{
		Size: 154710, Stripped: 152000, StrippedZipped: 9876,
		Sections: []wasmfile.Section{
			{ID: 1, Name: "type", Size: 710},
			{ID: 10, Name: "code", Size: 151290},
			{Name: "na\x1bme", Size: 2702},
		},
		Imports: []load.ImportGroup{
			{Module: "env", Names: []string{"proxy_get_header_map_pairs", "proxy_log", "proxy_send_local_response"}},
			{Module: "wasi_snapshot_preview1", Names: []string{"fd_write", "sched_yield"}},
		},
		Exports:   []wasmfile.Export{{Name: "memory", Kind: wasmfile.KindMemory}, {Name: "malloc"}, {Name: "_initialize"}},
		Memory:    &wasmfile.Limits{Min: 2},
		ABI:       abi.V020,
		Toolchain: load.Toolchain{Language: "Go", Compiler: "TinyGo", Version: "0.41.1", Evidence: "producers section"},
		Start:     []string{"_initialize", "main"},
		Allocator: "malloc",
		Warnings:  []load.Fault{leak},
		Verdicts: []load.Verdict{
			{Profile: profile.Envoy140},
			{Profile: profile.Envoy139},
			{Profile: profile.Envoy136, Warnings: []load.Fault{polls}},
			{Profile: profile.Envoy132, Faults: []load.Fault{yield}},
			{Profile: profile.Envoy131, Faults: []load.Fault{yield}},
		},
	}
	const want = `plugin.wasm

size       154 710 bytes; 152 000 without custom sections, which gzip -9 makes 9 876
toolchain  TinyGo 0.41.1, Go (producers section)
ABI        0.2.0
start      _initialize, then main
allocator  malloc
memory     131 072 bytes at the start

Sections
  151 290  97.8 %  code
    2 702   1.7 %  na?me (custom)
      710   0.5 %  type

Imports
  env (3)
    proxy_get_header_map_pairs, proxy_log, proxy_send_local_response
  wasi_snapshot_preview1 (2)
    fd_write, sched_yield

Exports (3)
    _initialize, malloc, memory (memory)

Warnings
  - leaks
    cure: -tags=custommalloc

Would it load and start?
  envoy-1.40, envoy-1.39: yes
  envoy-1.36: yes
    - may die
  envoy-1.32, envoy-1.31: NO
    - missing import: sched_yield
      cure: needs Envoy 1.33 or later
`
	var b strings.Builder
	if err := renderInspection(&b, "plugin.wasm", i, false); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestRenderInspectionFoldsExports(t *testing.T) {
	i := &load.Inspection{Start: []string{"_initialize"}, Allocator: "malloc", Exports: []wasmfile.Export{
		{Name: "memory", Kind: wasmfile.KindMemory}, {Name: "malloc"}, {Name: "_initialize"}, {Name: "proxy_on_log"}}}
	for n := range mostExports {
		i.Exports = append(i.Exports, wasmfile.Export{Name: fmt.Sprintf("other%d", n)})
	}
	var folded, all strings.Builder
	writeExports(&folded, i, false)
	writeExports(&all, i, true)
	want := "\nExports (104)\n    _initialize, malloc, memory (memory), proxy_on_log\n" +
		"    and 100 more, which Envoy does not look up (--all names them)\n"
	if diff := cmp.Diff(want, folded.String()); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(all.String(), "other99") || strings.Contains(all.String(), "more") {
		t.Error(all.String())
	}
}

// A cure that several faults have is written once.
func TestFaultsShareACure(t *testing.T) {
	var b strings.Builder
	writeFaults(&b, "", []load.Fault{{What: "a", Cure: "x"}, {What: "b", Cure: "x"}, {What: "c"}, {What: "d", Cure: "x"}})
	if diff := cmp.Diff("- a\n- b\n  cure: x\n- c\n- d\n  cure: x\n", b.String()); diff != "" {
		t.Error(diff)
	}
}

// A module that never returns is started once, not for each Envoy; one that traps is started for each.
func TestModuleThatHangsIsStartedOnce(t *testing.T) {
	for kind, want := range map[host.FailureKind]int{host.DeadlineExceeded: 1, host.OutOfMemory: 1,
		host.Trapped: len(profile.All())} {
		for name, result := range map[string]func() (suite.Observation, error){
			"in the plugin's start": func() (suite.Observation, error) {
				return suite.Observation{Failure: &suite.Failure{Kind: kind.String(), In: "proxy_on_vm_start"}}, nil
			},
			"in a start function": func() (suite.Observation, error) {
				return suite.Observation{}, fmt.Errorf("start: %w", &host.Failure{Kind: kind, In: "_initialize"})
			},
		} {
			var verdicts []load.Verdict
			for _, p := range profile.All() {
				verdicts = append(verdicts, load.Verdict{Profile: p})
			}
			starts := 0
			start := pluginStart{deadline: time.Minute}
			err := start.judge(&load.Inspection{}, verdicts, func(profile.Profile) (suite.Observation, error) {
				starts++
				return result()
			})
			if err != nil || starts != want {
				t.Errorf("%v %s: started %d times, expected %d; %v", kind, name, starts, want, err)
			}
			for _, v := range verdicts {
				if len(v.Faults) != 1 {
					t.Errorf("%v %s: %v has the faults %v", kind, name, v.Profile, v.Faults)
				}
			}
		}
	}
}
