package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/conformance/mutants"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

var mutantsHelp = `Usage: parity mutants [flags]

Would the request table notice a fault in a plugin of header-auth? Makes one small change at a time in the sources of
each of its two plugins, builds it, and runs it against the table until a case fails. A change that no case notices
survives: either a new case has to notice it, or conformance/mutants/survivors.yaml has to say why nothing outside the
plugin can observe it. A run of both plugins with the whole table takes hours and writes its result into
conformance/mutants/README.md. After an interrupt, the same command continues where it stopped.

  parity mutants                                 both plugins, all files
  parity mutants --lang rust --file headers.rs   one file
  parity mutants --shard 2/4                     the second quarter: every survivor must have a reason

Flags
  --lang LANGUAGE   go or rust (default: both)
  --file PATTERN    only files of this name, such as 'deny.*'; may be given several times
` + shardHelp + `  --cases DIR       the table (default conformance/cases)
  --least PERCENT   the share of mutants that must be killed in each language (default 95)
  --again           forget the verdicts kept in .cache/mutants
  --all             print every mutant, and the case that killed it

Exit codes: 0 enough mutants are killed and every survivor has a reason; 1 not so, or an entry of survivors.yaml is out
of date, or the unchanged plugin fails a case; 2 the call, the table or survivors.yaml is wrong, or there was no mutant;
3 this machine lacks a compiler, or the run was interrupted.
`

// mutating is a call of "mutants".
type mutating struct {
	selection
	languages, files nameList
	part             shard
	least            float64 // %
	again, all       bool
	stdout, stderr   io.Writer
}

// runMutants is the command "mutants"; mutantsHelp says what its exit codes mean.
func runMutants(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	m := mutating{stdout: stdout, stderr: stderr}
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	flags.Var(&m.languages, "lang", "")
	flags.Var(&m.files, "file", "")
	flags.Var(&m.part, "shard", "")
	flags.StringVar(&m.cases, "cases", "", "")
	flags.Float64Var(&m.least, "least", 95, "")
	flags.BoolVar(&m.again, "again", false, "")
	flags.BoolVar(&m.all, "all", false, "")
	if code, done := parseFlags(flags, args, mutantsHelp, stdout, stderr); done {
		return code
	}
	code, err := m.run(ctx)
	if err != nil {
		return exit("mutants", err, stderr)
	}
	return code
}

func (m *mutating) run(ctx context.Context) (code int, err error) {
	for _, l := range m.languages {
		if !slices.Contains(mutants.Languages(), l) {
			return 0, usagef("--lang %q: expected one of %s", l, strings.Join(mutants.Languages(), ", "))
		}
	}
	if err := m.find(); err != nil {
		return 0, err
	}
	survivors := filepath.Join(m.root, "conformance", "mutants", "survivors.yaml")
	if _, err := os.Stat(survivors); errors.Is(err, fs.ErrNotExist) {
		return 0, usagef("the plugins of header-auth are not here: expected that repository, because mutants changes only " +
			"its two plugins, not one of your own")
	}
	loaded, _, err := m.loadTable()
	if err != nil {
		return 0, err
	}
	list, err := mutants.LoadSurvivors(survivors)
	if err != nil {
		return 0, usagef("%v", err)
	}
	scores, broken := m.score(ctx, loaded)
	if broken != nil && !errors.Is(broken, context.Canceled) {
		return 0, broken
	}
	found := mutants.Compare(scores, list)
	mutantsText(m.stdout, scores, found, m.all)
	switch made := madeMutants(scores); {
	case broken != nil:
		fmt.Fprintf(m.stderr, "parity mutants: interrupted after %d mutants; the same command continues from here\n", made)
		return 3, nil
	case made == 0:
		fmt.Fprintln(m.stderr, "parity mutants: no mutant: expected a plugin's file after --file, such as headers.rs")
		return 2, nil
	}
	if err := m.publish(scores, found, loaded); err != nil {
		return 0, err
	}
	if m.part.n > 0 {
		m.least = 0 // the share is of all mutants
	}
	return mutantsVerdict(scores, found, m.least), nil
}

// score makes the mutants and runs the table on them.
func (m *mutating) score(ctx context.Context, t *table.Table) ([]mutants.Score, error) {
	cache := filepath.Join(m.root, ".cache")
	if folder, kept, done, err := keptFolder(filepath.Join(cache, "mutants"), "mutants", m.stderr); err != nil {
		return nil, err
	} else if !kept {
		defer done()
		cache = folder
	}
	engine, done := mutantEngine(host.Options{}) // a mutant's code is used once: no cache
	defer done()
	progress := newProgress(m.stderr)
	defer progress.clear()
	return mutants.Run(ctx, mutants.Options{Root: m.root, Cache: cache, Table: t, Engine: engine,
		Languages: m.languages, Files: m.files, Shard: m.part.i, Shards: m.part.n, Again: m.again,
		Log: remarks(m.stderr), Progress: progress.step})
}

// publish writes the result of all mutants into the documents.
func (m *mutating) publish(scores []mutants.Score, found mutants.Findings, t *table.Table) error {
	if len(m.languages) > 0 || len(m.files) > 0 || m.cases != "" || m.part.n > 0 {
		return nil
	}
	folder := filepath.Join(m.root, "conformance")
	return errors.Join(
		spliceMutants(filepath.Join(folder, "mutants", "README.md"), mutants.Summary(scores, found, t.Digest, t.Len())),
		spliceMutants(filepath.Join(folder, "README.md"), mutants.Sentence(scores)),
	)
}

// mutantEngine runs cases of mutants in processes.
func mutantEngine(o host.Options) (engine mutants.Engine, done func()) {
	compiler := newRunner(o, 1)
	o.Interpreter = true
	interpreter := newRunner(o, 1)
	engine = func(ctx context.Context, wasm []byte, interpreted bool) (suite.Engine, error) {
		r := compiler
		if interpreted {
			r = interpreter
		}
		return r.Engine(nil)(ctx, nil, wasm)
	}
	return engine, func() {
		compiler.Close()
		interpreter.Close()
	}
}

func madeMutants(scores []mutants.Score) (n int) {
	for i := range scores {
		n += len(scores[i].Results)
	}
	return n
}

// mutantsVerdict is the exit code.
func mutantsVerdict(scores []mutants.Score, f mutants.Findings, least float64) int {
	for i := range scores {
		if scores[i].Percent() < least || len(scores[i].LeftOut) > 0 {
			return 1
		}
	}
	if len(f.Unexplained) > 0 || len(f.OutOfDate) > 0 {
		return 1
	}
	return 0
}

func mutantsText(w io.Writer, scores []mutants.Score, f mutants.Findings, all bool) {
	for i := range scores {
		s := &scores[i]
		for _, r := range s.Results {
			if all {
				fmt.Fprintf(w, "%-15s %s:%d: %s: %s %s\n", r.Outcome, r.File, r.Line, r.Operator, r.Change, r.Killer)
			}
		}
		for _, id := range s.LeftOut {
			fmt.Fprintf(w, "%-4s the unchanged plugin fails %s: this case was left out\n", s.Language, id)
		}
	}
	for _, r := range f.Unexplained {
		fmt.Fprintf(w, "survived without a reason in survivors.yaml: %s:%d: %s: %s\n", r.File, r.Line, r.Operator, r.Change)
	}
	for _, id := range f.OutOfDate {
		fmt.Fprintf(w, "survivors.yaml is out of date: %s\n", id)
	}
	for i := range scores {
		s := &scores[i]
		fmt.Fprintf(w, "%-4s %d of %d mutants killed, %.1f %%; %d do not compile, %d give no new module\n", s.Language,
			s.Count(mutants.Killed), s.Count(mutants.Killed)+s.Count(mutants.Survived), s.Percent(), s.Count(mutants.NoProgram),
			s.Count(mutants.Unchanged)+s.Count(mutants.SameAsAnother))
	}
}

// spliceMutants puts a text between the marks of a document.
func spliceMutants(file, result string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text, err := mutants.Splice(string(content), result)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return replaceFile(file, []byte(text))
}
