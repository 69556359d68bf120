package bench

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/toolchain"
)

// fake is a repository with one build, whose compiler writes a module of eight bytes and notes what it saw.
func fake(t *testing.T, script string) (root string, b build.Build) {
	t.Helper()
	root = t.TempDir()
	write(t, root, "plugin/a.zig", "// a\nconst a = 1;\n\nconst b = 2;\n")
	write(t, root, "plugin/b.json", "{}\n")
	write(t, root, "plugin/a_test.zig", "const c = 3;\n")
	write(t, root, ".cache/toolchain/here", "")
	return root, build.Build{
		Name: "fake", Language: "zig", Compiler: "sh", Wasm: "dist/fake.wasm",
		SDK:     build.SDK{Name: "none", Version: "0"},
		Sources: []string{"plugin/*", "!plugin/*_test.zig"},
		Recipe:  build.Recipe{Command: []string{"${sh}", "-c", script, "sh", "${out}"}, Env: map[string]string{"A": "b"}},
	}
}

func write(t *testing.T, root, file, text string) {
	t.Helper()
	place := filepath.Join(root, file)
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(place, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// module writes an empty one.
const module = `printf '\000asm\001\000\000\000' > "$1"`

func TestCost(t *testing.T) {
	seen := filepath.Join(t.TempDir(), "seen")
	root,
		b := fake(t,
		module+`; echo "$A $(ls plugin .cache/toolchain | tr '\n' ' ')$(wc -l < plugin/a.zig) $GOCACHE $XDG_CACHE_HOME" >> `+
			seen)
	c, err := Cost(context.Background(), root, b, true)
	if err != nil {
		t.Fatal(err)
	}
	if c.Build != "fake" || c.Lines != 2 || c.Dependencies != nil || c.Parts != nil || c.ToolchainBytes != 0 ||
		c.Cold <= 0 || c.Warm <= 0 {
		t.Errorf("%+v", c)
	}
	text, err := os.ReadFile(seen)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != 2 {
		t.Fatalf("built %d times:\n%s", len(lines), text)
	}
	for i, line := range lines {
		want := []string{"b .cache/toolchain: here  plugin: a.zig b.json 4",
			"b .cache/toolchain: here  plugin: a.zig b.json 5"}[i]
		caches, ok := strings.CutPrefix(line, want+" ")
		if fields := strings.Fields(caches); !ok || len(fields) != 2 || fields[0] != filepath.Join(fields[1], "go") {
			t.Errorf("it saw %q, want %q and two caches", line, want)
		}
		if folder := strings.Fields(caches)[1]; strings.HasPrefix(folder, root) {
			t.Errorf("it was built in the repository: %s", folder)
		} else if _, err := os.Stat(folder); err == nil {
			t.Errorf("%s is left behind", folder)
		}
	}
	if text, err := os.ReadFile(filepath.Join(root, "plugin/a.zig")); err != nil ||
		strings.Count(string(text), "\n") != 4 {
		t.Errorf("the repository's own file was changed: %q, %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(root, "dist")); err == nil {
		t.Error("a module was written into the repository")
	}
}

func TestCostOfAFailingBuild(t *testing.T) {
	root, b := fake(t, "echo no such luck; exit 1")
	if _, err := Cost(context.Background(), root, b, true); err == nil || !strings.Contains(err.Error(), "cost of fake") ||
		!strings.Contains(err.Error(), "no such luck") {
		t.Errorf("%v", err)
	}
	if _, err := Cost(context.Background(), root, b, false); err != nil {
		t.Errorf("without a build: %v", err)
	}
}

func TestDependencyFiles(t *testing.T) {
	rule := `/a b/target/x.wasm: /r/plugin/src/b.rs /r/plugin/src/a\ c.rs /elsewhere/d.rs` + "\n\nmore: /r/e.rs\n"
	if diff := cmp.Diff([]string{"plugin/src/b.rs", "plugin/src/a c.rs"}, dependencyFiles("/r", rule)); diff != "" {
		t.Error(diff)
	}
}

// TestGoContents asks Go itself about a module with a file for another system and a dependency of its test's.
func TestGoContents(t *testing.T) {
	root := t.TempDir()
	write(t, root, "go.mod", "module example.com/a\n\ngo 1.26\n")
	write(t, root, "plugin/main.go", "package main\n\nimport _ \"example.com/a/inner\"\n\nfunc main() {}\n")
	write(t, root, "plugin/main_windows.go", "package main\n")
	write(t, root, "plugin/tagged.go", "//go:build tagged\n\npackage main\n")
	write(t, root, "plugin/main_test.go", "package main\n")
	write(t, root, "inner/inner.go", "package inner\n")
	tools, err := toolchain.Obtain(context.Background(), []string{"go"}, toolchain.Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	b := build.Build{Name: "a", Compiler: "go", Flags: []string{"-tags=tagged"}, Recipe: build.Recipe{
		Command: []string{"${go}", "build", "${flags}", "-o", "${out}", "./plugin"},
		Env:     map[string]string{"GOOS": "wasip1", "GOARCH": "wasm"}}}
	got, err := contents(context.Background(), root, b, tools["go"])
	if err != nil {
		t.Fatal(err)
	}
	want := content{files: []string{"inner/inner.go", "plugin/main.go", "plugin/tagged.go"}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(content{})); diff != "" {
		t.Error(diff)
	}
}

func TestDiskUse(t *testing.T) {
	root := t.TempDir()
	write(t, root, "a/one", "1234")
	write(t, root, "b/two", "12")
	for link, to := range map[string]string{"a/again": "one", "a/b": "../b", "b/round": "../a"} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	places := []string{"", filepath.Join(root, "a"), filepath.Join(root, "b"), filepath.Join(root, "gone")}
	if got, err := diskUse(places); err != nil || got != 6 {
		t.Errorf("%d bytes, %v", got, err)
	}
}

func TestAbsolutePath(t *testing.T) {
	text := `{"a": "-L/usr/lib/x", "b": ["/usr/y.a", "--dir={t}::/tmp", "src/z.S"]}`
	var got []string
	for _, m := range absolutePath.FindAllStringSubmatch(text, -1) {
		got = append(got, m[1])
	}
	if diff := cmp.Diff([]string{"/usr/lib/x", "/usr/y.a"}, got); diff != "" {
		t.Error(diff)
	}
}
