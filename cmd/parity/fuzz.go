package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/conformance/dictionary"
	"github.com/header-auth/header-auth/conformance/fuzz"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/internal/words"
)

var fuzzHelp = fmt.Sprintf(`Usage: parity fuzz [flags]

Looks for hidden doors: takes the words that a module knows (the texts in its data and code, and those it hands to the
host) for header names and values, paths, methods, queries, cookies, credentials, trailers and configuration keys, and
sends them to the module, those first that no other module has. What a module does other than it should is made as small
as it gets and written as a case.

  parity fuzz                             all builds of builds.yaml
  parity fuzz --wasm mine=plugin.wasm     a module that is to keep to the contract of this repository
  parity fuzz --wasm mine=plugin.wasm --cases my-cases

What it should do, a model of the contract says. With --cases there is none: a request that a case wants refused must then
stay refused with words in it that the table mentions nowhere. A part of a request in which a word without a meaning
changes the decision is left alone.

Flags
`+selectionHelp+`  --time DURATION        how long to look, all modules together (default 60s)
  --seed N               try the words in another order (default 0)
  --out DIR              where cases are written, each in a folder of its own (default found)

Exit codes: 0 nothing was found; 1 something was, and the command that shows it is printed, or a module did not load;
2 the call, builds.yaml or the table is wrong; 3 this machine lacks a compiler.
`, profile.Default)

// mostWords is how many words of a module are tried; a Go program has twenty thousand.
const mostWords = 30_000

// runFuzz is the command "fuzz"; fuzzHelp says what its exit codes mean.
func runFuzz(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	f := fuzzing{stdout: stdout, stderr: stderr, progress: newProgress(stderr)}
	flags := flag.NewFlagSet("fuzz", flag.ContinueOnError)
	f.flags(flags)
	flags.DurationVar(&f.time, "time", time.Minute, "")
	flags.Uint64Var(&f.seed, "seed", 0, "")
	flags.StringVar(&f.out, "out", "found", "")
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
	out  string

	options host.Options
	foreign *fuzz.Foreign // nil: the model judges
	known   []reference

	mu             sync.Mutex
	stdout, stderr io.Writer
	progress       *progress
}

// reference is a module whose words are nothing special in another one.
type reference struct {
	language string
	words    map[string]bool
}

func (f *fuzzing) run(ctx context.Context) (found bool, err error) {
	if f.time <= 0 {
		return false, usagef("--time %v: expected more than nothing, such as 60s", f.time)
	}
	if err := f.find(); err != nil && f.usesBuilds() { // the model needs no repository
		return false, err
	}
	if f.options, err = f.hostOptions(); err != nil {
		return false, err
	}
	if f.cases != "" {
		t, dir, err := f.loadTable()
		if err != nil {
			return false, err
		}
		if f.foreign, err = fuzz.NewForeign(t, dir); err != nil {
			return false, usagef("--cases %s: %v", dir, err)
		}
	}
	modules, err := f.modules(ctx, f.stderr)
	if err != nil {
		return false, err
	}
	f.known = f.references()

	workers := min(runtime.GOMAXPROCS(0), len(modules))
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

// module looks at one module, and says whether it is at fault.
func (f *fuzzing) module(ctx context.Context, m module, most time.Duration) (found bool, err error) {
	say := func(format string, a ...any) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.progress.clear()
		fmt.Fprintf(f.stdout, "%-15s %s\n", m.Name, fmt.Sprintf(format, a...))
	}
	if m.Err != nil {
		say("not looked at: %v", m.Err)
		return true, nil
	}
	compiled, err := host.Compile(ctx, m.Wasm, f.options)
	if err != nil {
		say("not looked at: %v", err)
		return true, nil
	}
	defer compiled.Close(context.WithoutCancel(ctx))
	builds := fuzz.One(m.Name, compiled)
	var heard []string
	if f.foreign != nil {
		heard = f.foreign.Heard(ctx, compiled)
	} else {
		heard = builds.Heard(ctx)
	}
	vocabulary, err := dictionary.Of(m.Wasm, heard)
	if err != nil {
		say("not looked at: %v", err)
		return true, nil
	}
	vocabulary = dictionary.Rank(vocabulary, f.knownTo(m), mostWords)

	started := time.Now()
	limited, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	var tried fuzz.Tried
	step := func(t fuzz.Tried) {
		tried = t
		f.step(m.Name, t, len(vocabulary))
	}
	var c table.Case
	var d *fuzz.Difference
	if f.foreign != nil {
		c, d, err = f.foreign.Sweep(limited, m.Name, compiled, vocabulary, step)
	} else {
		c, d = builds.Sweep(limited, vocabulary, f.seed, step)
	}
	if err != nil {
		return false, usagef("%s: %v", m.Name, err)
	}
	took := time.Since(started).Round(100 * time.Millisecond)
	if d == nil {
		say("nothing found: %d of %d words, %d requests and configurations in %v", tried.Words, len(vocabulary), tried.Steps, took)
		return false, nil
	}
	dir, err := fuzz.Write(f.out, c, d)
	if err != nil {
		return false, err
	}
	say("%s: expected %s, found %s, after %v\n                parity check %s --cases %s", d.Field, words.OneLine(d.Wanted), words.OneLine(d.Found), took,
		strings.Join(m.Select[:2], " "), dir)
	return true, nil
}

// step shows how far a module is: on a terminal as it goes, in a pipe once a minute.
func (f *fuzzing) step(name string, t fuzz.Tried, words int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.progress.say(fmt.Sprintf("%s: %d of %d words, %d requests and configurations", name, t.Words, words, t.Steps))
}

// references are the builds of builds.yaml that have been made.
func (f *fuzzing) references() (all []reference) {
	if f.root == "" {
		return nil
	}
	list, err := build.Load(filepath.Join(f.root, build.File))
	if err != nil {
		return nil // they only put words in order
	}
	for _, b := range list.Builds {
		wasm, err := os.ReadFile(filepath.Join(f.root, filepath.FromSlash(b.Wasm)))
		if err != nil {
			continue
		}
		words, err := dictionary.Of(wasm, nil)
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

// knownTo says which words are nothing special in a module: a build's are held against those of the other language, since
// builds of one source have its doors in common.
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
