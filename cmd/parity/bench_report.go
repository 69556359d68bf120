package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/input"
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
	return readResult(file, evidence.Parse)
}

func readResult[T any](file string, parse func([]byte) (*T, error)) (*T, error) {
	text, err := input.Read(file, mostResult)
	if err != nil {
		return nil, usagef("read report: %v", err)
	}
	return parseResult(file, text, parse)
}

func parseResult[T any](file string, text []byte, parse func([]byte) (*T, error)) (*T, error) {
	r, err := parse(text)
	if err != nil {
		return nil, usagef("%s: %v", file, err)
	}
	return r, nil
}

// judged makes the findings of one run or of several, with those of the newest on budgets and on an earlier
// report. Both may be nil.
func judged(reports []*evidence.Report, budgets *verdict.Budgets, then *evidence.Report,
	file string) (newest *evidence.Report, f *verdict.Findings) {
	newest, f = verdict.JudgeAll(reports)
	if budgets != nil {
		f.Budgets = verdict.CheckBudgets(budgets, newest, f)
	}
	if then != nil {
		f.Against = verdict.Compare(then, newest, file)
		f.Headline = append(f.Against.Headline(), f.Headline...)
	}
	return newest, f
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

// deliver judges what was measured, writes it to the report's folder and prints it. What is no whole run of the
// repository's own builds and scenarios is written beside the last report that is one.
func (b *benchmark) deliver(r *evidence.Report) (code int, err error) {
	_, f := judged([]*evidence.Report{r}, b.limits, b.then, b.against)
	if b.usual() {
		f.Places = verdict.Places(r, f, b.published())
	}
	dir, beside := b.reportFolder(r.Run.Complete)
	withEnvoy(f, r, dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	if err := writeForms(dir, r, f); err != nil {
		return 0, err
	}
	o := benchreport.TextOptions{Color: colours(b.stdout), Width: width(b.stdout)}
	if err := benchreport.Text(b.stdout, r, f, o); err != nil {
		return 0, err
	}
	fmt.Fprintln(b.stdout)
	if err := benchreport.Ending(b.stdout, r, f, o); err != nil {
		return 0, err
	}
	fmt.Fprintf(b.stdout, "\n%s%s\n", filepath.Join(dir, "report.html"), beside)
	if code := b.failOn.code(f, "bench", b.stderr); code != 0 {
		return code, nil
	}
	return benchCode(r, f), nil
}

// reportFolder is where a report goes, and a remark when that is beside the usual one.
func (b *benchmark) reportFolder(complete bool) (dir, remark string) {
	switch {
	case !complete:
		return b.unfinished(), fmt.Sprintf(" (the run was interrupted; what is in %s stays)", b.dir)
	case !b.usual() && !b.dirGiven:
		return filepath.Join(b.dir, "own"), fmt.Sprintf(" (not the usual builds, scenarios and plan; what is in %s stays)",
			b.dir)
	}
	return b.dir, ""
}

// published are the repository's results of other machines; none outside of it, or where one cannot be read.
func (b *benchmark) published() []*evidence.Report {
	var all []*evidence.Report
	for _, file := range publishedFiles(b.root) {
		r, err := readEvidence(file)
		if err != nil {
			return nil
		}
		all = append(all, r)
	}
	return all
}

// publishedFiles are the results in bench/result, a file for each machine.
func publishedFiles(root string) []string {
	files, _ := filepath.Glob(filepath.Join(root, "bench", "result", "*.json")) // the pattern is right
	return files
}
