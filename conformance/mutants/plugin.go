package mutants

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"go/build"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/header-auth/header-auth/toolchain"
)

// plugin is one of the two plugins, in a copy where its sources can be changed.
type plugin struct {
	language string   // as in builds.yaml; the compiler has the same name
	needs    []string // the files and folders of the copy
	mutate   func(ctx context.Context, p *plugin) ([]Mutant, error)
	command  func(p *plugin, vars map[string][]string) (args, env []string, module string)

	root    string // the repository's folder, absolute
	cache   string // Options.Cache
	scratch string // the copy
	tool    *toolchain.Tool
	args    []string
	env     []string
	module  string
	sources map[string][]byte // the files that may be changed: path from the root, with slashes, to content
}

// plugins are both plugins; the one with the faster compiler comes first.
func plugins() []*plugin {
	return []*plugin{
		{language: "rust", needs: []string{"Cargo.toml", "Cargo.lock", "rust-plugin"}, mutate: mutateRust, command: cargo},
		{language: "go", needs: []string{"go.mod", "go.sum", "go-plugin"}, mutate: mutateGo, command: mainlineGo},
	}
}

// Languages are the names of the plugins.
func Languages() []string {
	var names []string
	for _, p := range plugins() {
		names = append(names, p.language)
	}
	return names
}

func mutateGo(_ context.Context, p *plugin) ([]Mutant, error) { return goMutants(p.sources) }

func mutateRust(ctx context.Context, p *plugin) ([]Mutant, error) {
	return rustReader{p.root, p.cache, p.tool}.mutants(ctx, p.scratch, p.sources)
}

// mainlineGo takes a second where TinyGo takes five. Only the SDK differs between the two builds, and the SDK is not
// changed. Without a build ID, equal programs give equal modules.
func mainlineGo(p *plugin, vars map[string][]string) (args, env []string, module string) {
	module = filepath.Join(p.scratch, "plugin.wasm")
	args = append(slices.Clone(vars["go"]), "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w -buildid=", "-o",
		module, "./go-plugin")
	return args, []string{"GOOS=wasip1", "GOARCH=wasm"}, module
}

// cargo builds with the release profile's overflow checks and panics, but without its slow optimizations.
func cargo(p *plugin, vars map[string][]string) (args, env []string, module string) {
	target := p.scratch + "-target"
	args = append(slices.Clone(vars["cargo"]), "build", "--locked", "--lib", "--package=header-auth",
		"--target=wasm32-wasip1",
		"--target-dir="+target, "--profile=mutant", `--config=profile.mutant.inherits="release"`,
		"--config=profile.mutant.opt-level=1",
		"--config=profile.mutant.lto=false", "--config=profile.mutant.codegen-units=16",
		"--config=profile.mutant.incremental=true")
	args = append(args, vars["cargo_flags"]...)
	flags := strings.Join(append(slices.Clone(vars["rustflags"]), "-Awarnings"), "\x1f")
	env = []string{"CARGO_ENCODED_RUSTFLAGS=" + strings.TrimPrefix(flags, "\x1f"), "CARGO_INCREMENTAL=1"}
	return args, env, filepath.Join(target, "wasm32-wasip1", "mutant", "header_auth.wasm")
}

// prepare makes the copy and reads the sources.
func (p *plugin) prepare(ctx context.Context, root, cache string, tool *toolchain.Tool) error {
	p.root, p.cache, p.scratch, p.tool = root, cache, filepath.Join(cache, "mutants", p.language), tool
	if err := os.RemoveAll(p.scratch); err != nil {
		return err
	}
	for _, name := range p.needs {
		if err := copyTree(filepath.Join(root, name), filepath.Join(p.scratch, name)); err != nil {
			return fmt.Errorf("copy %s: %w", name, err)
		}
	}
	vars, err := tool.Variables(ctx)
	if err != nil {
		return err
	}
	p.args, p.env, p.module = p.command(p, vars)
	p.sources, err = p.read()
	return err
}

// read gives the sources of the module. It leaves out tests, and files for another target or another build.
func (p *plugin) read() (map[string][]byte, error) {
	files := map[string][]byte{}
	constraints := build.Context{GOOS: "wasip1", GOARCH: "wasm", Compiler: "gc", ToolTags: build.Default.ToolTags,
		ReleaseTags: build.Default.ReleaseTags}
	err := filepath.WalkDir(filepath.Join(p.scratch, p.language+"-plugin"),
		func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			stem, extension := strings.TrimSuffix(d.Name(), filepath.Ext(file)), filepath.Ext(file)
			wanted := extension == ".rs" && !strings.HasSuffix(stem, "_native")
			if extension == ".go" {
				if wanted, err = constraints.MatchFile(filepath.Dir(file), d.Name()); err != nil {
					return err
				}
			}
			if !wanted || strings.HasSuffix(stem, "_test") {
				return nil
			}
			name, err := filepath.Rel(p.scratch, file)
			if err == nil {
				files[filepath.ToSlash(name)], err = os.ReadFile(file)
			}
			return err
		})
	return files, err
}

// buildLimit is the longest time for one build. An incremental build needs about a second.
const buildLimit = 10 * time.Minute

// errCompile says that a mutant does not compile.
var errCompile = errors.New("does not compile")

// buildMutant builds the plugin with a mutant's change, and undoes the change.
func (p *plugin) buildMutant(ctx context.Context, m Mutant) (wasm []byte, err error) {
	file, source := filepath.Join(p.scratch, filepath.FromSlash(m.File)), p.sources[m.File]
	if err := os.WriteFile(file, m.apply(source), 0o644); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.WriteFile(file, source, 0o644)) }()
	return p.build(ctx)
}

// placeOfFault matches the message of a compiler or a linker about a faulty program.
var placeOfFault = regexp.MustCompile(`\.(go|rs):\d+|\blink`)

func (p *plugin) build(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, buildLimit)
	defer cancel()
	if err := os.Remove(p.module); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err // otherwise the module of an earlier build could be taken for the mutant
	}
	cmd := exec.CommandContext(ctx, p.args[0], p.args[1:]...)
	cmd.Dir, cmd.WaitDelay = p.scratch, 5*time.Second
	cmd.Env = toolchain.Environ(p.tool.Path, append(slices.Clone(p.tool.Env), p.env...)...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err := toolchain.RunGroup(ctx, cmd)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && placeOfFault.Match(output.Bytes()) {
		return nil, fmt.Errorf("%w:\n%s", errCompile, bytes.TrimSpace(output.Bytes()))
	}
	if err != nil { // such as an interrupt or a full disk: this says nothing about the mutant
		return nil, fmt.Errorf("run %s: %w\n%s", p.args[0], err, bytes.TrimSpace(output.Bytes()))
	}
	return os.ReadFile(p.module)
}

// digest is different for different sources.
func (p *plugin) digest() string {
	h := sha256.New()
	for _, name := range sortedNames(p.sources) {
		fmt.Fprintf(h, "%s %d\n%s", name, len(p.sources[name]), p.sources[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

func sortedNames(files map[string][]byte) []string { return slices.Sorted(maps.Keys(files)) }

func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(from, file)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		target := filepath.Join(to, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o644)
	})
}
