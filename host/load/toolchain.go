package load

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/header-auth/header-auth/host/wasmfile"
)

// Toolchain is what probably made a module. Empty fields are unknown. Evidence says where in the module it was found.
type Toolchain struct {
	Language string // "Go", "Rust", "C or C++", "AssemblyScript", "Zig"
	Compiler string // "TinyGo", "Go", "rustc", "clang", …
	Version  string // of the compiler
	SDK      string // with its version where the module carries it
	Evidence string
}

const (
	compilerTinyGo = "TinyGo"
	compilerGo     = "Go"
	compilerRust   = "rustc"
	compilerClang  = "clang"
)

// compilers in the order in which they are looked for: a Rust or TinyGo module names clang too, for its C library.
var compilers = []struct{ producer, compiler, language string }{
	{"TinyGo", compilerTinyGo, "Go"},
	{"Go cmd/compile", compilerGo, "Go"},
	{"rustc", compilerRust, "Rust"},
	{"AssemblyScript", "asc", "AssemblyScript"},
	{"clang", compilerClang, "C or C++"},
}

func guessToolchain(f *wasmfile.File, wasm []byte) Toolchain {
	t := fromProducers(f)
	if t.Compiler == "" || t.Compiler == compilerClang {
		if shape := fromShape(f); shape.Compiler != "" {
			t = shape
		}
	}
	t.SDK = findSDK(wasm, t.Compiler)
	return t
}

func fromProducers(f *wasmfile.File) Toolchain {
	for _, c := range compilers {
		for _, p := range f.Producers {
			if p.Field == "processed-by" && strings.HasPrefix(p.Name, c.producer) {
				version, _, _ := strings.Cut(strings.TrimPrefix(p.Version, "go"), " ")
				return Toolchain{Language: c.language, Compiler: c.compiler, Version: version,
					Evidence: "producers section"}
			}
		}
	}
	return Toolchain{}
}

// fromShape recognizes a module without producers section by its sections and exports.
func fromShape(f *wasmfile.File) Toolchain {
	has := func(names ...string) bool {
		for _, n := range names {
			if !f.ExportsFunction(n) {
				return false
			}
		}
		return true
	}
	for _, s := range f.Sections {
		if s.Custom() && s.Name == "go:buildid" {
			return Toolchain{Language: "Go", Compiler: compilerGo, Evidence: "section go:buildid"}
		}
	}
	switch {
	case has("malloc", "free", "calloc", "realloc"):
		return Toolchain{Language: "Go", Compiler: compilerTinyGo, Evidence: "exports malloc, free, calloc and realloc"}
	case has("__new", "__pin", "__unpin"):
		return Toolchain{Language: "AssemblyScript", Compiler: "asc", Evidence: "exports __new, __pin and __unpin"}
	}
	return Toolchain{}
}

// Go keeps the versions of all dependencies in a module, as text, one a line; Rust's panic messages carry the folders
// of the crates unless they were remapped away.
var (
	goSDK   = regexp.MustCompile(`dep\t(github\.com/[a-z-]+/proxy-wasm-go-sdk)\t(v[0-9A-Za-z.+-]+)`)
	rustSDK = regexp.MustCompile(`proxy-wasm-([0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.-]*)/src/`)
)

func findSDK(wasm []byte, compiler string) string {
	if m := goSDK.FindSubmatch(wasm); m != nil {
		return string(m[1]) + " " + string(m[2])
	}
	if m := rustSDK.FindSubmatch(wasm); m != nil {
		return "proxy-wasm " + string(m[1])
	}
	switch {
	case compiler == compilerTinyGo && bytes.Contains(wasm, []byte("tetratelabs/proxy-wasm-go-sdk")):
		return "github.com/tetratelabs/proxy-wasm-go-sdk"
	case compiler == compilerTinyGo && bytes.Contains(wasm, []byte("proxy-wasm/proxy-wasm-go-sdk")):
		return "github.com/proxy-wasm/proxy-wasm-go-sdk"
	}
	return ""
}
