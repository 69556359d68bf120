package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"runtime"

	"github.com/header-auth/header-auth/bench/soak"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/internal/sandbox"
	"github.com/header-auth/header-auth/internal/units"
)

var soakHelp = fmt.Sprintf(`Usage: parity soak [CASE…] [flags]

The long run: are a module's answers still right, its memory flat and its requests quick after many rounds? Each case is
a cycle: its steps are run over and over in one VM, %d rounds of them. Every answer is compared as a whole with the
first one: what reached the upstream and the client, the local reply, log lines, outgoing calls, metrics. Memory is
watched by round, which shows a leak of sixteen bytes, and the time of each round, which shows a pause. Where it is not
yet known whether memory grows, a path is run up to %d times as long.

  parity soak                                      make all builds of builds.yaml, then run every case of the group soak
  parity soak --short                              a fifth of the rounds
  parity soak 'soak/token-*' --build rust          some paths, one build
  parity soak --wasm mine=plugin.wasm --cases mycases
                                                   a module and a table of your own: the group soak if it has one, else
                                                   every case that can be repeated; the others are listed with the
                                                   reason

Flags
`+selectionHelp+`  --case PATTERN         the same as CASE, the cases to run: an id, a group or a glob; repeat it for
                         several
  --list                 print the cases and the builds that would be run, and about how long it takes; run nothing
  --rounds N             rounds of each path (default %d; with --short %d)
  --short                fewer rounds: a leak of sixteen bytes may be missed
  --format FORMAT        text (default) or json

A build with leaks in builds.yaml is known to leak: its leak is shown and does not fail the run; if it does not leak,
that fails the run.

Exit codes: 0 every answer right and no leak; 1 a wrong answer, a leak, a VM that died, or a path of which it is not
known whether it leaks; 2 the call, builds.yaml or the table is wrong, or nothing was run; 3 this machine lacks a
compiler, or the run was interrupted.
`, soak.Rounds, soak.Longest, profile.Default, soak.Rounds, soak.ShortRounds)

// runSoak is the command "soak"; soakHelp says what its exit codes mean.
func runSoak(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var s selection
	var patterns nameList
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	s.flags(flags)
	flags.Var(&patterns, "case", "")
	short := flags.Bool("short", false, "")
	rounds := flags.Int("rounds", 0, "")
	list := flags.Bool("list", false, "")
	form := flags.String("format", "text", "")
	cases, code, done := parseArgs(flags, args, soakHelp, stdout, stderr)
	if done {
		return code
	}
	patterns = append(patterns, cases...)
	if err := format("soak", *form); err != nil {
		return exit("soak", err, stderr)
	}
	switch {
	case *rounds < 0 || *rounds > 0 && *rounds < fewestRounds:
		return exit("soak", usagef("--rounds %d: expected %d or more", *rounds, fewestRounds), stderr)
	case *rounds == 0 && *short:
		*rounds = soak.ShortRounds
	case *rounds == 0:
		*rounds = soak.Rounds
	}
	if *list {
		return exit("soak", listSoak(&s, patterns, *rounds, stdout, stderr), stderr)
	}
	r, err := soakAll(ctx, &s, patterns, *rounds, stderr)
	if err != nil {
		return exit("soak", err, stderr)
	}
	if *form == "json" {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		err = e.Encode(soakJSON(r))
	} else {
		err = soakText(stdout, r, colours(stdout))
	}
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "parity soak: write report: %v\n", err)
		return 3
	case r.Red():
		return 1
	case r.Interrupted:
		return 3
	case !r.Done():
		return 2
	}
	return 0
}

// fewestRounds is how many a verdict on memory needs.
const fewestRounds = 1000

// soakReport is what is printed.
type soakReport struct {
	Schema string `json:"schema"`
	Table  string `json:"table"`
	Rounds int    `json:"rounds"`
	*soak.Report

	builds, cases []string
}

// soakAll runs what was selected.
func soakAll(ctx context.Context, s *selection, patterns []string, rounds int, stderr io.Writer) (*soakReport, error) {
	run, err := s.load(ctx, cyclesOr(patterns), stderr)
	if err != nil {
		return nil, err
	}
	options, selected, modules := run.options, run.cases, run.modules
	r := &soakReport{Schema: "header-auth/soak/v1", Table: selected.Digest, Rounds: rounds}
	var subjects []soak.Subject
	for _, m := range modules {
		r.builds = append(r.builds, m.Name)
		subjects = append(subjects, soak.Subject{Name: m.Name, Wasm: m.Wasm, Err: m.Err, Environment: m.Environment,
			Leaks: m.leaks, MayNotLeak: !s.usualHost()})
	}
	for _, c := range selected.Cases() {
		r.cases = append(r.cases, c.ID)
	}
	runner := newTimedRunner(options, runtime.GOMAXPROCS(0))
	defer runner.Close()
	line := newProgress(stderr)
	r.Report = soak.Run(ctx, selected.Cases(), subjects, soak.Config{Host: options, Workers: runtime.GOMAXPROCS(0),
		Rounds: rounds, Progress: func(done float64, what string) {
			line.say(fmt.Sprintf("%3.0f %%%s  %s", 100*done, line.left(done), what))
		},
		Path: func(ctx context.Context, s *soak.Subject, w soak.Way, say func(soak.Done)) (found soak.Result, err error) {
			m, err := runner.Compile(ctx, s.Wasm, s.Environment)
			if err != nil {
				return found, err
			}
			return found, m.Do(ctx, sandbox.Job{Kind: soakJob, Request: soakRequest{w, options.MemoryPages}, Answer: &found,
				Told: toldTo(say), Step: w.Step(options.Deadline)})
		}})
	line.clear()
	return r, nil
}

// listSoak prints what would be run.
func listSoak(s *selection, patterns []string, rounds int, stdout, stderr io.Writer) error {
	run, err := s.choose(cyclesOr(patterns), stderr)
	if err != nil {
		return err
	}
	var cycles []table.Case
	requests := 0 // of a round of each
	for _, c := range run.cases.Cases() {
		if err := suite.Cyclic(&c); err != nil {
			fmt.Fprintf(stderr, "%s: case %s is left out: %v\n", c.Position, c.ID, err)
			continue
		}
		cycles = append(cycles, c)
		for _, step := range c.Steps {
			requests += step.Times
		}
	}
	printCases(stdout, cycles)
	fmt.Fprintln(stdout)
	builds, err := s.listModules(stdout)
	if err != nil {
		return err
	}
	about := soak.Estimate(requests*builds, rounds)
	fmt.Fprintf(stdout, "\n%s rounds of each case in one VM of each build. %s; while it runs, it "+
		"shows the time that is left.\n", units.Count(rounds), aboutSo(about))
	return nil
}

// cyclesOr are the cases that the patterns select, or without patterns those that are run by default.
func cyclesOr(patterns []string) func(*table.Table) []string {
	return func(whole *table.Table) []string {
		if len(patterns) == 0 {
			return cyclesOf(whole)
		}
		return patterns
	}
}

// cyclesOf are the cases that are run by default: the group soak, else all.
func cyclesOf(t *table.Table) []string {
	for _, g := range t.Groups {
		if g.Name == "soak" {
			return []string{g.Name}
		}
	}
	return nil
}
