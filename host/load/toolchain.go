package load

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/host/wasmfile"
)

// Toolchain is what probably made a module. Empty fields are unknown. Evidence says where in the module it was found.
type Toolchain struct {
	Language string // "Go", "Rust", "C or C++", "AssemblyScript", "Zig"
	Compiler string // "TinyGo", "Go", "rustc", "clang", "Debian clang", "Emscripten", …
	Version  string // of the compiler
	SDK      string // with its version where the module carries it
	Evidence string
}

const (
	compilerTinyGo     = "TinyGo"
	compilerGo         = "Go"
	compilerRust       = "rustc"
	compilerAsc        = "asc"
	compilerZig        = "Zig"
	compilerEmscripten = "Emscripten"

	languageC = "C or C++"

	fromProducersSection = "producers section"
)

// compilers in the order in which they are looked for: a Rust or TinyGo module names clang too, for its C library.
var compilers = []struct{ producer, compiler, language string }{
	{"TinyGo", compilerTinyGo, "Go"},
	{"Go cmd/compile", compilerGo, "Go"},
	{"rustc", compilerRust, "Rust"},
	{"AssemblyScript", compilerAsc, "AssemblyScript"},
	{"Zig", compilerZig, "Zig"},
}

func guessToolchain(f *wasmfile.File, wasm []byte) Toolchain {
	t := fromProducers(f)
	if t.Compiler == "" {
		c := clang(f)
		if t = fromShape(f, wasm); t.Compiler == "" {
			t = c
		}
	}
	t.SDK = findSDK(wasm, t)
	return t
}

func fromProducers(f *wasmfile.File) Toolchain {
	for _, c := range compilers {
		for _, p := range f.Producers {
			if p.Field == "processed-by" && strings.HasPrefix(p.Name, c.producer) {
				version, _, _ := strings.Cut(strings.TrimPrefix(p.Version, "go"), " ")
				return Toolchain{Language: c.language, Compiler: c.compiler, Version: version, Evidence: fromProducersSection}
			}
		}
	}
	return Toolchain{}
}

// clang finds the C compiler in the producers section. A distribution writes its name before that of clang, wasi-sdk
// its own behind the version. The linker keeps the version of the first file, which is one of the C library: that of a
// distribution is mostly made by another clang, so that the version says nothing.
func clang(f *wasmfile.File) Toolchain {
	for _, p := range f.Producers {
		if p.Field != "processed-by" || !strings.HasSuffix(p.Name, "clang") {
			continue
		}
		t := Toolchain{Language: languageC, Compiler: p.Name, Evidence: fromProducersSection}
		if p.Name == "clang" {
			t.Version, _, _ = strings.Cut(p.Version, " ")
		}
		return t
	}
	return Toolchain{}
}

// fromShape recognizes a module by its sections, imports, exports and strings: some compilers write no producers
// section, and optimizers remove it.
func fromShape(f *wasmfile.File, wasm []byte) Toolchain {
	has := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(n string) bool { return !f.ExportsFunction(n) })
	}
	if hasSection(f, "go:buildid") {
		return Toolchain{Language: "Go", Compiler: compilerGo, Evidence: "section go:buildid"}
	}
	if evidence := emscriptenIn(f); evidence != "" {
		return Toolchain{Language: languageC, Compiler: compilerEmscripten, Evidence: evidence}
	}
	if m := zigDebug.FindSubmatch(wasm); m != nil {
		return Toolchain{Language: "Zig", Compiler: compilerZig, Version: string(m[1]), Evidence: "debug information"}
	}
	switch {
	case has("__new", "__pin", "__unpin"):
		return Toolchain{Language: "AssemblyScript", Compiler: compilerAsc, Evidence: "exports __new, __pin and __unpin"}
	case bytes.Contains(wasm, utf16("~lib/")):
		return Toolchain{Language: "AssemblyScript", Compiler: compilerAsc,
			Evidence: "strings that name files of its library"}
	case rustLibrary.Match(wasm):
		return Toolchain{Language: "Rust", Compiler: compilerRust, Evidence: "strings that name files of its library"}
	case has("malloc", "free", "calloc", "realloc"):
		return Toolchain{Language: "Go", Compiler: compilerTinyGo, Evidence: "exports malloc, free, calloc and realloc"}
	}
	return Toolchain{}
}

// emscriptenIn names what shows that Emscripten has linked a module: helpers for its JavaScript, or a host function
// that only its memory.grow calls.
func emscriptenIn(f *wasmfile.File) string {
	for _, e := range f.Exports {
		switch {
		case e.Kind != wasmfile.KindFunction:
		case e.Name == "stackSave" || e.Name == "stackAlloc" || strings.HasPrefix(strings.TrimPrefix(e.Name, "_"),
			"emscripten_"):
			return "export " + e.Name
		}
	}
	for _, i := range f.Imports {
		if i.Module == "env" && strings.HasPrefix(strings.TrimPrefix(i.Name, "_"), "emscripten_") {
			return "import " + i.Name
		}
		if minified(i) {
			return "imports with shortened names"
		}
	}
	return ""
}

// zigDebug is the producer in Zig's debug information; a module without that shows nothing of Zig.
var zigDebug = regexp.MustCompile(`\x00zig ([0-9]+\.[0-9]+\.[0-9]+)\x00`)

// rustLibrary is in the messages of panics in Rust's own library.
var rustLibrary = regexp.MustCompile(`library/(?:core|alloc|std)/src/[a-z0-9_/]+\.rs`)

// utf16 is text as AssemblyScript keeps it.
func utf16(text string) []byte {
	var b []byte
	for _, c := range []byte(text) {
		b = append(b, c, 0)
	}
	return b
}

// Go keeps the versions of all dependencies in a module, as text, one a line, what replaces one in the next; Rust's
// panic messages carry the folders of the crates unless they were remapped away.
var (
	goSDK = regexp.MustCompile(`dep\t(github\.com/[a-z-]+/proxy-wasm-go-sdk)\t(v[0-9A-Za-z.+-]+)[^\n]*` +
		`(?:\n=>\t(\S+)\t(v[0-9A-Za-z.+-]+))?`)
	rustSDK = regexp.MustCompile(`proxy-wasm-([0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.-]*)/src/`)
)

func findSDK(wasm []byte, t Toolchain) string {
	if m := goSDK.FindSubmatch(wasm); m != nil {
		if len(m[3]) > 0 {
			return string(m[3]) + " " + string(m[4])
		}
		return string(m[1]) + " " + string(m[2])
	}
	if m := rustSDK.FindSubmatch(wasm); m != nil {
		return "proxy-wasm " + string(m[1])
	}
	switch t.Language {
	case "Go":
		for _, owner := range []string{"higress-group", "tetratelabs", "proxy-wasm"} {
			if sdk := owner + "/proxy-wasm-go-sdk"; bytes.Contains(wasm, []byte(sdk)) {
				return "github.com/" + sdk
			}
		}
	case languageC:
		// The C++ SDK's classes, as the names of types that can be thrown and cast.
		if bytes.Contains(wasm, []byte("11RootContext")) && bytes.Contains(wasm, []byte("11ContextBase")) {
			return "proxy-wasm-cpp-sdk"
		}
	case "AssemblyScript":
		if bytes.Contains(wasm, utf16("@solo-io/proxy-runtime")) {
			return "@solo-io/proxy-runtime"
		}
	}
	return ""
}
