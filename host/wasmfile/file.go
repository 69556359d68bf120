// Package wasmfile reads the structure of a WebAssembly module without running or compiling it: its sections with
// their sizes, its imports and exports with their types, its memory, start function, and what its custom sections
// tell about the tools that made it. Of data and code it gives, when asked, the bytes and the integer constants.
//
// The format is that of the WebAssembly core specification 3.0, chapter 5 "Binary Format", as far as a Proxy-Wasm
// host needs it. Parse compares every length, count and index with the bytes that are there; the memory it uses is
// proportional to the file's size, whatever numbers the file has.
package wasmfile

import (
	"fmt"
	"slices"
	"strings"
)

// A File is the structure of one module. Everything in it is in the order of the file.
type File struct {
	Size     int // bytes
	Sections []Section
	Types    []FuncType
	Imports  []Import
	Exports  []Export
	Memories []Limits // defined ones, not imported ones

	Functions int // defined ones; their number, not their code
	Tables    int
	Globals   int
	Tags      int
	Start     *Function // the start section's function, nil without one

	HasNames       bool   // there is a well-formed name section
	NamesFault     string // what is wrong with a malformed one; only Envoy's backtraces need it
	CommandExports int    // functions the linker wrapped as NAME.command_export, known from the name section
	Producers      []Producer

	exportAt  map[string]int // index in Exports, by name
	functions []uint32       // type index of every function, imported ones first
	globals   int            // imported and defined
	tables    int
	memories  int
	tags      int
}

// A Section is one section of the file. Size counts all its bytes, id and length included, so that the sizes of all
// sections and the 8 bytes of the header add up to the file's size.
type Section struct {
	ID     byte   // 0: custom
	Name   string // "type", "import", …; of a custom section its own name
	Offset int    // of the id byte
	Size   int
}

// Custom reports whether a module means the same without the section.
func (s Section) Custom() bool { return s.ID == sectionCustom }

// ValType is the type of a value.
type ValType byte

// Value types (core specification 5.3).
const (
	I32       ValType = 0x7f
	I64       ValType = 0x7e
	F32       ValType = 0x7d
	F64       ValType = 0x7c
	V128      ValType = 0x7b
	FuncRef   ValType = 0x70
	ExternRef ValType = 0x6f
	ExnRef    ValType = 0x69
	Ref       ValType = 0x64 // of some heap type, which is not kept: no host function takes one
	RefNull   ValType = 0x63
)

func (v ValType) String() string {
	switch v {
	case I32:
		return "i32"
	case I64:
		return "i64"
	case F32:
		return "f32"
	case F64:
		return "f64"
	case V128:
		return "v128"
	case FuncRef:
		return "funcref"
	case ExternRef:
		return "externref"
	case ExnRef:
		return "exnref"
	case Ref:
		return "ref"
	case RefNull:
		return "ref null"
	}
	return "unknown"
}

// FuncType is a function's signature.
type FuncType struct{ Params, Results []ValType }

// String writes a signature as Envoy does in its messages: "i32 i32 -> i32", "void -> void".
func (t FuncType) String() string { return values(t.Params) + " -> " + values(t.Results) }

// Equal reports whether both have the same parameters and results.
func (t FuncType) Equal(u FuncType) bool {
	return slices.Equal(t.Params, u.Params) && slices.Equal(t.Results, u.Results)
}

func values(types []ValType) string {
	if len(types) == 0 {
		return "void"
	}
	const most = 100 // that are shown
	names := make([]string, 0, min(len(types), most+1))
	for i, t := range types {
		if i == most {
			names = append(names, fmt.Sprintf("and %d more", len(types)-most))
			break
		}
		names = append(names, t.String())
	}
	return strings.Join(names, " ")
}

// Kind is what an import or export is.
type Kind byte

// Kinds (core specification 5.5.5).
const (
	KindFunction Kind = iota
	KindTable
	KindMemory
	KindGlobal
	KindTag
)

func (k Kind) String() string {
	switch k {
	case KindFunction:
		return "function"
	case KindTable:
		return "table"
	case KindMemory:
		return "memory"
	case KindGlobal:
		return "global"
	case KindTag:
		return "tag"
	}
	return "unknown"
}

// Import is one import. Type belongs to functions, Limits to memories and tables.
type Import struct {
	Module, Name string
	Kind         Kind
	Type         FuncType
	Limits       Limits
}

// Export is one export. Type belongs to functions.
type Export struct {
	Name string
	Kind Kind
	Type FuncType
}

// Function is a function named by its index, as the start section does. Imported means the host's.
type Function struct {
	Index    uint32
	Type     FuncType
	Imported bool
}

// Limits is the size of a memory in pages of 64 KiB, or of a table in elements.
type Limits struct {
	Min    uint64
	Max    uint64 // when HasMax
	HasMax bool
	Shared bool
	Is64   bool // addressed with i64
}

// Producer is one entry of the producers section (tool conventions, "ProducersSection.md"), such as
// {"processed-by", "rustc", "1.90.0"}.
type Producer struct{ Field, Name, Version string }

// Export finds an export by name.
func (f *File) Export(name string) (Export, bool) {
	i, ok := f.exportAt[name]
	if f.exportAt == nil { // it was not parsed
		i = slices.IndexFunc(f.Exports, func(e Export) bool { return e.Name == name })
		ok = i >= 0
	}
	if !ok {
		return Export{}, false
	}
	return f.Exports[i], true
}

// ExportsFunction reports whether a function of any type is exported under the name.
func (f *File) ExportsFunction(name string) bool {
	e, ok := f.Export(name)
	return ok && e.Kind == KindFunction
}

// Strip returns a copy of wasm, the bytes f was parsed from, without its custom sections.
func (f *File) Strip(wasm []byte) []byte {
	out := append(make([]byte, 0, len(wasm)), wasm[:headerSize]...)
	for _, s := range f.Sections {
		if !s.Custom() {
			out = append(out, wasm[s.Offset:s.Offset+s.Size]...)
		}
	}
	return out
}
