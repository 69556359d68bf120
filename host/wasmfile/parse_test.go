package wasmfile

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// module joins sections behind a header.
func module(sections ...string) []byte {
	return []byte(magic + moduleVersion + strings.Join(sections, ""))
}

// section writes one of less than 128 bytes.
func section(id byte, payload string) string { return string([]byte{id, byte(len(payload))}) + payload }

func named(text string) string { return string([]byte{byte(len(text))}) + text }

const noTypes = "\x00"

var (
	types   = section(sectionType, "\x02\x60\x00\x00\x60\x03\x7f\x7e\x7d\x01\x7f") // () -> (), (i32 i64 f32) -> i32
	imports = section(sectionImport, "\x04"+named("env")+named("f")+"\x00\x01"+named("e")+named("t")+"\x01\x70\x00\x05"+
		named("e")+named("m")+"\x02\x01\x01\x02"+named("e")+named("g")+"\x03\x7f\x00")
	functions = section(sectionFunction, "\x01\x00")
	code      = section(sectionCode, "\x01\x02\x00\x0b")
)

func TestParse(t *testing.T) {
	f3 := FuncType{Params: []ValType{I32, I64, F32}, Results: []ValType{I32}}
	wasm := module(types, imports, functions,
		section(sectionTable, "\x01\x70\x00\x02"),
		section(sectionMemory, "\x01\x01\x03\x90\x4e"),
		section(sectionGlobal, "\x01\x7f\x00\x41\x00\x0b"),
		section(sectionExport, "\x03"+named("memory")+"\x02\x01"+named("run")+"\x00\x01"+named("f")+"\x00\x00"),
		section(sectionStart, "\x01"),
		section(sectionDataCount, "\x00"),
		code,
		section(sectionCustom, named("name")+"\x00\x03"+named("m1")+"\x01\x15\x01\x01"+named("run.command_export")),
		section(sectionCustom, named("producers")+"\x01"+named("language")+"\x01"+named("Rust")+named("2024")),
	)
	f, err := Parse(wasm)
	if err != nil {
		t.Fatal(err)
	}
	want := &File{
		Size:  len(wasm),
		Types: []FuncType{{}, f3},
		Imports: []Import{
			{Module: "env", Name: "f", Kind: KindFunction, Type: f3},
			{Module: "e", Name: "t", Kind: KindTable, Limits: Limits{Min: 5}},
			{Module: "e", Name: "m", Kind: KindMemory, Limits: Limits{Min: 1, Max: 2, HasMax: true}},
			{Module: "e", Name: "g", Kind: KindGlobal},
		},
		Exports: []Export{
			{Name: "memory", Kind: KindMemory}, {Name: "run", Kind: KindFunction}, {Name: "f", Kind: KindFunction, Type: f3},
		},
		Memories:       []Limits{{Min: 3, Max: 10000, HasMax: true}},
		Functions:      1,
		Tables:         1,
		Globals:        1,
		Start:          &Function{Index: 1},
		HasNames:       true,
		CommandExports: 1,
		Producers:      []Producer{{Field: "language", Name: "Rust", Version: "2024"}},
	}
	if diff := cmp.Diff(want, f, cmpopts.IgnoreUnexported(File{}), cmpopts.IgnoreFields(File{}, "Sections")); diff != "" {
		t.Error(diff)
	}
	sum := headerSize
	for _, s := range f.Sections {
		sum += s.Size
	}
	if sum != len(wasm) {
		t.Errorf("sections and header have %d bytes, the file %d", sum, len(wasm))
	}
	if last := f.Sections[len(f.Sections)-1]; last.Name != "producers" || !last.Custom() {
		t.Errorf("last section is %+v", last)
	}
	stripped := f.Strip(wasm)
	if bare, err := Parse(stripped); err != nil || bare.HasNames || len(bare.Producers) != 0 || len(bare.Exports) != 3 {
		t.Errorf("stripped module is %+v, %v", bare, err)
	}
}

func TestParseFaults(t *testing.T) {
	tests := []struct {
		name string
		wasm []byte
		want string
	}{
		{"section id", module("\x0e\x00"), "byte 8: expected a section id of at most 13, found 14"},
		{"section without size", module("\x01"), "byte 9: expected the size of the type section, found the end"},
		{"section longer than file", module("\x01\x05\x00"), "byte 10: expected 5 bytes of the type section, found 1"},
		{"section size of 2^32-1", module("\x01\xff\xff\xff\xff\x0f"),
			"expected 4294967295 bytes of the type section, found 0"},
		{"number of 33 bits", module("\x01\xff\xff\xff\xff\x1f"),
			"byte 9: expected the size of the type section of at most 32 bits"},
		{"number that never ends", module("\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"), "of at most 32 bits"},
		{"number cut short", module("\x01\x80"), "byte 10: expected the size of the type section, found the end"},
		{"count that lies", module(section(sectionType, "\xff\xff\x03")),
			"(type section): expected room for 65535 types, found 0 bytes"},
		{"count beyond V8", module(section(sectionType, "\xff\xff\xff\xff\x0f")), "expected at most 1000000 types"},
		{"left-over bytes", module(section(sectionType, noTypes+"\x00")),
			"(type section): expected the end of the section, found 1 more bytes"},
		{"section twice", module(types, types), "the type section comes twice"},
		{"section too late", module(functions, types), "type index below 0"},
		{"import after function", module(types, functions, imports), "the import section comes twice or after"},
		{"garbage-collected type", module(section(sectionType, "\x01\x5f\x00\x00")),
			"expected a function type (0x60), found 0x5f"},
		{"value type", module(section(sectionType, "\x01\x60\x01\x01\x00")), "expected a value type, found 0x01"},
		{"import of unknown type", module(types, section(sectionImport, "\x01\x00\x00\x00\x02")),
			"expected a type index below 2, found 2"},
		{"import kind", module(types, section(sectionImport, "\x01\x00\x00\x05\x00")),
			"expected the kind of an import, 0 to 4, found 5"},
		{"name not UTF-8", module(types, section(sectionImport, "\x01\x01\xff\x00\x00\x00")),
			"expected an import's module in UTF-8"},
		{"memory maximum", module(section(sectionMemory, "\x01\x01\x02\x01")),
			"expected limits with a maximum of at least 2, found 1"},
		{"memory flags", module(section(sectionMemory, "\x01\x08\x02")), "expected limits with flags of at most 7, found 8"},
		{"export index", module(types, functions, section(sectionExport, "\x01\x01a\x00\x01"), code),
			`expected the export "a" to be one of 1 of its kind (function), found index 1`},
		{"export twice", module(types, functions, section(sectionExport, "\x02\x01a\x00\x00\x01a\x00\x00"), code),
			`found "a" twice`},
		{"start index", module(types, functions, section(sectionStart, "\x09"), code),
			"expected the start function to be one of 1, found index 9"},
		{"start type", module(types, section(sectionFunction, "\x01\x01"), section(sectionStart, "\x00"), code),
			"found i32 i64 f32 -> i32"},
		{"no bodies", module(types, functions), "expected as many function bodies as functions, found 0 and 1"},
		{"body longer than section", module(types, functions, section(sectionCode, "\x01\x09\x0b")),
			"expected 9 bytes of a function body, found 1"},
		{"data count", module(section(sectionDataCount, "\x02")),
			"expected 2 data segments, as the data count section says, found 0"},
		{"custom section without name", module(section(sectionCustom, "\x05a")),
			"expected 5 bytes of the name of a custom section, found 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(test.wasm)
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestParseTruncated(t *testing.T) {
	whole := module(types, imports, functions, code)
	for n := range whole {
		if f, err := Parse(whole[:n]); err == nil && f.Functions != 0 {
			t.Errorf("the first %d of %d bytes parse", n, len(whole))
		}
	}
}

func TestNamesFault(t *testing.T) {
	f, err := Parse(module(section(sectionCustom, named("name")+"\x01\x02\x05\x00")))
	if err != nil {
		t.Fatal(err)
	}
	if f.HasNames || !strings.Contains(f.NamesFault, "(name section)") {
		t.Errorf("got names %v, fault %q", f.HasNames, f.NamesFault)
	}
}

func TestNotModule(t *testing.T) {
	tests := []struct {
		name, bytes, want string
	}{
		{"empty", "", "the file is empty"},
		{"cut in magic", "\x00as", `it starts with "\x00as", a module starts with "\x00asm"`},
		{"cut in version", "\x00asm\x01", "the file ends within its header, after 5 of 8 bytes"},
		{"component", magic + componentVersion,
			"it is a component (component model, version 0x0d, layer 1): Envoy loads core modules: build for wasip1"},
		{"version 2", magic + "\x02\x00\x00\x00", "its version field is 02 00 00 00"},
		{"gzip", "\x1f\x8b\x08\x00", "looks like gzip: unpack it first"},
		{"elf", "\x7fELF\x02", "looks like an ELF executable"},
		{"text format", "(module (func))", "looks like WebAssembly text: assemble it first"},
		{"text", "header-auth configuration é", "looks like text: give the compiled module"},
		{"tar", "plugin.wasm" + strings.Repeat("\x00", 246) + "ustar\x00", "looks like a tar archive"},
		{"anything", "\x01\x02\x03", `it starts with "\x01\x02\x03", a module starts with "\x00asm"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(test.bytes))
			var not *NotModuleError
			if !errors.As(err, &not) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(module(types, imports, functions, section(sectionMemory, "\x01\x00\x01"),
		section(sectionExport, "\x01"+named("run")+"\x00\x01"), code))
	f.Add(module(section(sectionCustom, named("name")+"\x01\x04\x01\x01\x01a")))
	f.Add([]byte(magic + componentVersion))
	f.Add([]byte("not wasm"))
	f.Fuzz(func(t *testing.T, wasm []byte) {
		file, err := Parse(wasm)
		if (file == nil) == (err == nil) {
			t.Fatalf("got %v and %v", file, err)
		}
		if err != nil {
			return
		}
		if again, err := Parse(file.Strip(wasm)); err != nil || len(again.Exports) != len(file.Exports) {
			t.Fatalf("stripped module: %v", err)
		}
	})
}
