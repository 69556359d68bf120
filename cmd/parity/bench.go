package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/header-auth/header-auth/bench"
	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/internal/sandbox"
	"github.com/header-auth/header-auth/internal/units"
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
  parity bench --engine envoy                           what builds cost on a real Envoy, beside RBAC, Lua, a dynamic module and
                                                        ext_authz, and what each call between both costs; five minutes

Which modules, which table, which host
%s
  --engine envoy         a real Envoy, or envoy@1.39 of that release; writes envoy.json and envoy.md, and puts its section into
                         the report beside it
  --envoy FILE           the program for it (default: envoy on PATH, func-e's, or one that is downloaded)
How
  --case PATTERN   the same as CASE, the cases of the table to time (default: the group typical, else all); repeat it for
                   several
  --list           print the scenarios, the builds, the plan, and about how long it takes; measure nothing
  --full           the long plan
  --speed          speed alone, the quick plan
  --short          with --engine envoy: half a minute, for a first look
  --resume         go on with the run that was interrupted
  --seed N         of every shuffle (default 1)
  --budgets FILE   limits: a broken one fails the run (default budgets.yaml beside builds.yaml when all its builds are measured;
                   none: no limits)
  --against FILE   an earlier bench.json to compare with; of another machine or plan there are two numbers and no word
  --fail-on-regression N%%
                   exit with 1 when a build's time, size, resident memory or leak is worse than in that file by more than
                   N %% beyond its interval, or something is gone from it; 3 when they cannot be compared: another machine
                   or plan
  --dir DIR        where the reports go (default dist/bench; dist/bench/own for other builds, scenarios or plans, so that the
                   last usual report stays; those of an interrupted run go to the folder interrupted in it)

Exit codes: 0 measured, and within the budgets; 1 a build gave a wrong answer, broke a budget or got worse; 2 the call, the table or
budgets.yaml is wrong; 3 this machine lacks something, is too busy for a verdict, or the run was interrupted.
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

// choose finds everything that is wrong with the call before anything is made or measured.
func (b *benchmark) choose(ctx context.Context) (err error) {
	if b.full && b.speed {
		return usagef("--full and --speed: expected one of them")
	}
	if b.envoy != "" || b.short {
		return usagef("--envoy and --short: expected --engine envoy with them")
	}
	if err := b.failOn.check(b.against); err != nil {
		return err
	}
	if err := b.find(); err != nil {
		return err
	}
	if b.options, err = b.hostOptions(b.stderr); err != nil {
		return err
	}
	whole, folder, err := b.loadTable()
	if err != nil {
		return err
	}
	b.given = len(b.patterns) > 0 && !slices.Equal(b.patterns, nameList{"typical"})
	if len(b.patterns) == 0 {
		if b.patterns, err = scenariosOf(whole); err != nil {
			return err
		}
	}
	if b.table, err = whole.Select(b.patterns...); err != nil {
		return usagef("%v", err)
	}
	for _, c := range b.table.Cases() {
		if err := suite.Repeatable(&c); err != nil {
			return usagef("%s: case %s can't be timed: %v", c.Position, c.ID, err)
		}
	}
	b.folder = folder
	if err := b.references(ctx); err != nil {
		return err
	}
	if b.dirGiven = b.dir != ""; !b.dirGiven {
		b.dir = filepath.Join(b.root, "dist", "bench")
	}
	return nil
}

// prepare makes the folder of the reports, and the modules.
func (b *benchmark) prepare(ctx context.Context) (err error) {
	if err := b.makeDir(); err != nil {
		return err
	}
	b.tested, err = b.modules(ctx, b.stderr)
	return err
}

// makeDir makes the folder of the reports.
func (b *benchmark) makeDir() error {
	err := os.MkdirAll(b.dir, 0o755)
	if err == nil {
		err = tryWriting(b.dir)
	}
	switch {
	case unwritable(err):
		return fmt.Errorf("the folder of the reports: %w: expected one that can be written, choose it with --dir", err)
	case err != nil:
		return usagef("--dir: %v", err)
	}
	return nil
}

// printPlan prints what would be measured.
func (b *benchmark) printPlan() error {
	printCases(b.stdout, b.table.Cases())
	fmt.Fprintln(b.stdout)
	builds, err := b.listModules(b.stdout)
	if err != nil {
		return err
	}
	p := bench.Filled(b.plan(), builds, b.table.Len())
	fmt.Fprintf(b.stdout, "\nThe plan %s: %d processes with %d VMs of each build, %d rounds of %s requests in each; "+
		"%d processes with %s requests timed one by one",
		p.Name, p.Processes, p.Instances, p.Rounds, units.Count(p.Requests), p.TailProcesses, units.Count(p.TailRequests))
	if p.SoakRequests > 0 {
		fmt.Fprint(b.stdout, "; memory, start-up, size")
	}
	if p.Builds {
		fmt.Fprint(b.stdout, ", the time of building")
	}
	about := aboutSo(bench.Estimate(p, builds, b.table.Len()))
	fmt.Fprintf(b.stdout, ".\n%s; while it runs, it shows the time that is left.\n", about)
	return nil
}

// aboutSo is a time that is only estimated.
func aboutSo(d time.Duration) string {
	if d < 90*time.Second {
		return fmt.Sprintf("About %d seconds on two cores", max(1, d.Round(5*time.Second)/(5*time.Second))*5)
	}
	return fmt.Sprintf("About %d minutes on two cores", (d+30*time.Second)/time.Minute)
}

// scenariosMost is how many scenarios are taken by default: with many more a run takes an hour.
const scenariosMost = 12

// scenariosOf are the cases that are timed by default: the group typical, else all that can be timed.
func scenariosOf(t *table.Table) (patterns nameList, err error) {
	for _, g := range t.Groups {
		if g.Name == "typical" {
			return nameList{g.Name}, nil
		}
	}
	for _, c := range t.Cases() {
		if suite.Repeatable(&c) == nil {
			patterns = append(patterns, c.ID)
		}
	}
	if len(patterns) == 0 || len(patterns) > scenariosMost {
		return nil, usagef("%d cases could be timed and no group is called typical: expected 1 to %d, choose with --case", len(patterns), scenariosMost)
	}
	return patterns, nil
}

// references reads what the results are compared with: limits and an earlier report.
func (b *benchmark) references(ctx context.Context) (err error) {
	file := b.budgets
	if own := filepath.Join(b.root, "budgets.yaml"); file == "" && b.usual() {
		if _, err := os.Stat(own); !errors.Is(err, fs.ErrNotExist) { // a plugin of one's own may have none
			file = own
		}
	}
	if file != "" && file != "none" {
		if b.limits, err = waiting(ctx, func() (*verdict.Budgets, error) { return verdict.LoadBudgets(file) }); err != nil {
			return wrongFile(ctx, err)
		}
	}
	if b.against != "" {
		b.then, err = waiting(ctx, func() (*evidence.Report, error) { return readEvidence(b.against) })
	}
	return err
}

// usual says whether the call measures what the budgets of a folder are about: all of its builds in the usual scenarios of
// its table.
func (b *benchmark) usual() bool {
	return len(b.builds) == 0 && len(b.wasm) == 0 && b.cases == "" && !b.given && !b.speed &&
		b.engine == "wazero" && b.usualHost()
}

func (b *benchmark) plan() evidence.Plan {
	switch {
	case b.full:
		return bench.FullPlan()
	case b.speed:
		return bench.SpeedPlan()
	}
	return bench.DefaultPlan()
}

// measure makes the report. When it is interrupted the report has what was measured until then.
func (b *benchmark) measure(ctx context.Context) (*evidence.Report, error) {
	work, done, err := b.workFolder()
	if err != nil {
		return nil, err
	}
	defer done()
	line := newProgress(b.stderr)
	c, r, err := b.configuration(b.plan(), work, line)
	if err != nil {
		return nil, err
	}
	key, err := b.key(c.Worker[0], c.Plan)
	if err != nil {
		return nil, err
	}
	if c.Journal, err = bench.OpenJournal(filepath.Join(work, "journal"), key, b.resume); err != nil {
		return nil, usagef("--resume: %v", err)
	}
	b.describe(ctx, r, c.Journal.Begun)
	watch, begin := bench.WatchMachine(), time.Now()
	err = bench.Run(ctx, c, r)
	if err == nil {
		err = b.sizesAndCosts(ctx, r, c.Plan, line)
	}
	if err == nil && c.Plan.Builds {
		err = bench.Count(ctx, c, r, work, line.say)
	}
	line.clear()
	r.Run.Seconds, r.Machine, r.Run.Complete = time.Since(begin).Seconds(), watch.Machine(), err == nil
	if err == nil {
		err = c.Journal.Remove()
	} else {
		_ = c.Journal.Close()
	}
	return r, err
}

// configuration is what bench.Run is told, and a report that has only the builds' names. The modules are copied to the
// folder work, so that a build during the run does not change what is measured.
func (b *benchmark) configuration(plan evidence.Plan, work string, line *progress) (c bench.Config, r *evidence.Report, err error) {
	program, err := os.Executable()
	if err != nil {
		return c, nil, err
	}
	cache := b.options.CacheDir // start-up is measured with it too
	if cache == "" || os.MkdirAll(cache, 0o755) != nil || tryWriting(cache) != nil {
		cache = filepath.Join(work, "wazero")
	}
	c = bench.Config{Plan: bench.Filled(plan, len(b.tested), b.table.Len()), Seed: b.seed, Folder: b.folder, Table: b.table,
		Host: b.options, CacheDir: cache, Worker: sandboxProgram(), Counted: []string{program, workerCommand},
		Periods: verdict.Periods, Judge: runTable, Hang: b.hang}
	c.Progress = func(p bench.Progress) {
		line.say(fmt.Sprintf("%3.0f %%  %s left  %s", 100*p.Done, p.Left.Round(time.Second), p.What))
	}
	r = &evidence.Report{Schema: evidence.Schema}
	for _, m := range b.tested {
		path := filepath.Join(work, m.Name+".wasm")
		if m.Err == nil {
			if err := replaceFile(path, m.Wasm); err != nil {
				return c, nil, err
			}
		}
		c.Subjects = append(c.Subjects, bench.Subject{Subject: m.Subject, Path: path})
		r.Builds = append(r.Builds, evidence.Build{Name: m.Name, File: m.File, SHA256: m.SHA256, Language: m.Language,
			Toolchain: m.Toolchain, SDK: m.SDK, What: m.what, Label: m.Label})
	}
	return c, r, nil
}

// sizesAndCosts measures what needs no repetition: sizes, and the cost of making a build.
func (b *benchmark) sizesAndCosts(ctx context.Context, r *evidence.Report, p evidence.Plan, line *progress) error {
	if p.Name == bench.SpeedPlan().Name {
		return nil
	}
	measured, err := b.buildsMeasured()
	if err != nil {
		return err
	}
	for _, m := range b.tested {
		if m.Err != nil {
			continue
		}
		line.say("size of " + m.Name)
		size, err := bench.Size(ctx, m.Name, m.Language, m.Wasm, b.compileInto(m.Wasm))
		if err != nil {
			r.Run.Notes = append(r.Run.Notes, fmt.Sprintf("size of %s: %v", m.Name, err))
		} else {
			r.Sizes = append(r.Sizes, size)
		}
		made, ok := measured[m.Name]
		if !ok {
			continue
		}
		line.say("cost of making " + m.Name)
		cost, err := bench.Cost(ctx, b.root, made, p.Builds)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			r.Run.Notes = append(r.Run.Notes, err.Error())
			continue
		}
		r.Costs = append(r.Costs, cost)
	}
	if !p.Builds {
		r.Run.Notes = append(r.Run.Notes, "build times: only with --full")
	}
	return nil
}

// hangTime is how long it is looked for the callback that does not come back.
const hangTime = 30 * time.Second

// hang sends a scenario's requests to a build again, in a process that knows which callback runs. The error is a *host.Failure.
func (b *benchmark) hang(ctx context.Context, s bench.Subject, c *table.Case, requests int) error {
	runner := newRunner(b.options, 1)
	defer runner.Close()
	m, err := runner.Compile(ctx, s.Wasm, s.Environment)
	if err != nil {
		return err
	}
	var f *host.Failure
	err = m.Do(ctx, sandbox.Job{Kind: loopJob, Request: loopRequest{*c, requests}, Answer: &f, Whole: hangTime})
	if err == nil && f != nil {
		return f
	}
	return err
}

// compileInto compiles a module in a process, with a folder for compiled code.
func (b *benchmark) compileInto(wasm []byte) func(context.Context, string) error {
	return func(ctx context.Context, folder string) error {
		o := b.options
		o.CacheDir = folder
		runner := newRunner(o, 1)
		defer runner.Close()
		_, err := runner.Compile(ctx, wasm, nil)
		return err
	}
}

// buildsMeasured are the builds of builds.yaml that take part, by name.
func (b *benchmark) buildsMeasured() (map[string]build.Build, error) {
	found := map[string]build.Build{}
	if !b.usesBuilds() {
		return found, nil
	}
	list, err := build.Load(filepath.Join(b.root, build.File))
	if err != nil {
		return nil, err
	}
	chosen, err := list.Select(b.builds)
	for _, made := range chosen {
		found[made.Name] = made
	}
	return found, err
}

// describe records where the numbers come from.
func (b *benchmark) describe(ctx context.Context, r *evidence.Report, begun time.Time) {
	r.Run.Command, r.Run.Started = b.command, begun
	if b.root != "" {
		r.Run.Revision, r.Run.Dirty = revision(ctx, b.root)
	}
	r.Table = evidence.Table{Name: b.table.Contract.Name, Folder: b.folder, Digest: b.table.Digest}
	r.Host = evidence.Host{Wazero: wazeroVersion(), Engine: engineName(b.options), Profile: b.options.Profile.String(),
		Allocator: b.options.Allocator.String()}
}

// workFolder is the folder of the modules under test and of the journal.
func (b *benchmark) workFolder() (work string, done func(), err error) {
	base := b.root
	if base == "" {
		base = b.dir
	}
	dir := filepath.Join(base, ".cache", "bench")
	if b.resume {
		if err = os.MkdirAll(dir, 0o755); err == nil {
			err = tryWriting(dir)
		}
		if err != nil {
			err = fmt.Errorf("--resume: %w", err)
		}
		return dir, func() {}, err
	}
	work, _, done, err = keptFolder(dir, "bench", b.stderr)
	return work, done, err
}

// key is the digest of everything that must be the same when a run is resumed.
func (b *benchmark) key(program string, p evidence.Plan) (string, error) {
	digest := sha256.New()
	if err := addFile(digest, program); err != nil {
		return "", err
	}
	plan, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(digest, "%s %d %s %s %q\n", plan, b.seed, answers(b.options), b.table.Digest, strings.Join(b.patterns, "\n"))
	for _, m := range b.tested {
		fmt.Fprintf(digest, "%q %s\n", m.Name, m.SHA256)
	}
	return fmt.Sprintf("%x", digest.Sum(nil)), nil
}
