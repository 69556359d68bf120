package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/cel"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/profile"
)

// selection is the flags of every command that runs cases: which modules, which table, which host.
type selection struct {
	builds, wasm              nameList
	cases                     string
	engine, profile, allocate string
	envoy                     string // program of the engine envoy; "": any that is found
	updates                   string // "ecds" or "lds"
	noBuild                   bool
	deadline                  time.Duration

	root string // the repository's folder; "": outside of one
}

const selectionHelp = `  --build NAME           a build of builds.yaml; repeat it for several. It is made first if it is
                         not up to date.
  --wasm NAME=FILE       any other module, with a name for it; repeat it for several. Without --build, no build of
                         builds.yaml is used, and no compiler is needed.
  --no-build             take the modules in dist/ as they are
  --cases DIR            the table: a folder with contract.yaml and cases (default: the table of builds.yaml)
  --engine ENGINE        wazero (compiled code, default) or interpreter
  --profile PROFILE      the Envoy to behave as (default %s)
  --deadline DURATION    the longest time of a call into a module (default 5s). Other limits go with it: a case may take
                         four times as long and a millisecond for each repetition, compilation three times for a MiB
  --allocator ORDER      which export gives the host memory in the guest: envoy (malloc, or proxy_on_memory_allocate if
                         there is no malloc; default) or spec (proxy_on_memory_allocate first)
`

// shortestDeadline: what is shorter, a busy machine exceeds.
const shortestDeadline = 50 * time.Millisecond

func (s *selection) flags(flags *flag.FlagSet) {
	flags.Var(&s.builds, "build", "")
	flags.Var(&s.wasm, "wasm", "")
	flags.BoolVar(&s.noBuild, "no-build", false, "")
	flags.StringVar(&s.cases, "cases", "", "")
	flags.DurationVar(&s.deadline, "deadline", suite.Deadline, "")
	flags.StringVar(&s.engine, "engine", "wazero", "")
	flags.StringVar(&s.profile, "profile", profile.Default.String(), "")
	flags.StringVar(&s.allocate, "allocator", "envoy", "")
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
func (s *selection) load(ctx context.Context, patterns func(whole *table.Table) []string, stderr io.Writer) (r selected,
	err error) {
	if r, err = s.choose(patterns, stderr); err == nil {
		for _, w := range r.whole.Warnings {
			fmt.Fprintf(stderr, "warning: %v\n", w)
		}
		if r.modules, err = s.modules(ctx, stderr); err == nil {
			err = s.giveBuilds(ctx, r.cases, r.modules, stderr)
		}
	}
	return r, err
}

// choose is load without the modules.
func (s *selection) choose(patterns func(whole *table.Table) []string, stderr io.Writer) (r selected, err error) {
	if err = s.find(); err != nil {
		return r, err
	}
	if r.options, err = s.hostOptions(stderr); err != nil {
		return r, err
	}
	if r.whole, r.folder, err = s.loadTable(); err != nil {
		return r, err
	}
	if r.cases, err = r.whole.Select(patterns(r.whole)...); err != nil {
		return r, usagef("%v", err)
	}
	return r, nil
}

// listCases prints the cases that the patterns select, and where they stand.
func (s *selection) listCases(patterns []string, stdout io.Writer) error {
	if err := s.findTable(); err != nil {
		return err
	}
	whole, _, err := s.loadTable()
	if err != nil {
		return err
	}
	cases, err := whole.Select(patterns...)
	if err != nil {
		return usagef("%v", err)
	}
	printCases(stdout, cases.Cases())
	return nil
}

func printCases(stdout io.Writer, cases []table.Case) {
	longest := 0
	for i := range cases {
		longest = max(longest, len(cases[i].ID))
	}
	for i := range cases {
		fmt.Fprintf(stdout, "%-*s  %s:%d\n", longest, cases[i].ID, cases[i].Position.File, cases[i].Position.Line)
	}
}

// listModules prints the modules that the flags select, makes and reads none of them, and returns how many they are.
func (s *selection) listModules(stdout io.Writer) (int, error) {
	var rows [][3]string // name, file, how it is made
	if s.usesBuilds() {
		list, err := build.Load(filepath.Join(s.root, build.File))
		if err != nil {
			return 0, err
		}
		chosen, err := list.Select(s.builds)
		if err != nil {
			return 0, err
		}
		for _, b := range chosen {
			rows = append(rows, [3]string{b.Name, b.Wasm, b.What})
		}
	}
	for _, arg := range s.wasm {
		name, file, err := nameAndFile(arg)
		if err == nil {
			if _, missing := os.Stat(file); missing != nil {
				err = usagef("--wasm %s: read module: %v", name, missing)
			}
		}
		if err != nil {
			return 0, err
		}
		rows = append(rows, [3]string{name, file, ""})
	}
	var widths [2]int
	for _, row := range rows {
		widths = [2]int{max(widths[0], len(row[0])), max(widths[1], len(row[1]))}
	}
	for _, row := range rows {
		fmt.Fprintln(stdout, strings.TrimRight(fmt.Sprintf("%-*s  %-*s  %s", widths[0], row[0], widths[1], row[1], row[2]),
			" "))
	}
	return len(rows), nil
}

// hostOptions are the options of the host that the flags ask for. What is wrong with the cache of compiled
// code is written to stderr.
func (s *selection) hostOptions(stderr io.Writer) (o host.Options, err error) {
	if s.deadline != 0 && s.deadline < shortestDeadline {
		return o, usagef("--deadline %v: expected %v or more", s.deadline, shortestDeadline)
	}
	o = host.Options{Deadline: cmp.Or(s.deadline, suite.Deadline), MemoryPages: suite.MemoryPages, Expressions: cel.New()}
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
	if s.root != "" {
		o.CacheDir = filepath.Join(s.root, ".cache", "wazero")
		o.CacheFault = onceEach(func(fault string) { fmt.Fprintf(stderr, "parity: %s\n", fault) })
	}
	return o, nil
}

// findTable is find for a command that needs no module.
func (s *selection) findTable() (err error) {
	if s.root, err = build.FindRoot(); s.cases != "" {
		return nil
	}
	return err
}

// find looks for the project, which is needed only for its builds and its table.
func (s *selection) find() error {
	root, err := build.FindRoot()
	switch {
	case err != nil && s.usesBuilds():
		return err
	case err != nil && s.cases == "":
		return usagef("which table? There is no %s here or above: give --cases DIR. parity table "+
			"export DIR writes the table of header-auth, and parity new DIR begins a plugin with a small one", build.File)
	case err != nil:
		return nil
	}
	s.root = root
	return nil
}

// usesBuilds says whether builds of builds.yaml are among the modules.
func (s *selection) usesBuilds() bool { return len(s.builds) > 0 || len(s.wasm) == 0 }

// loadTable reads the table and returns its folder too. Its files are named relative to the working directory.
func (s *selection) loadTable() (*table.Table, string, error) {
	dir, from := s.cases, "--cases"
	if dir == "" {
		groups, err := s.tables()
		if err != nil {
			return nil, "", err
		}
		if len(groups) > 1 {
			return nil, "", usagef("the builds have %d tables: choose those of one table with --build: %s", len(groups),
				either(groups))
		}
		dir, from = near(filepath.Join(s.root, filepath.FromSlash(groups[0].folder))), build.File+": table"
	}
	t, err := table.Load(dir)
	var wrong table.Errors
	if err != nil && !errors.As(err, &wrong) {
		err = usagef("%s: %v", from, err)
	}
	return t, dir, err
}

// near is a path from the working directory.
func near(path string) string {
	if here, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(here, path); err == nil {
			return rel
		}
	}
	return path
}

// groups are the tables of the selected builds, unless the call says which table it wants.
func (s *selection) groups() ([]tableGroup, error) {
	if s.cases != "" {
		return nil, nil
	}
	if err := s.find(); err != nil {
		return nil, err
	}
	return s.tables()
}

// tableGroup is the builds that have one table.
type tableGroup struct {
	folder string // of the table, relative to the project
	builds []string
}

// tables are those of the selected builds, in the order of builds.yaml; without any builds, that of builds.yaml itself.
func (s *selection) tables() (groups []tableGroup, err error) {
	list, err := build.Load(filepath.Join(s.root, build.File))
	if err != nil {
		return nil, err
	}
	if !s.usesBuilds() && list.Table != "" {
		return []tableGroup{{folder: list.Table}}, nil
	}
	chosen, err := list.Select(s.builds)
	if err != nil {
		return nil, err
	}
	for _, b := range chosen {
		if b.Table == "" {
			return nil, usagef("%s: build %s has no table: write `table: DIR` into the file, or give --cases DIR",
				build.File, b.Name)
		}
		i := slices.IndexFunc(groups, func(g tableGroup) bool { return g.folder == b.Table })
		if i < 0 {
			i, groups = len(groups), append(groups, tableGroup{folder: b.Table})
		}
		groups[i].builds = append(groups[i].builds, b.Name)
	}
	return groups, nil
}

// either lists the builds of each group.
func either(groups []tableGroup) string {
	var all []string
	for _, g := range groups {
		all = append(all, strings.Join(g.builds, ", "))
	}
	return strings.Join(all, "; or ")
}
