package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/header-auth/header-auth/bench"
	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/profile"
	benchreport "github.com/header-auth/header-auth/report/bench"
)

const flagsHelp = `Usage: parity flags [flags]

Which compiler flags are worth it? Makes the variants of variants.yaml in dist/variants and runs the whole table on
each. Those that pass are measured against the build that they are variants of, in one run: size, time of a request,
pauses, memory of a warm VM. Prints a table for each build. A run of all variants is kept in dist/flags.md for
bench/FLAGS.md.

  parity flags                                      every variant
  parity flags --variant tinygo-opt-z --short       one of them, for a first look

Flags
  --build NAME      only variants of this build; repeat it for several
  --variant NAME    only this variant; repeat it for several
  --case PATTERN    scenarios to time (default typical/allow, typical/headers-60, typical/log-headers); repeat it for
                    several
  --short           fewer repetitions, which show large differences only
  --sizes           time nothing: the table and the sizes only
  --seed N          of every shuffle (default 1)
  --format FORMAT   text (default) or markdown

Exit codes: 0 measured; 1 a module can't be made, or a build of builds.yaml does not pass the table; 2 the call,
builds.yaml, variants.yaml or the table is wrong; 3 this machine lacks a compiler, is too busy for a verdict, or the run
was interrupted.
`

// flagsScenarios are the usual request, one with many headers, and one that makes the plugin work hardest.
var flagsScenarios = nameList{"typical/allow", "typical/headers-60", "typical/log-headers"}

// flagsCall is the call of "flags".
type flagsCall struct {
	benchmark
	names    nameList // of variants; none: all
	short    bool
	sizes    bool
	markdown bool
	whole    *table.Table
}

// runFlags is the command "flags"; flagsHelp says what its exit codes mean.
func runFlags(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := flagsCall{benchmark: benchmark{stdout: stdout, stderr: stderr,
		command: append([]string{"parity", "flags"}, args...)}}
	c.engine, c.profile, c.allocate = "wazero", profile.Default.String(), "envoy"
	flags := flag.NewFlagSet("flags", flag.ContinueOnError)
	flags.Var(&c.builds, "build", "")
	flags.Var(&c.names, "variant", "")
	flags.Var(&c.patterns, "case", "")
	flags.BoolVar(&c.short, "short", false, "")
	flags.BoolVar(&c.sizes, "sizes", false, "")
	flags.Uint64Var(&c.seed, "seed", 1, "")
	form := flags.String("format", "text", "")
	if code, done := parseFlags(flags, args, flagsHelp, stdout, stderr); done {
		return code
	}
	if err := format("flags", *form); err != nil {
		return exit("flags", err, stderr)
	}
	c.markdown = *form == "markdown"
	code, err := c.run(ctx)
	if err != nil {
		return exit("flags", err, stderr)
	}
	return code
}

func (c *flagsCall) run(ctx context.Context) (code int, err error) {
	if err := c.load(); err != nil {
		return 0, err
	}
	sets, err := c.flagsSets(ctx)
	if err != nil {
		return 0, err
	}
	var tables []*benchreport.Flags
	for _, set := range sets {
		t, found, err := c.measure(ctx, set)
		if ctx.Err() != nil {
			fmt.Fprintln(c.stderr, "parity flags: interrupted; the builds that were measured until then follow")
			code = 3
			break
		}
		if err != nil {
			return 0, err
		}
		tables, code = append(tables, t), max(code, found)
	}
	return code, c.print(tables, code != 3 && len(c.builds) == 0 && len(c.names) == 0)
}

// load reads the table, before anything is built.
func (c *flagsCall) load() (err error) {
	if err := c.find(); err != nil {
		return err
	}
	if c.options, err = c.hostOptions(c.stderr); err != nil {
		return err
	}
	if c.whole, c.folder, err = c.loadTable(); err != nil {
		return err
	}
	if c.sizes {
		c.table = c.whole
		return nil
	}
	if len(c.patterns) == 0 {
		c.patterns = flagsScenarios
	}
	if c.table, err = c.whole.Select(c.patterns...); err != nil {
		return usagef("%v", err)
	}
	for _, timed := range c.table.Cases() {
		if err := suite.Repeatable(&timed); err != nil {
			return usagef("%s: case %s can't be timed: %v", timed.Position, timed.ID, err)
		}
	}
	return nil
}

// flagsSet is a build, and then its variants, as modules.
type flagsSet struct {
	modules  []module
	variants []build.Variant // of all modules but the first
}

// flagsSets makes the modules. A variant that can't be made keeps its place in the table, with the reason.
func (c *flagsCall) flagsSets(ctx context.Context) ([]flagsSet, error) {
	list, err := build.Load(filepath.Join(c.root, build.File))
	if err != nil {
		return nil, err
	}
	all, err := build.LoadVariants(filepath.Join(c.root, build.VariantsFile), list)
	if err != nil {
		return nil, err
	}
	chosen, err := list.Select(c.builds)
	if err != nil {
		return nil, err
	}
	for _, name := range c.names {
		if !slices.ContainsFunc(all, func(v build.Variant) bool { return v.Name == name }) {
			return nil, usagef("--variant %s: not in %s", name, build.VariantsFile)
		}
	}
	var sets []flagsSet
	for _, b := range chosen {
		var set flagsSet
		listed := []build.Build{b}
		for _, v := range all {
			if v.Of == b.Name && (len(c.names) == 0 || slices.Contains(c.names, v.Name)) {
				set.variants, listed = append(set.variants, v), append(listed, v.Build)
			}
		}
		if len(set.variants) == 0 {
			continue
		}
		// The build first: a variant may be made from its module.
		for _, some := range [][]build.Build{listed[:1], listed[1:]} {
			made, err := c.makeModules(ctx, some, c.stderr)
			if err != nil {
				return nil, err
			}
			set.modules = append(set.modules, made...)
		}
		for i, v := range set.variants {
			for _, name := range slices.Sorted(maps.Keys(v.Environment)) {
				m := &set.modules[i+1]
				m.Environment = append(m.Environment, host.Variable{Name: name, Value: v.Environment[name]})
			}
		}
		sets = append(sets, set)
	}
	if len(sets) == 0 {
		return nil, usagef("no variants are chosen: %s has none of the builds and names of this call", build.VariantsFile)
	}
	return sets, nil
}

// measure runs the table on a set, and measures what passes. The error is the context's when the run was interrupted.
func (c *flagsCall) measure(ctx context.Context, set flagsSet) (t *benchreport.Flags, code int, err error) {
	t = &benchreport.Flags{Build: set.modules[0].Name, Cases: c.whole.Len()}
	for i, m := range set.modules {
		row := benchreport.FlagsRow{Name: m.Name}
		if i > 0 {
			row.Change, row.Notes = set.variants[i-1].Change, m.Label
		}
		t.Rows = append(t.Rows, row)
	}
	c.tested = c.conformant(ctx, set, t)
	for i := range t.Rows {
		if set.modules[i].Err != nil || i == 0 && t.Rows[i].Missing != "" {
			code = 1
		}
	}
	if ctx.Err() != nil || t.Rows[0].Missing != "" {
		return t, code, ctx.Err()
	}
	if t.Report, err = c.benchmarks(ctx); err != nil || c.sizes {
		return t, code, err
	}
	t.Findings = verdict.Judge(t.Report)
	if !t.Findings.Gate.Passed {
		code = 3
	}
	return t, code, nil
}

// conformant gives the modules that pass the whole table; the rows of the others get the reason.
func (c *flagsCall) conformant(ctx context.Context, set flagsSet, t *benchreport.Flags) (passed []module) {
	var subjects []suite.Subject
	for _, m := range set.modules {
		subjects = append(subjects, m.Subject)
	}
	line := newProgress(c.stderr)
	o := suite.RunOptions{Host: c.options, Workers: runtime.GOMAXPROCS(0), Progress: line.step}
	r := runTable(ctx, c.whole, subjects, o)
	line.clear()
	for i, m := range set.modules {
		failed, first := 0, ""
		for _, result := range r.Results {
			if result.Build == m.Name && result.Outcome.Red() {
				if failed++; failed == 1 {
					first = result.Case
				}
			}
		}
		switch {
		case m.Err != nil:
			t.Rows[i].Missing = "can't be made"
			fmt.Fprintf(c.stderr, "parity flags: %v\n", m.Err)
		case failed > 0:
			t.Rows[i].Missing = fmt.Sprintf("fails %d of %d cases, the first is %s", failed, c.whole.Len(), first)
		default:
			passed = append(passed, m)
		}
	}
	return passed
}

// benchmarks measures the modules next to each other.
func (c *flagsCall) benchmarks(ctx context.Context) (*evidence.Report, error) {
	work, _, done, err := keptFolder(filepath.Join(c.root, ".cache", "flags"), "flags", c.stderr)
	if err != nil {
		return nil, err
	}
	defer done()
	line := newProgress(c.stderr)
	defer line.clear()
	o, r, err := c.configuration(bench.FlagsPlan(c.short), work, line)
	if err != nil {
		return nil, err
	}
	begin, watch := time.Now(), bench.WatchMachine()
	c.describe(ctx, r, begin)
	if !c.sizes {
		if err := bench.Run(ctx, o, r); err != nil {
			return nil, err
		}
	}
	for _, m := range c.tested {
		size, err := bench.Size(ctx, m.Name, m.Language, m.Wasm, c.compileInto(m.Wasm))
		if err != nil {
			return nil, err
		}
		r.Sizes = append(r.Sizes, size)
	}
	r.Run.Seconds, r.Machine = time.Since(begin).Seconds(), watch.Machine()
	return r, nil
}

// print writes the tables to standard output, and those of all variants to dist/flags.md.
func (c *flagsCall) print(tables []*benchreport.Flags, keep bool) error {
	var markdown bytes.Buffer
	if err := benchreport.FlagsMarkdown(&markdown, tables); err != nil {
		return err
	}
	if keep {
		if err := replaceFile(filepath.Join(c.root, "dist", "flags.md"), markdown.Bytes()); err != nil {
			return err
		}
	}
	if c.markdown {
		_, err := c.stdout.Write(markdown.Bytes())
		return err
	}
	o := benchreport.TextOptions{Color: colours(c.stdout), Width: width(c.stdout)}
	return benchreport.FlagsText(c.stdout, tables, o)
}
