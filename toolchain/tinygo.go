package toolchain

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var tinygoVersion = regexp.MustCompile(`^tinygo version (\S+) `)

func (s *search) findTinyGo(ctx context.Context) Finding {
	f := Finding{Name: "tinygo"}
	tool, lack := s.tinygoOnPath(ctx)
	if tool == nil {
		var lackHere string
		tool, lackHere = s.builtTinyGo(ctx)
		lack += "; " + lackHere
	}
	if tool != nil {
		f.Tool = tool
		return f
	}
	f.Problem = lack
	f.Commands = s.tinygoCommands()
	build := "build TinyGo " + s.TinyGo.Build + " from the Go module proxy into " + s.tinygoHome()
	ok, why := s.canUseApt()
	switch {
	case s.missingLLVM() == "":
		f.Plan = build
	case ok:
		f.Plan = "apt-get install " + strings.Join(s.TinyGo.Debian, " ") + ", then " + build
	default:
		f.Problem += "; " + why
	}
	return f
}

// tinygoOnPath accepts a release only: it contains a libc, and a TinyGo that was built from its module does not.
func (s *search) tinygoOnPath(ctx context.Context) (tool *Tool, lack string) {
	path, err := lookPath("tinygo")
	if err != nil {
		return nil, "no tinygo on PATH"
	}
	line, version, err := s.askTinyGo(ctx, path, nil)
	switch {
	case err != nil:
		return nil, err.Error()
	case older(version, s.TinyGo.AtLeast) || !older(version, s.TinyGo.Below):
		return nil, fmt.Sprintf("%s is TinyGo %s: expected %s or later, and before %s",
			path, version, s.TinyGo.AtLeast, s.TinyGo.Below)
	}
	root, err := s.run(ctx, command{args: []string{path, "env", "TINYGOROOT"}, env: goEnv})
	if err != nil {
		return nil, err.Error()
	}
	root = strings.TrimSpace(root)
	if libc, _ := os.ReadDir(filepath.Join(root, "lib", "wasi-libc")); len(libc) == 0 {
		return nil, fmt.Sprintf("%s is not a release: it has no libc in %s", path, filepath.Join(root, "lib", "wasi-libc"))
	}
	details := []string{line}
	// A release may contain wasm-opt. Otherwise TinyGo uses the one on PATH.
	wasmOpt := filepath.Join(root, "bin", "wasm-opt")
	if !exists(wasmOpt) {
		wasmOpt = "wasm-opt"
	}
	if out, err := s.run(ctx, command{args: []string{wasmOpt, "--version"}}); err == nil {
		details = append(details, strings.TrimSpace(out))
	}
	return &Tool{
		Name:    "tinygo",
		Version: version,
		Origin:  "from PATH: " + path,
		Details: details,
		Env:     goEnv,
		Vars:    map[string][]string{"tinygo": {path}, "tinygo_target": {"wasip1"}},
	}, ""
}

// builtTinyGo is the one that installTinyGo builds.
func (s *search) builtTinyGo(ctx context.Context) (tool *Tool, lack string) {
	home := s.tinygoHome()
	if !exists(home) {
		return nil, "this project has not built it yet"
	}
	target := filepath.Join(home, "root", "targets", "wasip1.json")
	if libc, err := os.ReadFile(target); err != nil || !strings.Contains(string(libc), s.builtins()) {
		return nil, "the one in " + home + " was built by an earlier version of this project"
	}
	if missing := s.missingLLVM(); missing != "" {
		return nil, "the one in " + home + " needs " + missing + ", which is missing"
	}
	env := append([]string{
		"TINYGOROOT=" + filepath.Join(home, "root"),
		"WASMOPT=" + s.at("/usr/bin/wasm-opt"), // another one may be first on PATH
	}, goEnv...)
	path := filepath.Join(home, "bin", "tinygo")
	line, version, err := s.askTinyGo(ctx, path, env)
	if err != nil {
		return nil, err.Error()
	}
	wasmOpt, err := s.run(ctx, command{args: []string{s.at("/usr/bin/wasm-opt"), "--version"}})
	if err != nil {
		return nil, err.Error()
	}
	details := []string{line, strings.TrimSpace(wasmOpt)}
	for _, file := range []string{target, s.libc(), s.builtins()} {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, "read " + file + ": " + err.Error()
		}
		details = append(details, filepath.Base(file)+" "+digest(content))
	}
	return &Tool{
		Name:    "tinygo",
		Version: version,
		Origin: "built by this project from the Go module proxy: " + home + ", with LLVM " + s.TinyGo.LLVM +
			" from " + s.name(),
		Details: details,
		Env:     env,
		Path:    []string{s.llvmBin()},
		Vars:    map[string][]string{"tinygo": {path}, "tinygo_target": {"wasip1"}},
	}, ""
}

func (s *search) askTinyGo(ctx context.Context, path string, env []string) (line, version string, err error) {
	out, err := s.run(ctx, command{args: []string{path, "version"}, env: append(env, goEnv...)})
	if err != nil {
		return "", "", err
	}
	line = strings.TrimSpace(out)
	m := tinygoVersion.FindStringSubmatch(line)
	if m == nil {
		return "", "", fmt.Errorf("ask %s for its version: got %q", path, line)
	}
	return line, m[1], nil
}

func (s *search) tinygoHome() string {
	return filepath.Join(s.Cache, "tinygo-"+s.TinyGo.Build)
}

func (s *search) llvmBin() string {
	return s.at("/usr/lib/llvm-" + s.TinyGo.LLVM + "/bin")
}

// missingLLVM is the first file of the packages that is not there; "": they are complete.
func (s *search) missingLLVM() (missing string) {
	for _, file := range []string{
		filepath.Join(s.llvmBin(), "wasm-ld"), filepath.Join(s.llvmBin(), "clang++"),
		s.at("/usr/lib/llvm-" + s.TinyGo.LLVM + "/include/llvm-c/Core.h"),
		s.at("/usr/lib/llvm-" + s.TinyGo.LLVM + "/include/clang-c/Index.h"),
		s.at("/usr/bin/wasm-opt"), s.libc(), s.builtins(),
	} {
		if !exists(file) {
			return file
		}
	}
	return ""
}

func (s *search) tinygoCommands() []string {
	release := "https://github.com/tinygo-org/tinygo/releases/download/v" + s.TinyGo.Build + "/tinygo" + s.TinyGo.Build +
		"." + s.os + "-" + s.arch + ".tar.gz"
	cure := []string{
		"# a release of TinyGo, in any folder of yours:",
		"mkdir -p ~/.local && curl -fL " + release + " | tar -xz -C ~/.local",
		"export PATH=~/.local/tinygo/bin:$PATH",
	}
	if s.os == "darwin" {
		cure = append(cure, "brew install binaryen")
	}
	if s.apt {
		cure = append([]string{
			"# with root, on Debian 12 or Ubuntu 24.10 or later; this project then builds TinyGo itself:",
			aptInstall(s.TinyGo.Debian),
		}, append([]string{"# or, without root: " + cure[0][2:]}, cure[1:]...)...)
	}
	return cure
}
