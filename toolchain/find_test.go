package toolchain

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// machine is a computer of folders and shell scripts: nothing of the real one is on its PATH.
type machine struct {
	t    *testing.T
	dir  string
	root bool   // whether apt-get may be called
	os   string // "": linux with apt
	log  strings.Builder
}

func newMachine(t *testing.T) *machine {
	m := &machine{t: t, dir: t.TempDir(), root: true}
	for _, name := range []string{"sh", "env", "mkdir", "touch", "cat", "chmod"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Skipf("no %s here to make a machine of", name)
		}
		m.file("bin/"+name, "")
		if err := os.Remove(m.path("bin/" + name)); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, m.path("bin/"+name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", m.path("bin"))
	return m
}

func (m *machine) path(name string) string { return filepath.Join(m.dir, name) }

func (m *machine) file(name, text string) {
	m.t.Helper()
	if err := os.MkdirAll(filepath.Dir(m.path(name)), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(m.path(name), []byte(text), 0o755); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) script(name, body string) { m.file(name, "#!/bin/sh\n"+body+"\n") }

// rust puts a compiler at a folder: bin/rustc, bin/cargo.
func (m *machine) rust(sysroot, version string) {
	m.script(sysroot+"/bin/cargo", "exit 0")
	m.script(sysroot+"/bin/rustc", fmt.Sprintf(
		`case "$1" in -vV) echo "rustc %[1]s"; echo "release: %[1]s"; echo "commit-hash: 0123";; *) echo %[2]s;; esac`,
		version, m.path(sysroot)))
}

// rustup puts rustup and its rustc, which answers for the compiler at the folder "stable", on PATH.
func (m *machine) rustup(version, targetAdd string) {
	m.rust("stable", version)
	m.script("bin/rustc", "exec "+m.path("stable/bin/rustc")+` "$@"`)
	m.script("bin/rustup", targetAdd)
}

const (
	stdlib   = "stable/lib/rustlib/wasm32-wasip1/lib/libstd-1.rlib"
	wasiFile = "usr/lib/wasm32-wasi/libc.a"
	library  = "usr/lib/rustlib/src/rust/library/Cargo.lock"
)

// debianRust is what the packages bring.
func (m *machine) debianRust(version string) {
	m.rust("usr", version)
	m.file("bin/wasm-ld-19", "")
	m.file(wasiFile, "libc")
	m.file(library, "")
}

// llvm is what TinyGo's packages bring.
func (m *machine) llvm() {
	for _, f := range []string{"bin/wasm-ld", "bin/clang++", "include/llvm-c/Core.h", "include/clang-c/Index.h",
		"lib/clang/19/lib/wasi/libclang_rt.builtins-wasm32.a"} {
		m.file("usr/lib/llvm-19/"+f, "")
	}
	m.script("usr/bin/wasm-opt", "echo wasm-opt version 108")
	m.file(wasiFile, "libc")
}

func (m *machine) tinygo(version string) {
	m.script("bin/tinygo", fmt.Sprintf(`case "$1" in
version) echo "tinygo version %s linux/amd64 (using go version go1.26.0 and LLVM version 19.1.2)";;
env) echo %s;; esac`, version, m.path("tinygo-root")))
}

func (m *machine) search() *search {
	v, err := loadVersions()
	if err != nil {
		m.t.Fatal(err)
	}
	s := system{os: "linux", arch: "amd64", distro: "Debian", apt: true, isRoot: m.root, prefix: m.dir}
	if m.os != "" {
		s.os, s.distro, s.apt, s.isRoot = m.os, "", false, false
	}
	return &search{Options{Root: m.dir, Cache: m.path(".cache/toolchain"), Log: &m.log}, v, s}
}

func TestFindRust(t *testing.T) {
	tests := []struct {
		name                    string
		setup                   func(*machine)
		cargo                   string // of the compiler found
		problem, plan, commands string // of the one that isn't
	}{
		{name: "rustup's with the target",
			setup: func(m *machine) { m.rustup("1.95.0", "exit 1"); m.file(stdlib, "") }, cargo: "stable/bin/cargo"},
		{name: "rustup's without the target",
			setup:   func(m *machine) { m.rustup("1.95.0", "exit 1") },
			problem: "has no wasm32-wasip1 library", plan: "rustup target add wasm32-wasip1, and if that " +
				"fails apt-get install rustc-web"},
		{name: "rustup's without the target, Debian's beside it",
			setup: func(m *machine) { m.rustup("1.95.0", "exit 1"); m.debianRust("1.96.0") }, cargo: "usr/bin/cargo"},
		{name: "rustup's too old",
			setup:   func(m *machine) { m.rustup("1.84.0", "exit 1"); m.file(stdlib, ""); m.root = false },
			problem: "is Rust 1.84.0: expected 1.88.0 or later", commands: "rustup update stable"},
		{name: "Debian's", setup: func(m *machine) { m.debianRust("1.96.0") }, cargo: "usr/bin/cargo"},
		{name: "Debian's too old", setup: func(m *machine) { m.debianRust("1.84.1") },
			problem: "/usr/bin/rustc is Rust 1.84.1", plan: "apt-get install rustc-web"},
		{name: "Debian's without sources",
			setup:   func(m *machine) { m.debianRust("1.96.0"); os.Remove(m.path(library)) },
			problem: "no sources", plan: "apt-get install rustc-web"},
		{name: "nothing", setup: func(*machine) {}, problem: "no rustc on PATH", plan: "apt-get install rustc-web"},
		{name: "nothing and no root", setup: func(m *machine) { m.root = false },
			problem: "needs root, or sudo", commands: "sudo apt-get install -y --no-install-recommends rustc-web"},
		{name: "nothing on macOS", setup: func(m *machine) { m.os = "darwin" },
			problem: "knows no packages of Rust for darwin", commands: "sh.rustup.rs"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t)
			tt.setup(m)
			f := m.search().find(context.Background(), "rust")
			checkFinding(t, f, tt.cargo != "", tt.problem, tt.plan, tt.commands)
			if f.Tool != nil && f.Tool.Vars["cargo"][0] != m.path(tt.cargo) {
				t.Errorf("got cargo %s, wanted %s", f.Tool.Vars["cargo"][0], tt.cargo)
			}
		})
	}
}

func TestFindTinyGo(t *testing.T) {
	release := func(m *machine) { m.file("tinygo-root/lib/wasi-libc/COPYRIGHT", "") }
	tests := []struct {
		name                    string
		setup                   func(*machine)
		found                   bool
		problem, plan, commands string
	}{
		{name: "a release", setup: func(m *machine) { m.tinygo("0.41.1"); release(m) }, found: true},
		{name: "too new", setup: func(m *machine) { m.tinygo("0.42.0"); release(m) },
			problem: "is TinyGo 0.42.0: expected 0.41.0 or later, and before 0.42.0", plan: "apt-get install llvm-19-dev"},
		{name: "too old", setup: func(m *machine) { m.tinygo("0.40.1"); release(m) }, problem: "is TinyGo 0.40.1",
			plan: "then build TinyGo"},
		{name: "no release", setup: func(m *machine) { m.tinygo("0.41.1") }, problem: "is not a release",
			plan: "build TinyGo"},
		{name: "not TinyGo", setup: func(m *machine) { m.script("bin/tinygo", "echo hello") }, problem: `got "hello"`,
			plan: "build TinyGo"},
		{name: "no root, packages there", setup: func(m *machine) { m.root = false; m.llvm() }, problem: "no tinygo",
			plan: "build TinyGo 0.41.1"},
		{name: "no root, no packages", setup: func(m *machine) { m.root = false }, problem: "needs root",
			commands: "sudo apt-get install"},
		{name: "macOS", setup: func(m *machine) { m.os = "darwin" }, problem: "darwin",
			commands: "tinygo0.41.1.darwin-amd64.tar.gz"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t)
			tt.setup(m)
			checkFinding(t, m.search().find(context.Background(), "tinygo"), tt.found, tt.problem, tt.plan, tt.commands)
		})
	}
}

func checkFinding(t *testing.T, f Finding, found bool, problem, plan, commands string) {
	t.Helper()
	if (f.Tool != nil) != found {
		t.Fatalf("got %+v", f)
	}
	if found {
		return
	}
	if !strings.Contains(f.Problem, problem) {
		t.Errorf("problem: got %q, wanted …%s…", f.Problem, problem)
	}
	if !strings.Contains(f.Plan, plan) || (plan == "") != (f.Plan == "") {
		t.Errorf("plan: got %q, wanted …%s…", f.Plan, plan)
	}
	if len(f.Commands) == 0 || !strings.Contains(strings.Join(f.Commands, "\n"), commands) {
		t.Errorf("commands: got %q, wanted …%s…", f.Commands, commands)
	}
}
