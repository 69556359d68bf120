package wasmfile

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"
)

const (
	magic            = "\x00asm"
	moduleVersion    = "\x01\x00\x00\x00"
	componentVersion = "\x0d\x00\x01\x00"
)

// NotModuleError says what was found instead of a module, and how to get one.
type NotModuleError struct{ Found, Cure string }

func (e *NotModuleError) Error() string {
	if e.Cure == "" {
		return "not a WebAssembly module: " + e.Found
	}
	return "not a WebAssembly module: " + e.Found + ": " + e.Cure
}

// Files that are often given in place of a module, by their first bytes.
var lookalikes = []struct{ prefix, is, cure string }{
	{"\x1f\x8b", "gzip", "unpack it first (gunzip, or tar -xzf when it is an image layer)"},
	{"\x28\xb5\x2f\xfd", "zstd", "unpack it first (zstd -d)"},
	{"PK\x03\x04", "a zip archive", "unpack it first"},
	{"\x7fELF", "an ELF executable or object, native code for this machine",
		"build for WebAssembly (Rust: --target wasm32-wasip1; Go: GOOS=wasip1 GOARCH=wasm; TinyGo: -target=wasip1)"},
	{"MZ", "a Windows executable", "build for WebAssembly"},
	{"\xcf\xfa\xed\xfe", "a macOS executable or object", "build for WebAssembly"},
	{"BC\xc0\xde", "LLVM bitcode", "link it to a module (wasm-ld)"},
	{"!<arch>\n", "a static library", "link it to a module (Rust: crate-type = [\"cdylib\"])"},
	{"version https://git-lfs", "a Git LFS pointer", "fetch the real file (git lfs pull)"},
	{"(module", "WebAssembly text", "assemble it first (wat2wasm)"},
	{"(component", "the text of a WebAssembly component", "a component is no module; build for wasip1"},
	{"\xef\xbb\xbf", "text with a byte order mark", ""},
}

func checkHeader(wasm []byte) error {
	switch {
	case len(wasm) == 0:
		return &NotModuleError{Found: "the file is empty"}
	case !bytes.HasPrefix(wasm, []byte(magic)):
		return describe(wasm)
	case len(wasm) < headerSize:
		return &NotModuleError{
			Found: fmt.Sprintf("the file ends within its header, after %d of 8 bytes", len(wasm)),
			Cure:  "it was cut short; build or copy it again",
		}
	}
	switch version := string(wasm[4:headerSize]); version {
	case moduleVersion:
		return nil
	case componentVersion:
		return &NotModuleError{
			Found: "it is a component (component model, version 0x0d, layer 1)",
			Cure:  "Envoy loads core modules: build for wasip1 instead of wasip2 (Rust: --target wasm32-wasip1)",
		}
	default:
		return &NotModuleError{Found: fmt.Sprintf("its version field is % x, a module has 01 00 00 00", version)}
	}
}

func describe(b []byte) error {
	for _, l := range lookalikes {
		if bytes.HasPrefix(b, []byte(l.prefix)) {
			return notModule(b, l.is, l.cure)
		}
	}
	const ustar = 257 // where a tar archive has its marker
	if len(b) > ustar+5 && string(b[ustar:ustar+5]) == "ustar" {
		return notModule(b, "a tar archive", "take the module out of it (tar -xf)")
	}
	if isText(b[:min(len(b), 512)]) {
		return notModule(b, "text", "give the compiled module")
	}
	return notModule(b, "", "")
}

func notModule(b []byte, is, cure string) error {
	found := fmt.Sprintf("it starts with %q, a module starts with \"\\x00asm\"", b[:min(len(b), 8)])
	if is != "" {
		found += "; this looks like " + is
	}
	return &NotModuleError{Found: found, Cure: cure}
}

func isText(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			return !utf8.FullRune(b) // a rune cut off by the sample's end
		}
		if !unicode.IsPrint(r) && !unicode.IsSpace(r) {
			return false
		}
		b = b[n:]
	}
	return true
}
