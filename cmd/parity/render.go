package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	benchreport "github.com/header-auth/header-auth/report/bench"
)

const renderHelp = `Usage: parity render FILE… [flags]

Writes the report of a benchmark again from its bench.json. The file has only what was measured. The verdicts are made
again, by the method of this version of parity. Nothing is run. Several files, of one machine or of several, become one
report: the newest says which modules, and files with other modules stand apart.

  parity render dist/bench/bench.json                              as text
  parity render bench/result/*.json                                what holds on all machines
  parity render bench.json envoy.json                              with the section of a run on a real Envoy
  parity render bench.json --format markdown --out report.md       for a pull request
  parity render bench.json --format benchstat --out bench.txt      then: benchstat -col /build bench.txt
  parity render bench.json --dir public                            bench.json, report.html, report.md and bench.txt
                                                                   there, and the text to the terminal
  parity render new.json --against old.json                        what has changed between two runs

Flags
  --format FORMAT  text (default), markdown, benchstat, html or json (the schema header-auth/bench/v1)
  --out FILE       write to FILE; nothing else is printed
  --dir DIR        write every form to that folder, which is made if it is not there
  --budgets FILE   compare the findings with the limits of that file
  --against FILE   compare with an earlier bench.json; of another machine or plan there are two numbers and no word
  --fail-on-regression N%
                   exit with 1 when a build's time, size, resident memory or leak is worse than in that file by more
                   than N % beyond its interval, or something is gone from it; 3 when they cannot be compared: another
                   machine or plan

Exit codes: 0 written, whatever the verdict is; 1 a build got worse (--fail-on-regression); 2 the call is wrong, or a
file cannot be read, is no bench.json or is of another version; 3 the report cannot be written.
`

// rendering is the flags of "render".
type rendering struct {
	format, out, dir, budgets, against string
	failOn                             regressionLimit
}

// runRender is the command "render"; renderHelp explains its exit codes.
func runRender(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c rendering
	flags := flag.NewFlagSet("render", flag.ContinueOnError)
	flags.StringVar(&c.format, "format", "", "")
	flags.StringVar(&c.out, "out", "", "")
	flags.StringVar(&c.dir, "dir", "", "")
	flags.StringVar(&c.budgets, "budgets", "", "")
	flags.StringVar(&c.against, "against", "", "")
	flags.Var(&c.failOn, "fail-on-regression", "")
	files, code, done := parseArgs(flags, args, renderHelp, stdout, stderr)
	if done {
		return code
	}
	var usage *usageError
	f, err := c.run(ctx, files, stdout)
	switch {
	case errors.As(err, &usage):
		return exit("render", err, stderr)
	case err != nil:
		fmt.Fprintf(stderr, "parity render: write report: %v\n", err)
		return 3
	}
	return c.failOn.code(f, "render", stderr)
}

func (c rendering) run(ctx context.Context, files []string, stdout io.Writer) (*verdict.Findings, error) {
	if len(files) == 0 {
		return nil, usagef("0 files: expected one or more; see parity render --help")
	}
	if c.dir != "" && (c.format != "" || c.out != "") {
		return nil, usagef("--dir writes every form: expected no --format and no --out with it")
	}
	if err := c.failOn.check(c.against); err != nil {
		return nil, err
	}
	write, err := benchForm(c.format)
	if err != nil {
		return nil, err
	}
	if err := writable(c.out); err != nil {
		return nil, err
	}
	r, f, err := c.findings(ctx, files)
	if err != nil {
		return nil, err
	}
	if c.dir != "" {
		if err := os.MkdirAll(c.dir, 0o755); err != nil {
			return nil, err
		}
		if err := writeForms(c.dir, r, f); err != nil {
			return nil, err
		}
	}
	if c.out == "" {
		return f, write(stdout, r, f)
	}
	var content bytes.Buffer
	if err := write(&content, r, f); err != nil {
		return nil, err
	}
	return f, replaceFile(c.out, content.Bytes())
}

// findings reads the measurements and judges them. The report is the newest.
func (c rendering) findings(ctx context.Context, files []string) (r *evidence.Report, f *verdict.Findings, err error) {
	var all []*evidence.Report
	var onEnvoy *evidence.OnEnvoy
	for _, file := range files {
		text, err := readInput(ctx, file, mostResult)
		if err != nil {
			return nil, nil, wrongFile(ctx, err, "read report")
		}
		if evidence.SchemaOf(text) == evidence.OnEnvoySchema {
			if onEnvoy != nil {
				return nil, nil, usagef("%s: two files of runs on Envoy, expected one at most", file)
			}
			if onEnvoy, err = parseResult(file, text, evidence.ParseOnEnvoy); err != nil {
				return nil, nil, err
			}
			continue
		}
		one, err := parseResult(file, text, evidence.Parse)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return nil, nil, usagef("%s: of a run on Envoy alone; expected a bench.json beside it", files[0])
	}
	var limits *verdict.Budgets
	if c.budgets != "" {
		if limits, err = waiting(ctx, func() (*verdict.Budgets,
			error) {
			return verdict.LoadBudgets(c.budgets)
		}); err != nil {
			return nil, nil, wrongFile(ctx, err)
		}
	}
	var then *evidence.Report
	if c.against != "" {
		if then, err = waiting(ctx, func() (*evidence.Report, error) { return readEvidence(c.against) }); err != nil {
			return nil, nil, err
		}
	}
	r, f = judged(all, limits, then, c.against)
	if onEnvoy != nil {
		f.Envoy = verdict.JudgeOnEnvoy(onEnvoy, r, f)
	}
	return r, f, nil
}

// benchForm is the function that writes a benchmark's report in a format.
func benchForm(form string) (func(io.Writer, *evidence.Report, *verdict.Findings) error, error) {
	switch form {
	case "", "text":
		return func(w io.Writer, r *evidence.Report, f *verdict.Findings) error {
			return benchreport.Text(w, r, f, benchreport.TextOptions{Color: colours(w), Width: width(w)})
		}, nil
	case "markdown":
		return benchreport.Markdown, nil
	case "html":
		return benchreport.HTML, nil
	case "benchstat":
		return func(w io.Writer, r *evidence.Report, _ *verdict.Findings) error { return benchreport.Benchfmt(w, r) }, nil
	case "json":
		return func(w io.Writer, r *evidence.Report, _ *verdict.Findings) error { return evidence.Write(w, r) }, nil
	}
	return nil, format("render", form)
}
