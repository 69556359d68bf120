package toolchain

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The module of TinyGo and its requirements, as a go.mod of their own: they belong to no program
// that imports this package.
//
//go:embed tinygo.mod
var tinygoMod []byte

//go:embed tinygo.sum
var tinygoSum []byte

func (s *search) libc() string { return s.at("/usr/lib/wasm32-wasi/libc.a") }

func (s *search) builtins() string {
	v := s.TinyGo.LLVM
	return s.at("/usr/lib/llvm-" + v + "/lib/clang/" + v + "/lib/wasi/libclang_rt.builtins-wasm32.a")
}

// installTinyGo builds TinyGo as a Go tool. It builds in another folder and renames it at the end, so that an
// interrupted build is never taken for a complete one.
func (s *search) installTinyGo(ctx context.Context) error {
	if s.missingLLVM() != "" {
		if err := s.installPackages(ctx, s.TinyGo.Debian); err != nil {
			return err
		}
	}
	if missing := s.missingLLVM(); missing != "" {
		return fmt.Errorf("install packages: apt-get succeeded, but %s is missing", missing)
	}

	home := s.tinygoHome()
	if err := os.MkdirAll(s.Cache, 0o755); err != nil {
		return fmt.Errorf("make the folder for TinyGo: %w", err)
	}
	temp, err := UnfinishedFolder(s.Cache)
	if err != nil {
		return fmt.Errorf("make the folder for TinyGo: %w", err)
	}
	defer os.RemoveAll(temp)
	if err := s.buildTinyGo(ctx, temp); err != nil {
		return fmt.Errorf("build tinygo %s: %w", s.TinyGo.Build, err)
	}
	if err := os.Chmod(temp, 0o755); err != nil { // MkdirTemp lets only this user in
		return fmt.Errorf("build tinygo: %w", err)
	}
	if err := os.RemoveAll(home); err != nil {
		return fmt.Errorf("replace %s: %w", home, err)
	}
	return os.Rename(temp, home)
}

func (s *search) buildTinyGo(ctx context.Context, home string) error {
	log := filepath.Join(s.Cache, "tinygo.log")
	s.logf("building TinyGo %s from the Go module proxy: about a minute (log: %s)", s.TinyGo.Build, log)
	goTool := s.findGo(ctx)
	if goTool.Tool == nil {
		return &MissingError{[]Finding{goTool}}
	}
	golang := goTool.Tool.Vars["go"][0]
	module := filepath.Join(home, "module")
	if err := writeModule(module); err != nil {
		return err
	}
	defer os.RemoveAll(module)
	inModule := command{
		dir: module,
		// Debian's clang: so the machine needs no other C++ compiler.
		env: append([]string{"CGO_ENABLED=1", "CC=" + s.llvmBin() + "/clang", "CXX=" + s.llvmBin() + "/clang++"}, goEnv...),
		log: log, limit: s.TimeLimits.TinyGo,
	}
	inModule.args = []string{golang, "build", "-trimpath", "-tags=llvm" + s.TinyGo.LLVM,
		"-o", filepath.Join(home, "bin", "tinygo"), "github.com/tinygo-org/tinygo"}
	if _, err := s.run(ctx, inModule); err != nil {
		return err
	}
	inModule.args, inModule.log = []string{golang, "list", "-m", "-f={{.Dir}}", "github.com/tinygo-org/tinygo"}, ""
	out, err := s.run(ctx, inModule)
	if err != nil {
		return err
	}
	return s.tinygoRoot(strings.TrimSpace(out), home)
}

// tinygoRoot makes the folder TINYGOROOT, whose target wasip1 links Debian's libc.
func (s *search) tinygoRoot(module, home string) error {
	root := filepath.Join(home, "root")
	for _, folder := range []string{"src", "targets", "lib"} {
		if err := os.CopyFS(filepath.Join(root, folder), os.DirFS(filepath.Join(module, folder))); err != nil {
			return fmt.Errorf("copy tinygo's %s: %w", folder, err)
		}
	}
	// The module's zip does not contain this submodule. TinyGo needs the folder, but wasip1 needs no file in it.
	if err := os.MkdirAll(filepath.Join(root, "src", "net"), 0o755); err != nil {
		return fmt.Errorf("make TINYGOROOT: %w", err)
	}
	file := filepath.Join(root, "targets", "wasip1.json")
	stock, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read tinygo's target: %w", err)
	}
	target, err := debianTarget(stock, filepath.Dir(s.libc()), s.builtins())
	if err != nil {
		return err
	}
	// The module's files are read-only. Both names of the target lead to this one.
	for _, name := range []string{file, filepath.Join(root, "targets", "wasi.json")} {
		if err := errors.Join(removeIfThere(name), os.WriteFile(name, target, 0o644)); err != nil {
			return fmt.Errorf("write tinygo's target: %w", err)
		}
	}
	return nil
}

func removeIfThere(file string) error {
	if err := os.Remove(file); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// writeModule makes the folder in which Go builds TinyGo.
func writeModule(folder string) error {
	return errors.Join(os.MkdirAll(folder, 0o755),
		os.WriteFile(filepath.Join(folder, "go.mod"), tinygoMod, 0o644),
		os.WriteFile(filepath.Join(folder, "go.sum"), tinygoSum, 0o644))
}

// debianTarget is TinyGo's own target, but it links Debian's libc and builtins, because the module does not contain the
// submodules that TinyGo compiles them from. It leaves out the two features that LLVM 19 does not know.
func debianTarget(stock []byte, libc, builtins string) ([]byte, error) {
	var t map[string]any
	if err := json.Unmarshal(stock, &t); err != nil {
		return nil, fmt.Errorf("read tinygo's target: %w", err)
	}
	features, ok1 := t["features"].(string)
	cflags, ok2 := t["cflags"].([]any)
	ldflags, ok3 := t["ldflags"].([]any)
	if !ok1 || !ok2 || !ok3 {
		return nil, fmt.Errorf("read tinygo's target: expected features, cflags and ldflags")
	}
	delete(t, "libc")
	delete(t, "rtlib")
	for _, unknown := range []string{"+bulk-memory-opt,", "+call-indirect-overlong,"} {
		features = strings.Replace(features, unknown, "", 1)
	}
	t["features"] = features
	t["cflags"] = append(cflags, "-isystem", strings.Replace(libc, "/lib/", "/include/", 1))
	t["ldflags"] = append(ldflags, "-L"+libc, "-lc", builtins)
	return json.MarshalIndent(t, "", "\t")
}
