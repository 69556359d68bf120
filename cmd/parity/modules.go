package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/report"
)

// selection is the flags of every command that runs cases: which modules, which table, which host.
type selection struct {
	builds, wasm              nameList
	cases                     string
	engine, profile, allocate string
	noBuild                   bool

	root string // the repository's folder; "": outside of one
}

const selectionHelp = `  --build NAME           a build of builds.yaml; repeat it for several. It is made first if it is not up to date.
  --wasm NAME=FILE       any other module, with a name for it; repeat it for several. Without --build, no build of
                         builds.yaml is used, and no compiler is needed.
  --no-build             take the modules in dist/ as they are
  --cases DIR            the table: a folder with contract.yaml and cases (default conformance/cases of the repository)
  --engine ENGINE        wazero (compiled code, default) or interpreter
  --profile PROFILE      the Envoy to behave as (default %s)
  --allocator ORDER      which export gives the host memory in the guest: envoy (malloc, or proxy_on_memory_allocate if
                         there is no malloc; default) or spec (proxy_on_memory_allocate first)
`

func (s *selection) flags(flags *flag.FlagSet) {
	flags.Var(&s.builds, "build", "")
	flags.Var(&s.wasm, "wasm", "")
	flags.BoolVar(&s.noBuild, "no-build", false, "")
	flags.StringVar(&s.cases, "cases", "", "")
	flags.StringVar(&s.engine, "engine", "wazero", "")
	flags.StringVar(&s.profile, "profile", profile.Default.String(), "")
	flags.StringVar(&s.allocate, "allocator", "envoy", "")
}

// usageError is a mistake in the call of the command.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// exit prints an error and returns its exit code.
func exit(command string, err error, stderr io.Writer) int {
	var usage *usageError
	var wrong table.Errors
	switch {
	case errors.As(err, &wrong): // one line for each, with its place first
		fmt.Fprintf(stderr, "parity %s: the table has errors:\n%v\n", command, wrong)
		return 2
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "parity %s: %v\n", command, err)
		return 2
	}
	return buildExit(command, err, stderr)
}

// selected is what a command runs: cases of a table, on modules.
type selected struct {
	options host.Options
	whole   *table.Table
	folder  string // of the table
	cases   *table.Table
	modules []module
}

// load reads the table, selects the cases that match the patterns, and makes the modules.
func (s *selection) load(ctx context.Context, patterns func(whole *table.Table) []string, stderr io.Writer) (r selected, err error) {
	if err = s.find(); err != nil {
		return r, err
	}
	if r.options, err = s.hostOptions(); err != nil {
		return r, err
	}
	if r.whole, r.folder, err = s.loadTable(); err != nil {
		return r, err
	}
	if r.cases, err = r.whole.Select(patterns(r.whole)...); err != nil {
		return r, usagef("%v", err)
	}
	r.modules, err = s.modules(ctx, stderr)
	return r, err
}

// hostOptions are the options of the host that the flags ask for.
func (s *selection) hostOptions() (o host.Options, err error) {
	o = host.Options{Deadline: suite.Deadline, MemoryPages: suite.MemoryPages}
	switch s.engine {
	case "wazero":
	case "interpreter":
		o.Interpreter = true
	default:
		return o, usagef("--engine %q: expected wazero or interpreter", s.engine)
	}
	switch s.allocate {
	case "envoy":
	case "spec":
		o.Allocator = load.SpecOrder
	default:
		return o, usagef("--allocator %q: expected envoy or spec", s.allocate)
	}
	if o.Profile, err = profile.Parse(s.profile); err != nil {
		return o, usagef("--profile: %v", err)
	}
	if cache := filepath.Join(s.root, ".cache", "wazero"); s.root != "" && os.MkdirAll(cache, 0o755) == nil {
		o.CacheDir = cache
	}
	return o, nil
}

// find looks for the repository, which is needed only for its builds and its table.
func (s *selection) find() error {
	root, err := build.FindRoot()
	if err != nil {
		if s.cases == "" || s.usesBuilds() {
			return err
		}
		return nil
	}
	s.root = root
	return nil
}

// usesBuilds says whether builds of builds.yaml are among the modules.
func (s *selection) usesBuilds() bool { return len(s.builds) > 0 || len(s.wasm) == 0 }

// loadTable reads the table and returns its folder too. Its files are named relative to the working directory.
func (s *selection) loadTable() (*table.Table, string, error) {
	dir := s.cases
	if dir == "" {
		dir = filepath.Join(s.root, "conformance", "cases")
		if here, err := os.Getwd(); err == nil {
			if near, err := filepath.Rel(here, dir); err == nil {
				dir = near
			}
		}
	}
	t, err := table.Load(dir)
	var wrong table.Errors
	if err != nil && !errors.As(err, &wrong) {
		err = usagef("--cases: %v", err)
	}
	return t, dir, err
}

// module is one module under test.
type module struct {
	suite.Subject
	what  string // what it is, in a few words
	leaks string // why it is known to leak memory; "": it is not known to leak
}

// modules makes or reads the selected modules: first the builds, then those of --wasm.
func (s *selection) modules(ctx context.Context, stderr io.Writer) ([]module, error) {
	others, err := s.wasmModules()
	if err != nil {
		return nil, err
	}
	var all []module
	if s.usesBuilds() {
		if all, err = s.buildModules(ctx, stderr); err != nil {
			return nil, err
		}
	}
	for _, m := range others {
		for _, other := range all {
			if other.Name == m.Name {
				return nil, usagef("--wasm %s=…: the name is taken; choose another one", m.Name)
			}
		}
		all = append(all, m)
	}
	return all, nil
}

var moduleName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func (s *selection) wasmModules() ([]module, error) {
	var all []module
	for _, arg := range s.wasm {
		name, file, ok := strings.Cut(arg, "=")
		if !ok || !moduleName.MatchString(name) || file == "" {
			return nil, usagef("--wasm %q: expected NAME=FILE, such as mine=plugin.wasm, the name of letters, digits and ._-", arg)
		}
		wasm, err := os.ReadFile(file)
		if err != nil {
			return nil, usagef("--wasm %s: read module: %v", name, err)
		}
		all = append(all, s.module(name, file, wasm, "--wasm", arg))
	}
	return all, nil
}

func (s *selection) buildModules(ctx context.Context, stderr io.Writer) ([]module, error) {
	list, err := build.Load(filepath.Join(s.root, build.File))
	if err != nil {
		return nil, err
	}
	chosen, err := list.Select(s.builds)
	if err != nil {
		return nil, err
	}
	return s.makeModules(ctx, chosen, stderr)
}

// makeModules makes builds, or reads what is there with --no-build. A recipe that fails is the error of its module.
func (s *selection) makeModules(ctx context.Context, chosen []build.Build, stderr io.Writer) ([]module, error) {
	results := make([]build.Result, len(chosen))
	for i, b := range chosen {
		results[i] = build.Result{Build: b, Path: filepath.Join(s.root, filepath.FromSlash(b.Wasm))}
	}
	if !s.noBuild {
		o := build.Options{Root: s.root, Jobs: runtime.GOMAXPROCS(0), Log: stderr, Progress: isTerminal(stderr)}
		made, err := build.Run(ctx, chosen, o)
		if made == nil && err != nil {
			return nil, err
		}
		results = made // a recipe that failed does not stop the other builds
	}
	var all []module
	for _, r := range results {
		m, err := s.buildModule(r)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

func (s *selection) buildModule(r build.Result) (module, error) {
	wasm, err := os.ReadFile(r.Path)
	if err != nil && r.Err == nil {
		return module{}, usagef("build %s: read module: %v; parity build makes it", r.Name, err)
	}
	m := s.module(r.Name, r.Wasm, wasm, "--build", r.Name)
	m.Err = r.Err
	for _, k := range r.KnownFailing {
		m.Known = append(m.Known, suite.Known{Pattern: k.Case, Reason: k.Reason, MayPass: !s.usualHost()})
	}
	m.what, m.leaks = r.What, r.Leaks
	m.Language = r.Language
	m.SDK = r.SDK.Name + " " + r.SDK.Version
	m.Toolchain = strings.TrimSpace(r.Compiler + " " + r.Provenance.Compiler.Version)
	m.Label = strings.Join(strings.Fields(r.Notes), " ")
	return m, nil
}

// usualHost says whether the host is the one that builds.yaml was written for: some known failures happen only with one
// version of Envoy, or with one order of the allocators.
func (s *selection) usualHost() bool {
	return s.profile == profile.Default.String() && s.allocate == "envoy"
}

func (s *selection) module(name, file string, wasm []byte, selects ...string) module {
	m := module{Subject: suite.Subject{Wasm: wasm, Build: report.Build{
		Name: name, File: file, Size: len(wasm), Select: append(selects, s.sameHost()...)}}}
	if wasm != nil {
		m.SHA256 = fmt.Sprintf("%x", sha256.Sum256(wasm))
	}
	return m
}

// sameHost are the flags with which another call uses the same table and host.
func (s *selection) sameHost() []string {
	var flags []string
	for _, f := range []struct{ name, value, usual string }{
		{"--cases", s.cases, ""}, {"--engine", s.engine, "wazero"},
		{"--profile", s.profile, profile.Default.String()}, {"--allocator", s.allocate, "envoy"},
	} {
		if f.value != f.usual {
			flags = append(flags, f.name, f.value)
		}
	}
	return flags
}
