package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/profile"
)

const benchHelp = `Usage: parity bench [CASE…] [flags]

Measures builds next to each other: speed and latency of whole requests, start-up, memory, size. A build that does not
keep the contract in a scenario gets no number there. Every comparison has an interval, and says "undecided" where the
samples do not decide; the same module under two names must come out equal, or there are no verdicts at all.
Writes bench.json, report.html, report.md and bench.txt (for benchstat) and prints the findings.

  parity bench                                          every build, about two minutes
  parity bench --full                                   the same, and the cost of building: at most twenty minutes
  parity bench --wasm a=old.wasm --wasm b=new.wasm      two modules of your own; no compiler needed
  parity bench --cases my-cases 'login/*'               your own table: the last step of each case is timed
  parity bench --against dist/bench/before.json         what has changed since
  parity bench --engine envoy                           what builds cost on a real Envoy, beside RBAC, Lua, a dynamic
                                                        module and ext_authz, and what each call between both costs;
                                                        five minutes

Which modules, which table, which host
%s
  --engine envoy         a real Envoy, or envoy@1.39 of that release; writes envoy.json and envoy.md, and puts its
                         section into the report beside it
  --envoy FILE           the program for it (default: envoy on PATH, func-e's, or one that is downloaded)
How
  --case PATTERN   the same as CASE, the cases of the table to time (default: the group typical, else all); repeat it
                   for several
  --list           print the scenarios, the builds, the plan, and about how long it takes; measure nothing
  --full           the long plan
  --speed          speed alone, the quick plan
  --short          with --engine envoy: half a minute, for a first look
  --resume         go on with the run that was interrupted
  --seed N         of every shuffle (default 1)
  --budgets FILE   limits: a broken one fails the run (default budgets.yaml beside builds.yaml when all its builds are
                   measured; none: no limits)
  --against FILE   an earlier bench.json to compare with; of another machine or plan there are two numbers and no word
  --fail-on-regression N%%
                   exit with 1 when a build's time, size, resident memory or leak is worse than in that file by more
                   than N %% beyond its interval, or something is gone from it; 3 when they cannot be compared: another
                   machine or plan
  --dir DIR        where the reports go (default dist/bench; dist/bench/own for other builds, scenarios or plans, so
                   that the last usual report stays; those of an interrupted run go to the folder interrupted in it)

Exit codes: 0 measured, and within the budgets; 1 a build gave a wrong answer, broke a budget or got worse; 2 the call,
the table or budgets.yaml is wrong; 3 this machine lacks something, is too busy for a verdict, or the run was
interrupted.
`

// benchmark is the call of "bench".
type benchmark struct {
	selection
	patterns    nameList
	given       bool // the call says which scenarios
	list        bool
	full, speed bool
	short       bool // with a real Envoy
	resume      bool
	seed        uint64
	budgets     string
	against     string
	failOn      regressionLimit
	dir         string
	dirGiven    bool // by --dir
	stdout      io.Writer
	stderr      io.Writer
	command     []string
	options     host.Options
	table       *table.Table
	folder      string
	tested      []module
	limits      *verdict.Budgets // nil: none
	then        *evidence.Report // nil: nothing to compare with
}

// runBench is the command "bench"; benchHelp says what its exit codes mean.
func runBench(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	b := benchmark{stdout: stdout, stderr: stderr, command: append([]string{"parity", "bench"}, args...)}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	b.flags(flags)
	flags.StringVar(&b.envoy, "envoy", "", "")
	flags.Var(&b.patterns, "case", "")
	flags.BoolVar(&b.list, "list", false, "")
	flags.BoolVar(&b.full, "full", false, "")
	flags.BoolVar(&b.speed, "speed", false, "")
	flags.BoolVar(&b.short, "short", false, "")
	flags.BoolVar(&b.resume, "resume", false, "")
	flags.Uint64Var(&b.seed, "seed", 1, "")
	flags.StringVar(&b.budgets, "budgets", "", "")
	flags.StringVar(&b.against, "against", "", "")
	flags.Var(&b.failOn, "fail-on-regression", "")
	flags.StringVar(&b.dir, "dir", "", "")
	help := fmt.Sprintf(benchHelp, fmt.Sprintf(selectionHelp, profile.Default))
	cases, code, done := parseArgs(flags, args, help, stdout, stderr)
	if done {
		return code
	}
	b.patterns = append(b.patterns, cases...)
	code, err := b.run(ctx)
	if err != nil {
		return exit("bench", err, stderr)
	}
	return code
}

func (b *benchmark) run(ctx context.Context) (code int, err error) {
	if b.asksEnvoy() {
		return b.onEnvoy(ctx)
	}
	if err := b.choose(ctx); err != nil {
		return 0, err
	}
	if b.list {
		return 0, b.printPlan()
	}
	if err := b.prepare(ctx); err != nil {
		return 0, err
	}
	r, broken := b.measure(ctx)
	if r == nil {
		return 0, broken
	}
	code, err = b.deliver(r)
	if broken == nil || err != nil {
		return code, errors.Join(broken, err)
	}
	why, code := "interrupted", 3
	if !errors.Is(broken, context.Canceled) {
		why, code = broken.Error(), 1
	}
	fmt.Fprintf(b.stderr, "parity bench: %s; what was measured is kept, and --resume goes on from there\n", why)
	return code, nil
}
