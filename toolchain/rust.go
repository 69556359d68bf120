package toolchain

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// rustc is a Rust compiler that is called by its own path, so that no rustup and no override for a folder can replace
// it.
type rustc struct {
	bin     string // folder with rustc and cargo
	sysroot string
	version string
	hash    string // commit
	verbose string // what rustc -vV says
}

func (s *search) findRust(ctx context.Context) Finding {
	f := Finding{Name: "rust"}
	var lacks []string
	for _, look := range []func(context.Context) (*Tool, string){s.rustOnPath, s.debianRust} {
		tool, lack := look(ctx)
		if tool != nil {
			f.Tool = tool
			return f
		}
		lacks = append(lacks, lack)
	}
	f.Problem = strings.Join(lacks, "; ")
	f.Commands = s.rustCommands()
	var next []string
	if s.rustupCanInstall(ctx) {
		next = append(next, "rustup target add "+s.Rust.Target)
	}
	ok, why := s.canUseApt()
	if ok {
		next = append(next, "apt-get install "+strings.Join(s.Rust.Debian, " "))
	} else if len(next) == 0 {
		f.Problem += "; " + why
	}
	f.Plan = strings.Join(next, ", and if that fails ")
	return f
}

// rustOnPath accepts any Rust that has the target's standard library. As a rule rustup has installed it.
func (s *search) rustOnPath(ctx context.Context) (tool *Tool, lack string) {
	path, err := lookPath("rustc")
	if err != nil {
		return nil, "no rustc on PATH"
	}
	r, err := s.askRustc(ctx, path)
	switch {
	case err != nil:
		return nil, err.Error()
	case older(r.version, s.Rust.AtLeast):
		return nil, fmt.Sprintf("%s is Rust %s: expected %s or later", path, r.version, s.Rust.AtLeast)
	case !exists(filepath.Join(r.bin, "cargo")):
		return nil, "no cargo beside " + filepath.Join(r.bin, "rustc")
	}
	libs := filepath.Join(r.sysroot, "lib", "rustlib", s.Rust.Target, "lib")
	if std, _ := filepath.Glob(filepath.Join(libs, "libstd-*.rlib")); len(std) == 0 {
		return nil, fmt.Sprintf("%s (%s) has no %s library", path, r.version, s.Rust.Target)
	}
	if r.bin == s.at("/usr/bin") && !exists(filepath.Join(libs, "self-contained")) {
		// A distribution's standard library needs the distribution's libc and linker.
		if missing := s.missingRustLinker(); missing != "" {
			return nil, path + " needs " + missing + ", which is missing"
		}
		return s.rustTool(r, "from PATH: "+filepath.Join(r.bin, "rustc"), nil, s.debianLink()), ""
	}
	return s.rustTool(r, "from PATH: "+filepath.Join(r.bin, "rustc"), nil, nil), ""
}

// debianRust accepts the distribution's compiler together with the sources of its standard library. Cargo compiles
// them for the target; RUSTC_BOOTSTRAP lets a stable compiler use the unstable flag for that.
func (s *search) debianRust(ctx context.Context) (tool *Tool, lack string) {
	if s.os != "linux" {
		return nil, "this project knows no packages of Rust for " + s.name()
	}
	for _, file := range []string{s.at("/usr/bin/rustc"), s.at("/usr/bin/cargo")} {
		if !exists(file) {
			return nil, "no " + file
		}
	}
	r, err := s.askRustc(ctx, s.at("/usr/bin/rustc"))
	if err != nil {
		return nil, err.Error()
	}
	if older(r.version, s.Rust.AtLeast) {
		return nil, fmt.Sprintf("/usr/bin/rustc is Rust %s: expected %s or later", r.version, s.Rust.AtLeast)
	}
	if sources := filepath.Join(r.sysroot, "lib/rustlib/src/rust/library/Cargo.lock"); !exists(sources) {
		return nil, "/usr/bin/rustc has no sources of its standard library: no " + sources
	}
	if missing := s.missingRustLinker(); missing != "" {
		return nil, "/usr/bin/rustc needs " + missing + ", which is missing"
	}
	tool = s.rustTool(r, "from packages of "+s.name()+
		": /usr/bin/rustc, with the sources of its standard library (-Zbuild-std)",
		[]string{"-Zbuild-std=std,panic_abort"}, s.debianLink())
	tool.Env = append(tool.Env, "RUSTC_BOOTSTRAP=1")
	libc, _ := os.ReadFile(s.libc())
	tool.Details = append(tool.Details, "libc.a "+digest(libc), s.Rust.Linker)
	return tool, ""
}

func (s *search) askRustc(ctx context.Context, path string) (rustc, error) {
	out, err := s.run(ctx, command{args: []string{path, "-vV"}, env: []string{"RUSTUP_AUTO_INSTALL=0"}})
	if err != nil {
		return rustc{}, err
	}
	r := rustc{verbose: strings.TrimSpace(out)}
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "release":
			r.version = value
		case "commit-hash":
			r.hash = value
		}
	}
	out, err = s.run(ctx, command{args: []string{path, "--print=sysroot"}, env: []string{"RUSTUP_AUTO_INSTALL=0"}})
	if err != nil {
		return rustc{}, err
	}
	r.sysroot = strings.TrimSpace(out)
	r.bin = filepath.Join(r.sysroot, "bin")
	if r.version == "" || !exists(filepath.Join(r.bin, "rustc")) {
		return rustc{}, fmt.Errorf("ask %s for its version: got %q, sysroot %s", path, out, r.sysroot)
	}
	return r, nil
}

// debianLink are the compiler flags that link the distribution's libc.
func (s *search) debianLink() []string {
	return []string{"-Clinker=" + s.Rust.Linker, "-Clink-self-contained=no", "-Lnative=" + filepath.Dir(s.libc())}
}

func (s *search) missingRustLinker() string {
	if _, err := lookPath(s.Rust.Linker); err != nil {
		return s.Rust.Linker
	}
	if !exists(s.libc()) {
		return s.libc()
	}
	return ""
}

func (s *search) rustCommands() []string {
	rustup := []string{
		"curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal --target " + s.Rust.Target,
		`. "$HOME/.cargo/env"`,
	}
	if path, err := lookPath("rustup"); err == nil && path != "" {
		rustup = []string{"rustup update stable && rustup default stable && rustup target add " + s.Rust.Target}
	}
	if !s.apt {
		return append([]string{"# with rustup, which needs no root:"}, rustup...)
	}
	return append([]string{
		"# with root, on Debian 12 or later:", aptInstall(s.Rust.Debian),
		"# or with rustup, on Ubuntu or without root:",
	}, rustup...)
}
