package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/conformance/mutants"
	"github.com/header-auth/header-auth/host"
)

const mutantsHelp = `Usage: parity mutants [flags]

Would the request table notice a fault in a plugin? Makes one small change at a time in the sources of each, builds every
changed plugin and holds it against the table until a case is red. A change that no case notices has survived; each
survivor is to be explained in conformance/mutants/survivors.yaml, or to be killed by a new case. A whole run ends with
its result in conformance/README.md. It takes an hour; interrupted, it goes on where it was.

  parity mutants                                 both plugins, whole
  parity mutants --lang rust --file headers.rs   one file

Flags
  --lang LANGUAGE   go or rust (default: both)
  --file PATTERN    only files of this name, such as 'deny.*'; repeat it for several
  --cases DIR       the table (default conformance/cases)
  --least PERCENT   how many of 100 mutants have to be killed in each language (default 95)
  --again           forget the verdicts kept in .cache/mutants
  --all             print what killed each mutant, too

Exit codes: 0 enough are killed and every survivor is explained; 1 not so, or an explanation is out of date, or the
unchanged plugin fails a case; 2 the call, the table or survivors.yaml is wrong, or there was no mutant; 3 this machine
lacks a compiler.
`

// runMutants is the command "mutants"; mutantsHelp says what its exit codes mean.
func runMutants(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var s selection
	var languages, files nameList
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	flags.Var(&languages, "lang", "")
	flags.Var(&files, "file", "")
	flags.StringVar(&s.cases, "cases", "", "")
	least := flags.Float64("least", 95, "")
	again := flags.Bool("again", false, "")
	all := flags.Bool("all", false, "")
	if code, done := parseFlags(flags, args, mutantsHelp, stdout, stderr); done {
		return code
	}
	for _, l := range languages {
		if !slices.Contains(mutants.Languages(), l) {
			return exit("mutants", usagef("--lang %q: expected one of %s", l, strings.Join(mutants.Languages(), ", ")), stderr)
		}
	}
	if err := s.find(); err != nil {
		return exit("mutants", err, stderr)
	}
	loaded, _, err := s.loadTable()
	if err != nil {
		return exit("mutants", err, stderr)
	}
	list, err := mutants.LoadSurvivors(filepath.Join(s.root, "conformance", "mutants", "survivors.yaml"))
	if err != nil {
		return exit("mutants", usagef("%v", err), stderr)
	}
	progress := newProgress(stderr)
	scores, err := mutants.Run(ctx, mutants.Options{Root: s.root, Table: loaded, Host: host.Options{}, Languages: languages,
		Files: files, Again: *again, Log: stderr, Progress: progress.step})
	progress.clear()
	if err != nil && !errors.Is(err, context.Canceled) {
		return exit("mutants", err, stderr)
	}
	found := mutants.Compare(scores, list)
	mutantsText(stdout, scores, found, *all)
	switch made := madeMutants(scores); {
	case err != nil:
		fmt.Fprintf(stderr, "parity mutants: interrupted after %d mutants; the same command goes on from here\n", made)
		return 1
	case made == 0:
		fmt.Fprintln(stderr, "parity mutants: no mutant: does --file name a file of a plugin?")
		return 2
	}
	if len(languages) == 0 && len(files) == 0 && s.cases == "" {
		if err := keepMutants(filepath.Join(s.root, "conformance", "README.md"),
			mutants.Summary(scores, found, "make mutants", loaded.Digest, loaded.Len())); err != nil {
			return exit("mutants", err, stderr)
		}
	}
	return mutantsVerdict(scores, found, *least)
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
	if len(f.Unlisted) > 0 || len(f.Stale) > 0 {
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
			fmt.Fprintf(w, "%-4s unchanged, it fails %s: the case took no part\n", s.Language, id)
		}
	}
	for _, r := range f.Unlisted {
		fmt.Fprintf(w, "survived and not explained: %s:%d: %s: %s\n", r.File, r.Line, r.Operator, r.Change)
	}
	for _, id := range f.Stale {
		fmt.Fprintf(w, "survivors.yaml is out of date: %s\n", id)
	}
	for i := range scores {
		s := &scores[i]
		fmt.Fprintf(w, "%-4s %d of %d mutants killed, %.1f %%; %d made no program, %d no other module\n", s.Language, s.Count(mutants.Killed),
			s.Count(mutants.Killed)+s.Count(mutants.Survived), s.Percent(), s.Count(mutants.NoProgram),
			s.Count(mutants.Unchanged)+s.Count(mutants.SameAsAnother))
	}
}

// keepMutants splices the summary into a document.
func keepMutants(file, summary string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text, err := mutants.Splice(string(content), summary)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return replaceFile(file, []byte(text))
}
