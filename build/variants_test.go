package build

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const variantsEntry = `variants:
  - name: one-small
    variant_of: one
    replace: {-O2: -Oz, -g: ""}
    add: [-s]
  - name: one-stripped
    variant_of: one
    compiler: sh
    flags: [-c]
    recipe: {command: ["${sh}", "${flags}", "cat ${module} b.wasm >${out}"]}
    notes: n
  - name: one-told
    variant_of: one
    environment: {B: "2", A: "1"}
`

// variants loads a list of variants of the build one, whose flags are -O2 -g.
func variants(t *testing.T, root, text string) ([]Variant, error) {
	t.Helper()
	write(t, filepath.Join(root, VariantsFile), text)
	builds := load(t, root, "compiler: sh", "compiler: sh\n    flags: [-O2, -g]")
	return LoadVariants(filepath.Join(root, VariantsFile), &List{Builds: builds})
}

func TestLoadVariants(t *testing.T) {
	root := t.TempDir()
	got, err := variants(t, root, variantsEntry)
	if err != nil {
		t.Fatal(err)
	}
	one := load(t, root, "compiler: sh", "compiler: sh\n    flags: [-O2, -g]")[0]
	small, stripped := one, one
	small.Name, small.Wasm, small.Flags = "one-small", "dist/variants/one-small.wasm", []string{"-Oz", "-s"}
	stripped.Name, stripped.Wasm, stripped.Flags = "one-stripped", "dist/variants/one-stripped.wasm", []string{"-c"}
	stripped.Recipe = Recipe{Command: []string{"${sh}", "${flags}", "cat dist/one.wasm b.wasm >${out}"}}
	stripped.Sources, stripped.Notes = []string{"dist/one.wasm"}, "n"
	told := one
	told.Name, told.Wasm = "one-told", "dist/variants/one-told.wasm"
	want := []Variant{{small, "one", []string{"-Oz", "no -g", "-s"}, nil}, {stripped, "one", []string{"sh", "-c"}, nil},
		{told, "one", []string{"A=1", "B=2"}, map[string]string{"A": "1", "B": "2"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLoadVariantsFaults(t *testing.T) {
	tests := []struct {
		name, old, new string
		want           string // after the file's name
	}{
		{"unknown key", "add: [-s]", "wasm: x", ":5:5: unknown field \"wasm\""},
		{"no variants", variantsEntry, "variants: []\n", ": no variants"},
		{"name of a build", "name: one-small", "name: one",
			`:2:11: variant 1: name: "one" is also the name of a build of builds.yaml`},
		{"name twice", "one-stripped", "one-small", `:6:11: variant 2: name: "one-small" is also the name of variant 1`},
		{"no name", "name: one-small", "name: ''", `:2:11: variant 1: name: "" is not a name`},
		{"unknown build", "variant_of: one\n    replace", "variant_of: two\n    replace",
			`:3:17: variant 1: variant_of: select build "two"`},
		{"unknown flag", "-O2: -Oz", "-O3: -Oz", `:4:15: variant 1: replace: "-O3" is no flag of one, which has -O2, -g`},
		{"nothing differs", "replace: {-O2: -Oz, -g: \"\"}\n    add: [-s]", "notes: n",
			":2:11: variant 1: name: nothing differs from one"},
		{"flags without a compiler", "add: [-s]", "flags: [-s]",
			":2:11: variant 1: name: flags and recipe are those of a compiler of its own"},
		{"a compiler and other flags", "flags: [-c]", "add: [-c]", ":8:15: variant 2: compiler: expected either"},
		{"a compiler without a recipe",
			"    recipe: {command: [\"${sh}\", \"${flags}\", \"cat ${module} b.wasm >${out}\"]}\n", "",
			":6:5: variant 2: recipe: expected a command"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(variantsEntry, tt.old) {
				t.Fatalf("the entry has no %q", tt.old)
			}
			root := t.TempDir()
			_, err := variants(t, root, strings.Replace(variantsEntry, tt.old, tt.new, 1))
			var fault *ListError
			if !errors.As(err, &fault) || !strings.HasPrefix(err.Error(), filepath.Join(root, VariantsFile)+tt.want) {
				t.Errorf("got %v\nwanted an error %s…", err, tt.want)
			}
		})
	}
}

// A program of its own works on the build's module, and works again when that has changed.
func TestRunVariant(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "a.wasm"), module+"first")
	write(t, filepath.Join(root, "b.wasm"), "+")
	list, err := variants(t, root, variantsEntry)
	if err != nil {
		t.Fatal(err)
	}
	run(t, root, load(t, root))
	if r := run(t, root, []Build{list[1].Build}); r.Path != filepath.Join(root, "dist/variants/one-stripped.wasm") {
		t.Errorf("the module is %s", r.Path)
	}
	write(t, filepath.Join(root, "a.wasm"), module+"second")
	run(t, root, load(t, root))
	r := run(t, root, []Build{list[1].Build})
	if content, err := os.ReadFile(r.Path); string(content) != module+"second+" || r.UpToDate {
		t.Errorf("got %q, up to date %t, %v", content, r.UpToDate, err)
	}
	if again, err := Run(context.Background(), []Build{list[1].Build}, Options{Root: root}); err != nil ||
		!again[0].UpToDate {
		t.Errorf("made again without a change: %v", err)
	}
}

// The repository's own list is sound, and every build that it varies has at least two variants.
func TestOwnVariants(t *testing.T) {
	builds, err := Load(filepath.Join("..", File))
	if err != nil {
		t.Fatal(err)
	}
	list, err := LoadVariants(filepath.Join("..", VariantsFile), builds)
	if err != nil {
		t.Fatal(err)
	}
	number := map[string]int{}
	for _, v := range list {
		number[v.Of]++
	}
	for of, n := range number {
		if n < 2 {
			t.Errorf("%s has %d variants", of, n)
		}
	}
}
