package load

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/profile"
)

// sketch is a module for looking at, not for running: its functions are empty.
type sketch struct {
	imports  []string // of wasi_snapshot_preview1, type () -> i32
	exports  []string // functions of the allocator's type when they are called so, else () -> ()
	sections []string // custom ones: name, content in turn
}

func (s sketch) bytes() []byte {
	name := func(text string) string { return string(rune(len(text))) + text } // below 128 bytes
	section := func(id byte, payload string) string {
		return string([]byte{id, byte(len(payload)&0x7f | 0x80), byte(len(payload) >> 7)}) + payload
	}
	count := func(n int) string { return string([]byte{byte(n)}) }
	var imports, functions, exports, code, custom strings.Builder
	for _, i := range s.imports {
		imports.WriteString(name("wasi_snapshot_preview1") + name(i) + "\x00\x01")
	}
	for i, e := range s.exports {
		body, kind := "\x02\x00\x0b", "\x00"
		if e == "malloc" || e == "proxy_on_memory_allocate" {
			body, kind = "\x04\x00\x41\x00\x0b", "\x02"
		}
		functions.WriteString(kind)
		exports.WriteString(name(e) + "\x00" + count(len(s.imports)+i))
		code.WriteString(body)
	}
	for i := 0; i < len(s.sections); i += 2 {
		custom.WriteString(section(0, name(s.sections[i])+s.sections[i+1]))
	}
	return []byte("\x00asm\x01\x00\x00\x00" +
		section(1, "\x03\x60\x00\x00\x60\x00\x01\x7f\x60\x01\x7f\x01\x7f") +
		section(2, count(len(s.imports))+imports.String()) +
		section(3, count(len(s.exports))+functions.String()) +
		section(5, "\x01\x00\x02") +
		section(7, count(len(s.exports)+1)+name("memory")+"\x02\x00"+exports.String()) +
		section(10, count(len(s.exports))+code.String()) +
		custom.String())
}

func processedBy(name, version string) string {
	return "\x01\x0cprocessed-by\x01" + string(rune(len(name))) + name + string(rune(len(version))) + version
}

func TestInspect(t *testing.T) {
	wasm := sketch{
		imports: []string{"sched_yield", "sched_yield"},
		exports: []string{"proxy_abi_version_0_2_1", "_initialize", "main2", "proxy_on_memory_allocate"},
		sections: []string{
			"producers", processedBy("rustc", "1.90.0 (abc 2025-09-14)"),
			"note", "/cargo/registry/proxy-wasm-0.2.5/src/traits.rs" + strings.Repeat(".", 100),
		},
	}.bytes()
	got, err := Inspect(wasm)
	if err != nil {
		t.Fatal(err)
	}
	want := &Inspection{
		Size:      len(wasm),
		Imports:   []ImportGroup{{"wasi_snapshot_preview1", []string{"sched_yield"}}},
		ABI:       abi.V021,
		Toolchain: Toolchain{"Rust", "rustc", "1.90.0", "proxy-wasm 0.2.5", "producers section"},
		Start:     []string{"_initialize"},
		Allocator: "proxy_on_memory_allocate",
	}
	ignored := cmpopts.IgnoreFields(Inspection{}, "StrippedZipped", "Stripped", "Sections", "Exports", "Memory",
		"Verdicts")
	if diff := cmp.Diff(want, got, ignored, cmpopts.IgnoreUnexported(Inspection{})); diff != "" {
		t.Error(diff)
	}
	if got.Stripped >= got.Size-150 || got.StrippedZipped == 0 || got.StrippedZipped >= got.Size {
		t.Errorf("sizes %d, %d, %d", got.Size, got.Stripped, got.StrippedZipped)
	}
	if len(got.Exports) != 5 || got.Memory == nil || got.Memory.Min != 2 || len(got.Sections) != 8 {
		t.Errorf("exports %v, memory %v, sections %v", got.Exports, got.Memory, got.Sections)
	}
	for _, v := range got.Verdicts {
		old := v.Profile == profile.Envoy131 || v.Profile == profile.Envoy132
		if loads := len(v.Faults) == 0; loads == old {
			t.Errorf("%v: loads %v: %v", v.Profile, loads, v.Faults)
		}
	}
	if len(got.Verdicts) != len(profile.All()) {
		t.Errorf("%d verdicts", len(got.Verdicts))
	}
	if _, err := Inspect([]byte("no wasm")); err == nil || !strings.Contains(err.Error(), "looks like text") {
		t.Errorf("Inspect of text: %v", err)
	}
}

func TestInspectToolchain(t *testing.T) {
	tests := []struct {
		name string
		sketch
		want Toolchain
	}{
		{"unknown", sketch{}, Toolchain{}},
		{"TinyGo", sketch{sections: []string{"producers", processedBy("TinyGo", "0.41.1")}},
			Toolchain{Language: "Go", Compiler: "TinyGo", Version: "0.41.1", Evidence: "producers section"}},
		{"TinyGo by its exports", sketch{exports: []string{"malloc", "free", "calloc", "realloc"}},
			Toolchain{Language: "Go", Compiler: "TinyGo", Evidence: "exports malloc, free, calloc and realloc"}},
		{"TinyGo by its exports, clang named for the C library",
			sketch{exports: []string{"malloc", "free", "calloc", "realloc"},
				sections: []string{"producers", processedBy("clang", "19.1.7")}},
			Toolchain{Language: "Go", Compiler: "TinyGo", Evidence: "exports malloc, free, calloc and realloc"}},
		{"Go", sketch{sections: []string{"go:buildid", "x", "producers", processedBy("Go cmd/compile", "go1.26.8")}},
			Toolchain{Language: "Go", Compiler: "Go", Version: "1.26.8", Evidence: "producers section"}},
		{"Go with its SDK", sketch{sections: []string{"go:buildid",
			"dep\tgithub.com/proxy-wasm/proxy-wasm-go-sdk\tv0.1.2\th1:=\n"}},
			Toolchain{Language: "Go", Compiler: "Go", SDK: "github.com/proxy-wasm/proxy-wasm-go-sdk v0.1.2",
				Evidence: "section go:buildid"}},
		{"Go with another SDK in place of the one that it names",
			sketch{sections: []string{"go:buildid",
				"dep\tgithub.com/tetratelabs/proxy-wasm-go-sdk\tv0.22.0\n=>\tgithub.com/higress-group/proxy-wasm-go-sdk\tv1.0.0\th1:=\n"}},
			Toolchain{Language: "Go", Compiler: "Go", SDK: "github.com/higress-group/proxy-wasm-go-sdk v1.0.0",
				Evidence: "section go:buildid"}},
		{"C++", sketch{sections: []string{"producers", processedBy("clang", "20.1.0 (x)"), "note",
			"11RootContext\x0011ContextBase"}},
			Toolchain{Language: "C or C++", Compiler: "clang", Version: "20.1.0", SDK: "proxy-wasm-cpp-sdk",
				Evidence: "producers section"}},
		{"Debian's clang", sketch{sections: []string{"producers", processedBy("Debian clang", "14.0.6")}},
			Toolchain{Language: "C or C++", Compiler: "Debian clang", Evidence: "producers section"}},
		{"wasi-sdk", sketch{sections: []string{"producers", processedBy("clang", "20.1.8-wasi-sdk (https://x)")}},
			Toolchain{Language: "C or C++", Compiler: "clang", Version: "20.1.8-wasi-sdk", Evidence: "producers section"}},
		{"Zig", sketch{sections: []string{".debug_str", "_start\x00zig 0.17.1\x00std"}},
			Toolchain{Language: "Zig", Compiler: "Zig", Version: "0.17.1", Evidence: "debug information"}},
		{"Emscripten", sketch{exports: []string{"malloc", "free", "calloc", "realloc", "_emscripten_stack_restore"},
			sections: []string{"producers", processedBy("clang", "20.0.0 (https://x)")}},
			Toolchain{Language: "C or C++", Compiler: "Emscripten", Evidence: "export _emscripten_stack_restore"}},
		{"AssemblyScript", sketch{exports: []string{"__new", "__pin", "__unpin"}},
			Toolchain{Language: "AssemblyScript", Compiler: "asc", Evidence: "exports __new, __pin and __unpin"}},
		{"AssemblyScript by its strings", sketch{sections: []string{"note", "~\x00l\x00i\x00b\x00/\x00r\x00t\x00"}},
			Toolchain{Language: "AssemblyScript", Compiler: "asc", Evidence: "strings that name files of its library"}},
		{"Rust by its strings", sketch{sections: []string{"note", "/rustc/0123456789abcdef/library/core/src/str/mod.rs"}},
			Toolchain{Language: "Rust", Compiler: "rustc", Evidence: "strings that name files of its library"}},
		{"damaged producers section", sketch{sections: []string{"producers", "\x09"}}, Toolchain{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Inspect(test.bytes())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.Toolchain); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestInspectWarnings(t *testing.T) {
	tinyGo := []string{"producers", processedBy("TinyGo", "0.41.1")}
	wrapped := "run.command_export"
	tests := []struct {
		name string
		sketch
		want []string // a piece of each warning and of its cure
	}{
		{"none", sketch{exports: []string{"proxy_on_memory_allocate"}, sections: tinyGo}, nil},
		{"malloc of TinyGo", sketch{exports: []string{"malloc", "free", "proxy_on_memory_allocate"}, sections: tinyGo},
			[]string{"leaks in Envoy", "-tags=custommalloc"}},
		{"malloc of Rust", sketch{exports: []string{"malloc"}, sections: []string{"producers", processedBy("rustc", "1.90")}},
			nil},
		{"_start and proc_exit", sketch{exports: []string{"_start"}, imports: []string{"proc_exit"}},
			[]string{"if it ends in proc_exit", "-buildmode=c-shared"}},
		{"_start without proc_exit", sketch{exports: []string{"_start"}}, nil},
		{"_initialize with proc_exit", sketch{exports: []string{"_start", "_initialize"}, imports: []string{"proc_exit"}},
			nil},
		{"command exports", sketch{sections: []string{"name", "\x01\x15\x01\x00\x12" + wrapped}},
			[]string{"wrapped 1 exports as those of a command", "proxy_wasm::main!"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Inspect(test.bytes())
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Warnings) != len(test.want)/2 {
				t.Fatalf("warnings %v", got.Warnings)
			}
			for i, w := range got.Warnings {
				if !strings.Contains(w.What, test.want[2*i]) || !strings.Contains(w.Cure, test.want[2*i+1]) {
					t.Errorf("warning %+v, want %q", w, test.want)
				}
			}
		})
	}
}

// Go's collector polls, which only Envoys with the second set of WASI functions answer with an error.
func TestInspectWarnsOfPolling(t *testing.T) {
	got, err := Inspect(sketch{imports: []string{"poll_oneoff"}, sections: []string{"go:buildid", "x"}}.bytes())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range got.Verdicts {
		want := v.Profile.Rules().WASI == profile.SetB
		if warned := len(v.Warnings) == 1 && strings.Contains(v.Warnings[0].What, "poll_oneoff"); warned != want {
			t.Errorf("%v: %v", v.Profile, v.Warnings)
		}
	}
}

func TestTrapCure(t *testing.T) {
	const create = "proxy_on_context_create"
	goModule := sketch{exports: []string{"_initialize"}, sections: []string{"go:buildid", "x"}}
	rooted := sketch{sections: []string{"note", "plugin_root_id"}}
	wide := sketch{sections: []string{"note", string(utf16("plugin_root_id"))}}
	tests := []struct {
		name string
		sketch
		in, root, want string // a piece of the cure, "": none
	}{
		{"Go without main", goModule, create, "", "in func init()"},
		{"no root_id", rooted, create, "", "--root-id ID"},
		{"no root_id, AssemblyScript", wide, create, "", "--root-id ID"},
		{"a root_id", rooted, create, "mine", ""},
		{"no root_id, later", rooted, "proxy_on_configure", "", ""},
		{"asks for none", sketch{}, create, "", ""},
	}
	for _, test := range tests {
		i, err := Inspect(test.bytes())
		if err != nil {
			t.Fatal(err)
		}
		if got := i.TrapCure(test.in, test.root != ""); !strings.Contains(got, test.want) || test.want == "" && got != "" {
			t.Errorf("%s: cure %q, want %q", test.name, got, test.want)
		}
	}
}

func FuzzInspect(f *testing.F) {
	f.Add(sketch{imports: []string{"proc_exit"}, exports: []string{"_start", "malloc"}, sections: []string{"name",
		"\x01\x02\x01\x00"}}.bytes())
	f.Add([]byte("\x00asm\x01\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, wasm []byte) {
		i, err := Inspect(wasm)
		if err == nil && len(i.Verdicts) != len(profile.All()) {
			t.Errorf("%d verdicts", len(i.Verdicts))
		}
	})
}
