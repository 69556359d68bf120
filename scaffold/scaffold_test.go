package scaffold

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/conformance/table"
)

func TestFiles(t *testing.T) {
	for _, language := range Languages() {
		t.Run(language, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "new", "my-plugin")
			files, err := Files(Options{Name: "my-plugin", Language: language, Parity: "/bin/parity"})
			if err != nil {
				t.Fatal(err)
			}
			for file, text := range files {
				if strings.Contains(string(text), "<<") || strings.HasSuffix(file, ".tmpl") {
					t.Errorf("%s is not filled in:\n%s", file, text)
				}
				to := filepath.Join(dir, filepath.FromSlash(file))
				if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, text, 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			list, err := build.Load(filepath.Join(dir, build.File))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := list.Builds[0].Files(dir); err != nil {
				t.Error(err)
			}
			if _, err := table.Load(filepath.Join(dir, list.Table)); err != nil {
				t.Error(err)
			}
		})
	}
}

// The Makefile calls the command wherever it is.
func TestMakefile(t *testing.T) {
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("no make")
	}
	dir := filepath.Join(t.TempDir(), "my $tools # 'old' & new")
	command := filepath.Join(dir, "parity")
	files, err := Files(Options{Name: "a", Language: "go", Parity: command})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(command, []byte("#!/bin/sh\necho called with $1\n"), 0o755),
		os.WriteFile(filepath.Join(dir, "Makefile"), files["Makefile"], 0o644)); err != nil {
		t.Fatal(err)
	}
	make := exec.Command("make", "--no-print-directory", "check") // as the tests themselves may run under a make
	make.Dir = dir
	if out, err := make.CombinedOutput(); err != nil || string(out) != "called with check\n" {
		t.Errorf("%v\n%s\n%s", err, out, files["Makefile"])
	}
	push := exec.Command("make", "--no-print-directory", "push", "REGISTRY=here:5000/team")
	push.Dir = dir
	if out, err := push.CombinedOutput(); err != nil || string(out) != "called with image\n" {
		t.Errorf("push: %v\n%s\n%s", err, out, files["Makefile"])
	}
	push = exec.Command("make", "--no-print-directory", "push")
	push.Dir = dir
	if out, err := push.CombinedOutput(); err == nil || !strings.Contains(string(out), "make push REGISTRY=") {
		t.Errorf("push without a registry: %v\n%s", err, out)
	}
}

func TestWrongOptions(t *testing.T) {
	for _, o := range []Options{{Name: "", Language: "go"}, {Name: "Ä", Language: "go"}, {Name: "a/b", Language: "rust"},
		{Name: "a", Language: "c"}} {
		var wrong *Error
		if _, err := Files(o); !errors.As(err, &wrong) {
			t.Errorf("%+v: got %v", o, err)
		}
	}
}

func TestNameOf(t *testing.T) {
	for dir, want := range map[string]string{"/a/My_Plugin": "my-plugin", "/a/2nd": "nd", "/a/x.y": "x-y", "/": "",
		"/a/ß": ""} {
		if got := NameOf(dir); got != want {
			t.Errorf("%s: got %q, wanted %q", dir, got, want)
		}
	}
}

// The versions of a new plugin are those that this project is tested with.
func TestVersionsAreOurs(t *testing.T) {
	read := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	// go.sum has modules of the SDK's own tests besides: only the SDK is compiled.
	const sdk = "github.com/proxy-wasm/proxy-wasm-go-sdk "
	ours := read("../go.sum")
	for line := range strings.Lines(read("templates/go/go.sum.tmpl")) {
		if strings.HasPrefix(line, sdk) && !strings.Contains(ours, line) {
			t.Errorf("go.sum: ../go.sum has no line %s", line)
		}
	}
	for _, file := range []string{"templates/go/go.mod.tmpl", "templates/go/builds.yaml.tmpl"} {
		_, rest, _ := strings.Cut(ours, sdk)
		version, _, _ := strings.Cut(rest, " ")
		if !strings.Contains(read(file), version) {
			t.Errorf("%s: expected version %s", file, version)
		}
	}
	crates := read("../Cargo.lock")
	for _, crate := range strings.Split(read("templates/rust/Cargo.lock.tmpl"), "[[package]]\n")[1:] {
		if crate = strings.TrimSpace(crate); !strings.Contains(crate, "<<.Name>>") && !strings.Contains(crates, crate) {
			t.Errorf("Cargo.lock: ../Cargo.lock has no package\n%s", crate)
		}
	}
}
