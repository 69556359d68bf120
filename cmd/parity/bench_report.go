package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	benchreport "github.com/header-auth/header-auth/report/bench"
)

// benchForms are the files to which a report is written. Each has the whole report.
var benchForms = []struct {
	file  string
	write func(w io.Writer, r *evidence.Report, f *verdict.Findings) error
}{
	{"bench.json", func(w io.Writer, r *evidence.Report, _ *verdict.Findings) error { return evidence.Write(w, r) }},
	{"report.html", benchreport.HTML},
	{"report.md", benchreport.Markdown},
	{"bench.txt", func(w io.Writer, r *evidence.Report, _ *verdict.Findings) error { return benchreport.Benchfmt(w, r) }},
}

// writeForms writes every form of a report to a folder.
func writeForms(dir string, r *evidence.Report, f *verdict.Findings) error {
	for _, form := range benchForms {
		var content bytes.Buffer
		if err := form.write(&content, r, f); err != nil {
			return fmt.Errorf("write %s: %w", form.file, err)
		}
		if err := replaceFile(filepath.Join(dir, form.file), content.Bytes()); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	return nil
}

// readEvidence reads a bench.json.
func readEvidence(file string) (*evidence.Report, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, usagef("read report: %v", err)
	}
	r, err := evidence.Parse(text)
	if err != nil {
		return nil, usagef("%s: %v", file, err)
	}
	return r, nil
}

// judged makes the findings, with those on budgets and on an earlier report. Both may be nil.
func judged(r *evidence.Report, budgets *verdict.Budgets, then *evidence.Report, file string) *verdict.Findings {
	f := verdict.Judge(r)
	if budgets != nil {
		f.Budgets = verdict.CheckBudgets(budgets, r, f)
	}
	if then != nil {
		f.Against = verdict.Compare(then, r, file)
		f.Headline = append(f.Against.Headline(), f.Headline...)
	}
	return f
}

// benchCode is the exit code for findings.
func benchCode(r *evidence.Report, f *verdict.Findings) int {
	for _, b := range f.Budgets {
		if b.State == verdict.Above || b.Broken() && f.Gate.Passed {
			return 1
		}
	}
	switch {
	case len(r.Refused) > 0:
		return 1
	case !f.Gate.Passed:
		return 3
	}
	return 0
}

// deliver judges what was measured, writes it to the report's folder and prints it.
func (b *benchmark) deliver(r *evidence.Report) (code int, err error) {
	f := judged(r, b.limits, b.then, b.against)
	if err := writeForms(b.dir, r, f); err != nil {
		return 0, err
	}
	o := benchreport.TextOptions{Color: colours(b.stdout), Width: width(b.stdout)}
	if err := benchreport.Text(b.stdout, r, f, o); err != nil {
		return 0, err
	}
	fmt.Fprintf(b.stdout, "\n%s\n", filepath.Join(b.dir, "report.html"))
	if code := b.failOn.code(f, "bench", b.stderr); code != 0 {
		return code, nil
	}
	return benchCode(r, f), nil
}
