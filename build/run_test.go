package build

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/header-auth/header-auth/toolchain"
)

const module = "\x00asm\x01\x00\x00\x00"

// singleBuild makes a repository with one entry in builds.yaml, as a reader would add it, changed as the test says.
func singleBuild(t *testing.T, replace ...string) (root string, builds []Build) {
	t.Helper()
	root = t.TempDir()
	write(t, filepath.Join(root, "a.wasm"), module+"first")
	return root, load(t, root, replace...)
}

func load(t *testing.T, root string, replace ...string) []Build {
	t.Helper()
	write(t, filepath.Join(root, File), strings.NewReplacer(replace...).Replace(entry))
	list, err := Load(filepath.Join(root, File))
	if err != nil {
		t.Fatal(err)
	}
	return list.Builds
}

func run(t *testing.T, root string, builds []Build) Result {
	t.Helper()
	results, err := Run(context.Background(), builds, Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	return results[0]
}

// A further build needs nothing but an entry, and may use any compiler on PATH.
func TestRunAddedEntry(t *testing.T) {
	root, builds := singleBuild(t)
	write(t, filepath.Join(root, ".cache", "build", "one", "unfinished-killed", "half"), "")
	r := run(t, root, builds)
	content, err := os.ReadFile(r.Path)
	if err != nil || string(content) != module+"first" {
		t.Errorf("got %q, %v", content, err)
	}
	if r.Path != filepath.Join(root, "dist", "one.wasm") || r.UpToDate || r.Provenance.Size != len(content) {
		t.Errorf("got %+v", r)
	}
	left, err := filepath.Glob(filepath.Join(root, ".cache", "build", "one", "unfinished-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind %v, %v", left, err)
	}
}

func TestRunAgain(t *testing.T) {
	tests := []struct {
		name   string
		change func(t *testing.T, root string) []Build
		fresh  bool
	}{
		{"nothing changed", func(t *testing.T, root string) []Build { return load(t, root) }, true},
		{"only notes changed", func(t *testing.T, root string) []Build {
			return load(t, root, "language: c", "language: c\n    notes: n\n    known_failing: [{case: a/*, reason: r}]")
		}, true},
		{"a source changed", func(t *testing.T, root string) []Build {
			write(t, filepath.Join(root, "a.wasm"), module+"second")
			return load(t, root)
		}, false},
		{"flags changed", func(t *testing.T, root string) []Build {
			return load(t, root, "compiler: sh", "compiler: sh\n    flags: [-x]")
		}, false},
		{"the module was touched", func(t *testing.T, root string) []Build {
			write(t, filepath.Join(root, "dist", "one.wasm"), module+"other")
			return load(t, root)
		}, false},
		{"the module was removed", func(t *testing.T, root string) []Build {
			if err := os.Remove(filepath.Join(root, "dist", "one.wasm")); err != nil {
				t.Fatal(err)
			}
			return load(t, root)
		}, false},
		{"the provenance was cut off", func(t *testing.T, root string) []Build {
			write(t, filepath.Join(root, "dist", "one.json"), "{")
			return load(t, root)
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root, builds := singleBuild(t)
			run(t, root, builds)
			r := run(t, root, tt.change(t, root))
			if r.UpToDate != tt.fresh {
				t.Errorf("up to date: got %v, wanted %v", r.UpToDate, tt.fresh)
			}
			source, _ := os.ReadFile(filepath.Join(root, "a.wasm"))
			if content, err := os.ReadFile(r.Path); string(content) != string(source) {
				t.Errorf("got %q, %v, wanted %q", content, err, source)
			}
		})
	}
}

func TestRunFails(t *testing.T) {
	tests := []struct {
		name, old, new string
		want           string
		as             any
	}{
		{"the command fails", "[cp, a.wasm, ", `[sh, -c, "echo out of luck; exit 3", `, "out of luck", nil},
		{"no module", "[cp, a.wasm, ", `["true", `, "wrote no module", nil},
		{"no WebAssembly", "[cp, a.wasm, ", `[cp, builds.yaml, `, "no WebAssembly", nil},
		{"unknown variable", "${out}", "${oot}", "unknown variable ${oot}: expected one of flags, out", new(*ListError)},
		{"no source", "[a.wasm]", "[b.wasm]", `"b.wasm" matches no file`, new(*ListError)},
		{"no compiler", "compiler: sh", "compiler: none-such", "no none-such on PATH", new(*toolchain.MissingError)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root, builds := singleBuild(t)
			run(t, root, builds)
			before, _ := os.ReadFile(filepath.Join(root, "dist", "one.wasm"))
			_, err := Run(context.Background(), load(t, root, tt.old, tt.new), Options{Root: root})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, wanted …%s…", err, tt.want)
			}
			if tt.as != nil && !errors.As(err, tt.as) {
				t.Errorf("got a %T, wanted a %T", err, tt.as)
			}
			if after, _ := os.ReadFile(filepath.Join(root, "dist", "one.wasm")); string(after) != string(before) {
				t.Errorf("the module that was there is now %q", after)
			}
		})
	}
}

// Of several runs at once, one builds, and the others wait and take its module.
func TestRunTwice(t *testing.T) {
	root, _ := singleBuild(t)
	builds := load(t, root, `[cp, a.wasm, "${out}"]`, `[sh, -c, "echo x >>${work}/count && cp a.wasm ${out}"]`)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := Run(context.Background(), builds, Options{Root: root}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if count, err := os.ReadFile(filepath.Join(root, ".cache", "build", "one", "count")); string(count) != "x\n" {
		t.Errorf("the recipe ran %d times, %v", len(count)/2, err)
	}
}

// Variables of the caller that steer compilers do not reach a recipe, but the recipe's own do.
func TestRunEnvironment(t *testing.T) {
	for _, name := range []string{"GOFLAGS", "RUSTFLAGS", "CARGO_PROFILE_RELEASE_LTO", "GOOS"} {
		t.Setenv(name, "mine")
	}
	t.Setenv("GOPROXY", "mirror")
	root, _ := singleBuild(t)
	builds := load(t, root, `{command: [cp, a.wasm, "${out}"]}`,
		`{command: [sh, -c, "cp a.wasm ${out}; echo $GOFLAGS,$RUSTFLAGS,$CARGO_PROFILE_RELEASE_LTO,$GOOS,$GOPROXY >${work}/env"], `+
			`env: {GOOS: "${root}"}}`)
	run(t, root, builds)
	got, err := os.ReadFile(filepath.Join(root, ".cache", "build", "one", "env"))
	if want := ",,," + root + ",mirror\n"; string(got) != want {
		t.Errorf("got %q, %v, wanted %q", got, err, want)
	}
}
