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

// selection is what check and trace have in common: which modules, which table, which host.
type selection struct {
	builds, wasm              nameList
	cases                     string
	engine, profile, allocate string
	noBuild                   bool

	root string // the repository's folder; "": outside of one
}

const selectionHelp = `  --build NAME           a build of builds.yaml; repeat it for several. It is made first if it is not up to date.
  --wasm NAME=FILE       any other module, under a name of its own; repeat it for several. With --wasm alone no build of
                         builds.yaml takes part, and no compiler is needed.
  --no-build             take the modules in dist/ as they are
  --cases DIR            the table: a folder with contract.yaml and cases (default conformance/cases of the repository)
  --engine ENGINE        wazero (compiled code, default) or interpreter
  --profile PROFILE      the Envoy to behave as (default %s)
  --allocator ORDER      where the host takes memory in the guest from: envoy (malloc, else proxy_on_memory_allocate;
                         default) or spec (the other way round)
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

// usageError is a fault of the call.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// exit prints an error and turns it into an exit code.
func exit(command string, err error, stderr io.Writer) int {
	var usage *usageError
	var faults table.Errors
	switch {
	case errors.As(err, &faults): // a line for each, beginning with its place
		fmt.Fprintf(stderr, "parity %s: the table is faulty:\n%v\n", command, faults)
		return 2
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "parity %s: %v\n", command, err)
		return 2
	}
	return buildExit(command, err, stderr)
}

// selected is what a command runs: cases of a table on modules.
type selected struct {
	options host.Options
	whole   *table.Table
	folder  string // of the table
	cases   *table.Table
	modules []module
}

// load reads the table, makes the modules, and takes the cases that patterns choose from the whole table.
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

// hostOptions are what the flags say of the host.
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

// find looks for the repository. One is needed only for its builds and its table.
func (s *selection) find() error {
	root, err := build.FindRoot()
	if err != nil {
		if s.cases == "" || s.listed() {
			return err
		}
		return nil
	}
	s.root = root
	return nil
}

// listed says whether builds of builds.yaml take part.
func (s *selection) listed() bool { return len(s.builds) > 0 || len(s.wasm) == 0 }

// loadTable reads the table. Files in it are named from the working directory.
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
	var faults table.Errors
	if err != nil && !errors.As(err, &faults) {
		err = usagef("--cases: %v", err)
	}
	return t, dir, err
}

// module is one module under test, with what a report says of it.
type module struct {
	suite.Subject
	about report.Build
	leaks string // why it is known to leak; "": it is not
}

// modules makes or reads everything that was selected: first the builds, then the modules of --wasm.
func (s *selection) modules(ctx context.Context, stderr io.Writer) ([]module, error) {
	own, err := s.ownModules()
	if err != nil {
		return nil, err
	}
	var all []module
	if s.listed() {
		if all, err = s.listedModules(ctx, stderr); err != nil {
			return nil, err
		}
	}
	for _, m := range own {
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

func (s *selection) ownModules() ([]module, error) {
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

func (s *selection) listedModules(ctx context.Context, stderr io.Writer) ([]module, error) {
	list, err := build.Load(filepath.Join(s.root, build.File))
	if err != nil {
		return nil, err
	}
	chosen, err := list.Select(s.builds)
	if err != nil {
		return nil, err
	}
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
		results = made // a recipe that failed leaves the other builds be
	}
	var all []module
	for _, r := range results {
		m, err := s.listedModule(r)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

func (s *selection) listedModule(r build.Result) (module, error) {
	wasm, err := os.ReadFile(r.Path)
	if err != nil && r.Err == nil {
		return module{}, usagef("build %s: read module: %v; parity build makes it", r.Name, err)
	}
	m := s.module(r.Name, r.Wasm, wasm, "--build", r.Name)
	m.Err = r.Err
	for _, k := range r.KnownFailing {
		m.Known = append(m.Known, suite.Known{Pattern: k.Case, Reason: k.Reason, MayPass: !s.usualHost()})
	}
	m.leaks = r.Leaks
	m.about.Language = r.Language
	m.about.SDK = r.SDK.Name + " " + r.SDK.Version
	m.about.Toolchain = strings.TrimSpace(r.Compiler + " " + r.Provenance.Compiler.Version)
	m.about.Label = strings.Join(strings.Fields(r.Notes), " ")
	return m, nil
}

// usualHost says whether the modules run as builds.yaml means it: some known failures are those of one Envoy, or of the
// allocator it asks first.
func (s *selection) usualHost() bool {
	return s.profile == profile.Default.String() && s.allocate == "envoy"
}

func (s *selection) module(name, file string, wasm []byte, selects ...string) module {
	m := module{Subject: suite.Subject{Name: name, Wasm: wasm}, about: report.Build{
		Name: name, File: file, Size: len(wasm), Select: append(selects, s.repeated()...)}}
	if wasm != nil {
		m.about.SHA256 = fmt.Sprintf("%x", sha256.Sum256(wasm))
	}
	return m
}

// repeated are the flags that make another call use the same table and host.
func (s *selection) repeated() []string {
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
