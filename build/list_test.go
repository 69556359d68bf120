package build

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const entry = `builds:
  - name: one
    language: c
    sdk: {name: none, version: "1"}
    compiler: sh
    recipe: {command: [cp, a.wasm, "${out}"]}
    sources: [a.wasm]
    wasm: dist/one.wasm
`

func TestLoadFaults(t *testing.T) {
	tests := []struct {
		name, old, new string
		want           string // after the file's name
	}{
		{"unknown key", "language: c", "language: c\n    colour: red", ":4:5: unknown field \"colour\""},
		{"key given twice", "language: c", "language: c\n    language: d", ":4:5: mapping key \"language\" already defined"},
		{"wrong type", "sources: [a.wasm]", "sources: {a: b}", ":7:"},
		{"no yaml", "language: c", "language: [", ":3:"},
		{"name twice", "wasm: dist/one.wasm\n", "wasm: dist/one.wasm\n" + entry[len("builds:\n"):],
			`:9:11: build 2: name: "one" is also the name of build 1`},
		{"name that is a path", "name: one", "name: ../one", `:2:11: build 1: name: "../one" is not a name`},
		{"no compiler", "    compiler: sh\n", "", ":2:5: build 1: compiler: expected"},
		{"empty command", `[cp, a.wasm, "${out}"]`, "[]", ":6:14: build 1: recipe: expected a command"},
		{"no sources", "[a.wasm]\n", "[]\n", ":7:14: build 1: sources: expected at least one"},
		{"module elsewhere", "dist/one.wasm", "/tmp/one.wasm",
			`:8:11: build 1: wasm: "/tmp/one.wasm": expected dist/one.wasm`},
		{"sdk without version", `, version: "1"`, "", ":4:11: build 1: sdk: expected name and version"},
		{"failure without reason", "wasm: dist/one.wasm", "wasm: dist/one.wasm\n    known_failing: [{case: a/*}]",
			`:9:20: build 1: known_failing: "a/*" has no reason`},
		{"failure with a broken pattern", "wasm: dist/one.wasm",
			"wasm: dist/one.wasm\n    known_failing: [{case: \"[\", reason: r}]",
			`:9:20: build 1: known_failing: "[" is not a pattern`},
		{"nothing", entry, "builds: []\n", ": no builds"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(entry, tt.old) {
				t.Fatalf("the entry has no %q", tt.old)
			}
			file := filepath.Join(t.TempDir(), File)
			write(t, file, strings.Replace(entry, tt.old, tt.new, 1))
			_, err := Load(file)
			var fault *ListError
			if !errors.As(err, &fault) || !strings.HasPrefix(err.Error(), file+tt.want) {
				t.Errorf("got %v\nwanted a fault %s%s…", err, file, tt.want)
			}
		})
	}
}

func TestSelect(t *testing.T) {
	list := List{Builds: []Build{{Name: "a"}, {Name: "b"}, {Name: "c"}}}
	chosen, err := list.Select([]string{"c", "a"})
	if err != nil || len(chosen) != 2 || chosen[0].Name != "a" || chosen[1].Name != "c" {
		t.Errorf("got %v, %v; wanted a and c", chosen, err)
	}
	var fault *ListError
	if _, err := list.Select([]string{"d"}); !errors.As(err, &fault) || !strings.Contains(err.Error(), "a, b, c") {
		t.Errorf("got %v, wanted a fault that names what there is", err)
	}
}

// A report shows the SDK's version from the list; the compiler takes it from go.mod or Cargo.lock.
func TestSDKVersions(t *testing.T) {
	list, err := Load(filepath.Join("..", File))
	if err != nil {
		t.Fatal(err)
	}
	locks := map[string]string{"go": "go.mod", "rust": "Cargo.lock"}
	for _, b := range list.Builds {
		if locks[b.Language] == "" {
			continue // of a language that has no lock file here
		}
		text, err := os.ReadFile(filepath.Join("..", locks[b.Language]))
		if err != nil {
			t.Fatal(err)
		}
		wanted := b.SDK.Name + " " + b.SDK.Version
		if b.Language == "rust" {
			wanted = "name = \"" + b.SDK.Name + "\"\nversion = \"" + b.SDK.Version + "\"\n"
		}
		if !strings.Contains(string(text), wanted) {
			t.Errorf("%s: %s has no %q", b.Name, locks[b.Language], wanted)
		}
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Cargo.toml asks for link-time optimization. Cargo does none for a library that is an rlib as
// well, and does not say so.
func TestRustIsOptimizedAtLinkTime(t *testing.T) {
	for file, wanted := range map[string]string{"Cargo.toml": "\nlto = \"fat\"\n",
		"rust-plugin/Cargo.toml": "\ncrate-type = [\"cdylib\"]"} {
		text, err := os.ReadFile(filepath.Join("..", file))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), wanted) {
			t.Errorf("%s has no %q", file, wanted)
		}
	}
}
