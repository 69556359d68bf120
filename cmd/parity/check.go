package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/report"
)

var checkHelp = fmt.Sprintf(`Usage: parity check [CASE…] [flags]

Runs modules against the request table. Each case runs in a new VM of a host that behaves as Envoy does. Everything that
a client, an upstream or an operator can see is compared with what the case wants, and builds that conform are compared
with each other. After each case the same VM gets a request that must be allowed.

  parity check                                    make all builds of builds.yaml, then run the whole table
  parity check repeated --build rust              one group of cases, one build
  parity check --wasm mine=plugin.wasm            a module of your own
  parity check --wasm mine=plugin.wasm --build rust --cases mycases
  parity check --format junit --out report.xml    for a CI server; the text goes to the terminal

Flags
`+selectionHelp+`  --case PATTERN         the same as CASE, the cases to run: an id, a group or a glob ('deny/*',
                         '**/*-empty'); repeat it for several
  --list                 print the cases that would be run, and where they stand; run nothing
  --format FORMAT        text (default), json (the schema header-auth/report/v1), junit, markdown (for a pull request or
                         a job's summary) or github (annotations of GitHub Actions at the lines of the table)
  --out FILE             write that to FILE, and the text to the terminal
  --engine ENGINES       for check also envoy, a real Envoy, and envoy@1.37, one of that release; with commas several,
                         whose builds are then compared with each other: --engine wazero,envoy
  --envoy FILE           the program for the engine envoy (default: envoy on PATH, func-e's, or one that is downloaded)
  --updates WAY          how the engine envoy gives a plugin another configuration: ecds (the plugin's alone, default)
                         or lds (its whole listener, whose open connections keep the old one)
  --again                run the table again. Without it, if the last run of the same modules, table, flags and program
                         was conformant, its results are shown, and a line says so.

Exit codes: 0 conformant; 1 a case failed or could not be judged, or builds diverge; 2 the call, builds.yaml or the
table is wrong, or nothing was run; 3 this machine lacks a compiler, or an Envoy that was asked for.
`, profile.Default)

// runCheck is the command "check"; checkHelp explains its exit codes.
func runCheck(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var s selection
	var patterns nameList
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	s.flags(flags)
	flags.Var(&patterns, "case", "")
	form := flags.String("format", "text", "")
	out := flags.String("out", "", "")
	flags.StringVar(&s.envoy, "envoy", "", "")
	flags.StringVar(&s.updates, "updates", "ecds", "")
	again := flags.Bool("again", false, "")
	list := flags.Bool("list", false, "")
	cases, code, done := parseArgs(flags, args, checkHelp, stdout, stderr)
	if done {
		return code
	}
	patterns = append(patterns, cases...)
	write, err := newReportForm(*form)
	if err == nil {
		err = writable(*out)
	}
	if err != nil {
		return exit("check", err, stderr)
	}
	if *list {
		return exit("check", s.listCases(patterns, stdout), stderr)
	}
	one := func(s *selection) int {
		r, err := check(ctx, s, patterns, append([]string{"parity", "check"}, args...), *again, stderr)
		if err != nil {
			return exit("check", err, stderr)
		}
		return delivered(ctx, r, write, *out, stdout, stderr)
	}
	if *form == "text" && *out == "" && len(s.wasm) == 0 {
		groups, err := s.groups()
		if err != nil {
			return exit("check", err, stderr)
		}
		if len(groups) > 1 {
			return checkGroups(s, groups, stdout, one)
		}
	}
	return one(&s)
}

// checkGroups runs the builds of each table by themselves. The exit code is that of the first
// group that is not conformant.
func checkGroups(s selection, groups []tableGroup, stdout io.Writer, one func(*selection) int) (code int) {
	for i, g := range groups {
		if i > 0 {
			fmt.Fprintln(stdout)
		}
		fmt.Fprintf(stdout, "%s, the table of %s\n", g.folder, strings.Join(g.builds, ", "))
		s.builds = g.builds
		if c := one(&s); code == 0 {
			code = c
		}
	}
	return code
}

// delivered writes the report and gives the exit code.
func delivered(ctx context.Context, r *report.Report, write reportForm, out string, stdout, stderr io.Writer) int {
	if err := deliver(r, write, out, stdout); err != nil {
		fmt.Fprintf(stderr, "parity check: write report: %v\n", err)
		return 3
	}
	switch {
	case ctx.Err() != nil && !r.Conformant():
		fmt.Fprintln(stderr, "parity check: interrupted; what was judged until then is shown")
		return 3
	case r.Empty():
		return 2
	case !r.Conformant():
		return 1
	}
	return 0
}

// check runs what was selected, or loads the last green report of it.
func check(ctx context.Context, s *selection, patterns, command []string, again bool,
	stderr io.Writer) (*report.Report, error) {
	started := time.Now()
	engines, err := s.splitEngines()
	if err != nil {
		return nil, err
	}
	run, err := s.load(ctx, func(*table.Table) []string { return patterns }, stderr)
	if err != nil {
		return nil, err
	}
	if s.cases == "" {
		if err := checkKnown(run.modules, run.whole); err != nil {
			return nil, err
		}
	}
	last := lastGreen{}
	if s.root != "" && len(engines.envoys) == 0 { // what an Envoy does is no function of the modules and the table
		last = newLastGreen(s.root, run.options, run.cases, run.modules)
	}
	if r := last.load(); r != nil && !again {
		fmt.Fprintln(remarks(stderr),
			"nothing has changed since the table was last run: these are its results (--again runs it again)")
		return r, nil
	}
	subjects, err := engines.subjects(ctx, s, run.modules, stderr)
	if err != nil {
		return nil, err
	}
	progress := newProgress(stderr)
	r := runTable(ctx, run.cases, subjects,
		suite.RunOptions{Host: run.options, Workers: runtime.GOMAXPROCS(0), Progress: progress.step})
	progress.clear()

	r.Command, r.Started = command, &started
	r.Table.Folder, r.Table.Cases = run.folder, run.whole.Len()
	r.Host = report.Host{Wazero: wazeroVersion(), Engine: engines.names(run.options),
		Profile: run.options.Profile.String(), Allocator: run.options.Allocator.String()}
	r.Machine = report.Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.GOMAXPROCS(0), Go: runtime.Version()}
	if s.root != "" {
		r.Revision, r.Dirty = revision(ctx, s.root)
	}
	last.store(r)
	return r, nil
}

func engineName(o host.Options) string {
	if o.Interpreter {
		return "interpreter"
	}
	return "compiler"
}

// checkKnown finds entries of known_failing that match no case.
func checkKnown(modules []module, t *table.Table) error {
	for _, m := range modules {
		for _, k := range suite.Unmatched(m.Known, t) {
			return usagef("builds.yaml: build %s: known_failing: %q is none of %d cases", m.Name, k.Pattern, t.Len())
		}
	}
	return nil
}
