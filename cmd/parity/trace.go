package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/conformance/apart"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/report"
)

var traceHelp = fmt.Sprintf(`Usage: parity trace CASE [--build NAME | --wasm NAME=FILE]... [flags]

Runs one case and prints every call between host and plugin, indented by depth, with its result. Two modules are printed
side by side: a line with | differs, and one with < or > is on one side only. Of a step that is repeated, the first %d
repetitions are shown.

  parity trace repeated/true-then-false --build rust
  parity trace repeated/true-then-false --build rust --build tinygo
  parity trace repeated/true-then-false --build rust --wasm mine=plugin.wasm

Flags
`+selectionHelp+`  --list                 print the cases and where they stand; trace nothing
  --format FORMAT        text (default) or json (the schema header-auth/trace/v1)

The lines are as wide as the terminal, or as COLUMNS says; in a pipe, 160 columns.

Exit codes: 0 traced, whether the case passed or not; 1 a module did not load or start, or had to be ended; 2 the call,
builds.yaml or the table is wrong; 3 this machine lacks a compiler.
`, shownRepetitions, profile.Default)

// shownRepetitions is how many repetitions of a step are traced; the memory cases have thousands.
const shownRepetitions = 3

// mostTraced is how many lines of a module are shown. A module may call the host a million times.
const mostTraced = 10_000

// runTrace is the command "trace"; traceHelp explains its exit codes.
func runTrace(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var s selection
	flags := flag.NewFlagSet("trace", flag.ContinueOnError)
	s.flags(flags)
	form := flags.String("format", "text", "")
	list := flags.Bool("list", false, "")
	patterns, code, done := parseArgs(flags, args, traceHelp, stdout, stderr)
	if done {
		return code
	}
	if err := format("trace", *form); err != nil {
		return exit("trace", err, stderr)
	}
	if *list {
		return exit("trace", s.listCases(patterns, stdout), stderr)
	}
	switch n := len(s.builds) + len(s.wasm); {
	case len(patterns) != 1:
		return exit("trace", usagef("%d cases: expected one id; see parity trace --help", len(patterns)), stderr)
	case n > 2 || n == 0 && !s.oneBuild():
		return exit("trace", usagef("%d modules: expected one or two of --build NAME and --wasm NAME=FILE", n), stderr)
	}
	traces, err := trace(ctx, &s, patterns[0], stderr)
	if err != nil {
		return exit("trace", err, stderr)
	}
	var b strings.Builder
	if *form == "json" {
		_ = writeTraceJSON(&b, traces)
	} else if len(traces) == 1 {
		traces[0].write(&b)
	} else {
		sideBySide{left: traces[0], right: traces[1], width: width(stdout), colour: colours(stdout)}.write(&b)
	}
	if _, err := io.WriteString(stdout, b.String()); err != nil {
		fmt.Fprintf(stderr, "parity trace: write: %v\n", err)
		return 3
	}
	if slices.ContainsFunc(traces, func(t traced) bool { return t.cut }) {
		return 1
	}
	return 0
}

// oneBuild says whether the project has a single build, which then need not be named.
func (s *selection) oneBuild() bool {
	root, err := build.FindRoot()
	if err != nil {
		return false
	}
	list, err := build.Load(filepath.Join(root, build.File))
	return err == nil && len(list.Builds) == 1
}

func trace(ctx context.Context, s *selection, pattern string, stderr io.Writer) ([]traced, error) {
	run, err := s.choose(func(*table.Table) []string { return []string{pattern} }, stderr)
	if err != nil {
		return nil, err
	}
	if n := run.cases.Len(); n != 1 {
		return nil, usagef("%q selects %d cases: expected one, such as %s", pattern, n, run.cases.Cases()[0].ID)
	}
	modules, err := s.modules(ctx, stderr)
	if err != nil {
		return nil, err
	}
	if err := s.giveBuilds(ctx, run.cases, modules, stderr); err != nil {
		return nil, err
	}
	runner := newRunner(run.options, 1)
	defer runner.Close()
	var traces []traced
	for _, m := range modules {
		one, err := traceOne(ctx, runner, m, run.cases)
		if err != nil {
			return traces, fmt.Errorf("%s: %w", m.Name, err)
		}
		traces = append(traces, one)
	}
	return traces, nil
}

func traceOne(ctx context.Context, r *apart.Runner, m module, t *table.Table) (traced, error) {
	if m.Err != nil {
		return traced{}, m.Err
	}
	compiled, err := r.Compile(ctx, m.Wasm, nil)
	if err != nil {
		return traced{}, err
	}
	c := &t.Cases()[0]
	one := traced{name: m.Name, id: c.ID, stepsOfCase: len(c.Steps)}
	room := mostTraced
	seen, err := compiled.TraceAll(ctx, c, suite.Good(&t.Contract, c), shownRepetitions, func(s suite.StepTrace) {
		if n := len(s.Lines); n > room {
			s.Lines = append(s.Lines[:room:room], report.TraceLine{Text: fmt.Sprintf("and %d more lines", n-room)})
		}
		room -= min(room, len(s.Lines))
		one.steps = append(one.steps, s)
	})
	if err != nil {
		return traced{}, err
	}
	if f := seen.Failure; f != nil {
		one.end = fmt.Sprintf("%s: %s", f.Kind, f.Reason)
		one.cut = f.Ends()
		if one.cut {
			one.end = fmt.Sprintf("%s in %s: %s", f.Kind, f.In, f.Reason)
		}
		if f.Step == suite.Unplaced {
			one.end += "; what this step did before is not known"
		}
		one.details = f.Details
	}
	return one, nil
}

// traced is the trace of one module.
type traced struct {
	name, id    string
	stepsOfCase int
	steps       []suite.StepTrace
	end         string   // how the VM failed; "": it did not
	details     []string // of the failure
	cut         bool     // it had to be ended
}

func (t traced) title(p suite.Place) string {
	title := fmt.Sprintf("step %d", p.Step)
	switch {
	case p.Step == 0:
		return "start and configuration"
	case p.Step > t.stepsOfCase:
		return "the good request afterwards"
	case t.stepsOfCase == 1:
		title = "the request"
	}
	if p.Repetition > 1 {
		title += fmt.Sprintf(", repetition %d", p.Repetition)
	}
	return title
}

func (t traced) write(b *strings.Builder) {
	fmt.Fprintf(b, "%s · %s\n", t.id, t.name)
	for _, s := range t.steps {
		fmt.Fprintf(b, "\n%s\n", t.title(s.Place))
		for _, line := range lines(s.Lines) {
			fmt.Fprintf(b, "  %s\n", line)
		}
	}
	if t.end != "" {
		fmt.Fprintf(b, "\n%s\n", t.end)
		for _, line := range t.details {
			fmt.Fprintf(b, "  %s\n", line)
		}
	}
}

// at is the lines of one step.
func (t traced) at(place suite.Place) []string {
	for _, s := range t.steps {
		if s.Place == place {
			return lines(s.Lines)
		}
	}
	return nil
}

func lines(trace []report.TraceLine) []string {
	out := make([]string, len(trace))
	for i, c := range trace {
		out[i] = strings.Repeat("  ", c.Depth) + c.Text
	}
	return out
}
