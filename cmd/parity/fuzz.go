package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/conformance/apart"
	"github.com/header-auth/header-auth/conformance/dictionary"
	"github.com/header-auth/header-auth/conformance/fuzz"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/internal/input"
	"github.com/header-auth/header-auth/internal/sandbox"
	"github.com/header-auth/header-auth/internal/units"
	"github.com/header-auth/header-auth/internal/words"
)

var fuzzHelp = fmt.Sprintf(`Usage: parity fuzz [flags]

Looks for hidden doors. It takes the words of a module (texts in its data and code, and texts that it passes to the
host) as header names and values, paths, methods, queries, cookies, credentials, trailers and configuration keys, and
sends them to the module. Words that no other module contains come first. When the module does anything else than it
should, parity fuzz reduces the case to the smallest one that shows it and writes it.

  parity fuzz                             all builds of builds.yaml
  parity fuzz --wasm mine=plugin.wasm     your module, with the contract of this repository
  parity fuzz --wasm mine=plugin.wasm --cases my-cases

A model of header-auth's contract says what its builds should do. Of any other table there is no model: then a request
that a case refuses must stay refused when it contains words that the table does not mention. If meaningless words in
one part of the request change the decision, that part is not tried.

Flags
`+selectionHelp+`  --time DURATION        how long to search, for all modules together (default 60s)
  --seed N               try the words in another order (default 0)
  --shard I/N            only the part I of N equal parts of the words, such as 2/4, so that N machines can share the
                         work
  --list                 print the modules that would be searched, and how; search nothing
  --out DIR              where to write cases, each in a folder of its own (default found)

Exit codes: 0 nothing was found; 1 something was found, and the output says which command shows it, or a module did not
load or return; 2 the call, builds.yaml or the table is wrong; 3 this machine lacks a compiler.
`, profile.Default)

// mostWords is how many words of a module are tried. A Go program has twenty thousand.
const mostWords = 30_000

// runFuzz is the command "fuzz"; fuzzHelp says what its exit codes mean.
func runFuzz(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	f := fuzzing{stdout: stdout, stderr: stderr, progress: newProgress(stderr)}
	flags := flag.NewFlagSet("fuzz", flag.ContinueOnError)
	f.flags(flags)
	flags.DurationVar(&f.time, "time", time.Minute, "")
	flags.Uint64Var(&f.seed, "seed", 0, "")
	flags.Var(&f.part, "shard", "")
	flags.StringVar(&f.out, "out", "found", "")
	flags.BoolVar(&f.list, "list", false, "")
	if code, done := parseFlags(flags, args, fuzzHelp, stdout, stderr); done {
		return code
	}
	found, err := f.run(ctx)
	if err != nil {
		return exit("fuzz", err, stderr)
	}
	if found {
		return 1
	}
	return 0
}

type fuzzing struct {
	selection
	time time.Duration
	seed uint64
	part shard
	out  string
	list bool

	options host.Options
	runner  *apart.Runner
	folder  string // of the table; "": the model judges
	known   []reference

	mu             sync.Mutex
	stdout, stderr io.Writer
	progress       *progress
}

// reference is a module whose words are ordinary when another module contains them, too.
type reference struct {
	language string
	words    map[string]bool
}

func (f *fuzzing) run(ctx context.Context) (found bool, err error) {
	if f.time <= 0 {
		return false, usagef("--time %v: expected more than 0s, such as 60s", f.time)
	}
	if err := f.find(); err != nil && f.usesBuilds() { // with a model, no repository is needed
		return false, err
	}
	if f.options, err = f.hostOptions(f.stderr); err != nil {
		return false, err
	}
	if f.cases != "" || f.root != "" && f.usesBuilds() {
		t, dir, err := f.loadTable()
		if err != nil {
			return false, err
		}
		if f.cases != "" || t.Contract.Name != ourTable { // for which there is a model
			f.folder = dir
			if _, err = fuzz.NewTableSweeper(t, dir); err != nil {
				return false, usagef("the table in %s: %v", dir, err)
			}
		}
	}
	if f.list {
		return false, f.printPlan()
	}
	modules, err := f.modules(ctx, f.stderr)
	if err != nil {
		return false, err
	}
	f.known = f.references()

	workers := min(runtime.GOMAXPROCS(0), len(modules))
	f.runner = newRunner(f.options, workers)
	defer f.runner.Close()
	each := f.time / time.Duration((len(modules)+workers-1)/workers)
	verdicts := make([]bool, len(modules))
	errs := make([]error, len(modules))
	free := make(chan struct{}, workers)
	var all sync.WaitGroup
	for i, m := range modules {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			verdicts[i], errs[i] = f.module(ctx, m, each)
		})
	}
	all.Wait()
	f.progress.clear()
	for i := range modules {
		found = found || verdicts[i]
	}
	return found, errors.Join(errs...)
}

// printPlan prints what would be searched.
func (f *fuzzing) printPlan() error {
	if _, err := f.listModules(f.stdout); err != nil {
		return err
	}
	judge := "a model of the contract says what each module should do"
	if f.folder != "" {
		judge = "what a case of " + f.folder + " refuses must stay refused"
	}
	fmt.Fprintf(f.stdout, "\nAt most %s words of each module, in %v for all modules together; %s. "+
		"Cases are written into %s.\n",
		units.Count(mostWords), f.time, judge, f.out)
	return nil
}

// module tries one module, and says whether something was found.
func (f *fuzzing) module(ctx context.Context, m module, most time.Duration) (found bool, err error) {
	say := func(format string, a ...any) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.progress.clear()
		fmt.Fprintf(f.stdout, "%-15s %s\n", m.Name, fmt.Sprintf(format, a...))
	}
	if m.Err != nil {
		say("not tried: %v", m.Err)
		return true, nil
	}
	compiled, err := f.runner.Compile(ctx, m.Wasm, m.Environment)
	if err != nil {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		say("not tried: %v", err)
		return true, nil
	}
	var passed []string
	err = compiled.Do(ctx, sandbox.Job{Kind: textsJob, Request: sweepRequest{Name: m.Name, Folder: f.folder},
		Answer: &passed, Whole: fuzz.SweepTime(0, f.options.Deadline)})
	if err != nil && failureOf(err) == nil { // of a module that does not end, the sweep finds the case
		return false, err
	}
	vocabulary, err := dictionary.Words(m.Wasm, passed)
	if err != nil {
		say("not tried: %v", err)
		return true, nil
	}
	vocabulary = share(f.part, dictionary.Rank(vocabulary, f.knownTo(m), mostWords))

	started := time.Now()
	s, err := f.sweep(ctx, compiled, sweepRequest{Name: m.Name, Folder: f.folder, Words: vocabulary, Seed: f.seed,
		Most: most})
	switch {
	case err != nil && ctx.Err() == nil && failureOf(err) != nil:
		say("not tried: %v", err)
		return true, nil
	case err != nil:
		return false, err
	case s.Problem != "":
		return false, usagef("%s: %s", m.Name, s.Problem)
	}
	c, d, tried := s.Case, s.Difference, s.Tried
	took := time.Since(started).Round(100 * time.Millisecond)
	if d == nil {
		say("nothing found: %d of %d words, %d requests and configurations in %v", tried.Words, len(vocabulary),
			tried.Steps, took)
		return false, nil
	}
	dir, err := fuzz.Write(f.out, c, d)
	if err != nil {
		return false, err
	}
	say("%s: expected %s, found %s, after %v\n                parity check %s --cases %s", d.Field,
		words.OneLine(d.Wanted), words.OneLine(d.Found), took, strings.Join(m.Select[:2], " "), dir)
	return true, nil
}

// sweep has the words tried in a process. When that had to be ended, they are tried once more up to the case that was
// tried last, which is the difference. The error is a *host.Failure when that is not found again.
func (f *fuzzing) sweep(ctx context.Context, m *apart.Module, r sweepRequest) (s swept, err error) {
	var told sweepTold
	job := sandbox.Job{Kind: sweepJob, Request: &r, Answer: &s, Whole: fuzz.SweepTime(r.Most, f.options.Deadline),
		Told: toldTo(func(t sweepTold) {
			told = t
			f.step(r.Name, t.Tried, len(r.Words))
		})}
	err = m.Do(ctx, job)
	if failureOf(err) != nil && told.Number > 0 {
		r.From, told = told.Number, sweepTold{}
		err = m.Do(ctx, job)
	}
	if failure := failureOf(err); failure != nil && told.Case != nil {
		ended := suite.Failure{Kind: failure.Kind.String(), In: failure.In, Reason: failure.Reason}
		s, err = swept{Case: *told.Case, Difference: fuzz.Ended(r.Name, &ended), Tried: told.Tried}, nil
	}
	if err == nil && s.Difference != nil && s.Difference.Ends {
		s.Case = single(ctx, m, s.Case)
	}
	return s, err
}

// single is the case with the one step alone in which the module has to be ended, if there is one.
func single(ctx context.Context, m *apart.Module, c table.Case) table.Case {
	for i := range c.Steps {
		one := c
		one.Steps = c.Steps[i : i+1]
		if o, err := m.Observe(ctx, &one, nil); err == nil && o.Failure != nil && o.Failure.Ends() {
			return one
		}
	}
	return c
}

// step shows the progress with a module: on a terminal at once, in a pipe once a minute.
func (f *fuzzing) step(name string, t fuzz.Progress, words int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.progress.say(fmt.Sprintf("%s: %d of %d words, %d requests and configurations", name, t.Words, words, t.Steps))
}

// references are the builds of builds.yaml whose modules exist.
func (f *fuzzing) references() (all []reference) {
	if f.root == "" {
		return nil
	}
	list, err := build.Load(filepath.Join(f.root, build.File))
	if err != nil {
		return nil // they only change the order of the words
	}
	for _, b := range list.Builds {
		wasm, err := input.ReadRegular(filepath.Join(f.root, filepath.FromSlash(b.Wasm)), mostModule)
		if err != nil {
			continue
		}
		words, err := dictionary.Words(wasm, nil)
		if err != nil {
			continue
		}
		r := reference{b.Language, map[string]bool{}}
		for _, w := range words {
			r.words[w.Text] = true
		}
		all = append(all, r)
	}
	return all
}

// knownTo says which words are ordinary in a module: those of builds in the other language. Builds of the same source
// would contain the same doors.
func (f *fuzzing) knownTo(m module) func(string) bool {
	return func(word string) bool {
		for _, r := range f.known {
			if r.language != m.Language && r.words[word] {
				return true
			}
		}
		return false
	}
}
