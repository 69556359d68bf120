package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/report"
)

var checkHelp = fmt.Sprintf(`Usage: parity check [flags]

Holds modules against the request table. Each case runs in a fresh VM of a host that behaves as Envoy does; everything a
client, an upstream or an operator could see is compared with what the case wants, and builds that keep to the contract
are compared with each other. After each case the same VM is sent a request that must be allowed.

  parity check                                    make all builds of builds.yaml, then the whole table
  parity check --build rust --case 'repeated/**'  one build, one group of cases
  parity check --wasm mine=plugin.wasm            a module of your own
  parity check --wasm mine=plugin.wasm --build rust --cases mycases
  parity check --format junit --out report.xml    for a CI server; people read the terminal all the same

Flags
`+selectionHelp+`  --case PATTERN         cases to run: an id, a group or a glob ('deny/*', '**/*-empty'); repeat it for several
  --format FORMAT        text (default), json (the schema header-auth/report/v1) or junit
  --out FILE             write that to FILE, and the text to the terminal
  --again                run the table even if nothing has changed since it last found everything conformant: the modules,
                         the table, the flags and this program. Else that run's results are given, and a line says so.

Exit codes: 0 conformant; 1 a case failed or could not be judged, or builds diverge; 2 the call, builds.yaml or the table
is wrong, or nothing was run; 3 this machine lacks a compiler.
`, profile.Default)

// runCheck is the command "check"; checkHelp says what its exit codes mean.
func runCheck(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var s selection
	var patterns nameList
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	s.flags(flags)
	flags.Var(&patterns, "case", "")
	format := flags.String("format", "text", "")
	out := flags.String("out", "", "")
	again := flags.Bool("again", false, "")
	if code, done := parseFlags(flags, args, checkHelp, stdout, stderr); done {
		return code
	}
	render, err := renderer(*format)
	if err == nil {
		err = writable(*out)
	}
	if err != nil {
		return exit("check", err, stderr)
	}
	r, err := check(ctx, &s, patterns, append([]string{"parity", "check"}, args...), *again, stderr)
	if err != nil {
		return exit("check", err, stderr)
	}
	if err := deliver(r, render, *out, stdout); err != nil {
		fmt.Fprintf(stderr, "parity check: write report: %v\n", err)
		return 3
	}
	switch {
	case r.Empty():
		return 2
	case !r.Conformant():
		return 1
	}
	return 0
}

// check runs what was selected, or recalls what came of it.
func check(ctx context.Context, s *selection, patterns, command []string, again bool, stderr io.Writer) (*report.Report, error) {
	started := time.Now()
	run, err := s.load(ctx, func(*table.Table) []string { return patterns }, stderr)
	if err != nil {
		return nil, err
	}
	options, whole, folder, selected, modules := run.options, run.whole, run.folder, run.cases, run.modules
	if s.cases == "" {
		if err := knownCases(modules, whole); err != nil {
			return nil, err
		}
	}
	known := precedent{}
	if s.root != "" {
		known = remember(s.root, options, selected, modules)
	}
	if r := known.recall(); r != nil && !again {
		fmt.Fprintln(stderr, "nothing has changed since the table was last run: these are its results (--again runs it anew)")
		return r, nil
	}
	progress := newProgress(stderr)
	subjects := make([]suite.Subject, len(modules))
	for i, m := range modules {
		subjects[i] = m.Subject
	}
	verdict := suite.Run(ctx, selected, subjects,
		suite.Config{Host: options, Workers: runtime.GOMAXPROCS(0), Progress: progress.step})
	progress.clear()

	r := newReport(selected, modules, verdict)
	r.Command, r.Started = command, &started
	r.Table.Folder, r.Table.Cases = folder, whole.Len()
	r.Host = report.Host{Wazero: wazeroVersion(), Engine: engineName(options), Profile: options.Profile.String(),
		Allocator: options.Allocator.String()}
	r.Machine = report.Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.GOMAXPROCS(0), Go: runtime.Version()}
	if s.root != "" {
		r.Revision, r.Dirty = revision(ctx, s.root)
	}
	known.keep(r)
	return r, nil
}

func engineName(o host.Options) string {
	if o.Interpreter {
		return "interpreter"
	}
	return "compiler"
}

// knownCases finds entries of known_failing that are about no case: a slip there would hide a failure some day.
func knownCases(modules []module, t *table.Table) error {
	for _, m := range modules {
		for _, k := range m.Known {
			found := false
			for _, c := range t.Cases() {
				found = found || k.Matches(c.ID)
			}
			if !found {
				return usagef("builds.yaml: build %s: known_failing: %q is none of %d cases", m.Name, k.Pattern, t.Len())
			}
		}
	}
	return nil
}

type render func(io.Writer, *report.Report) error

func renderer(format string) (render, error) {
	switch format {
	case "text":
		return func(w io.Writer, r *report.Report) error {
			return report.Text(w, r, report.TextOptions{Color: colours(w)})
		}, nil
	case "json":
		return report.JSON, nil
	case "junit":
		return report.JUnit, nil
	}
	return nil, usagef("--format %q: expected text, json or junit", format)
}

// writable finds out before a long run that its report could not be written.
func writable(out string) error {
	if out == "" {
		return nil
	}
	if info, err := os.Stat(filepath.Dir(out)); err != nil || !info.IsDir() {
		return usagef("--out %s: %s is no folder", out, filepath.Dir(out))
	}
	return nil
}

// deliver writes the report to stdout; with out to that file, and as text to stdout.
func deliver(r *report.Report, as render, out string, stdout io.Writer) error {
	if out == "" {
		return as(stdout, r)
	}
	var content bytes.Buffer
	if err := as(&content, r); err != nil {
		return err
	}
	if err := replaceFile(out, content.Bytes()); err != nil {
		return err
	}
	text, err := renderer("text")
	if err != nil {
		return err
	}
	return text(stdout, r)
}

// replaceFile writes a file so that a reader sees the old content or the new, never half of it.
func replaceFile(name string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // nothing is there once it is renamed
	_, err = f.Write(content)
	if e := f.Chmod(0o644); err == nil {
		err = e
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
