package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	benchreport "github.com/header-auth/header-auth/report/bench"
)

// writeOnEnvoy writes the data to a folder, which is made if it is not there.
func writeOnEnvoy(dir string, r *evidence.OnEnvoy) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var content bytes.Buffer
	if err := evidence.WriteOnEnvoy(&content, r); err != nil {
		return err
	}
	return replaceFile(filepath.Join(dir, envoyFile), content.Bytes())
}

// readOnEnvoy reads an envoy.json.
func readOnEnvoy(file string) (*evidence.OnEnvoy, error) {
	return readResult(file, evidence.ParseOnEnvoy)
}

// withEnvoy adds to the findings of a run on wazero what the envoy.json in a folder says of the same modules.
func withEnvoy(f *verdict.Findings, r *evidence.Report, dir string) {
	file := filepath.Join(dir, envoyFile)
	if _, err := os.Stat(file); err != nil {
		return
	}
	on, err := readOnEnvoy(file)
	if err != nil {
		return // of another version; the run on wazero has its report without it
	}
	same := slices.ContainsFunc(on.Builds, func(b evidence.Build) bool {
		return slices.ContainsFunc(r.Builds, func(c evidence.Build) bool { return b.Name == c.Name && b.SHA256 == c.SHA256 })
	})
	if same {
		f.Envoy = verdict.JudgeOnEnvoy(on, r, f)
	}
}

// deliverOnEnvoy writes the data and the reports, and prints what was found.
func (b *benchmark) deliverOnEnvoy(r *evidence.OnEnvoy) (code int, err error) {
	dir := b.dir
	if !r.Run.Complete {
		dir = b.unfinished()
	}
	if err := writeOnEnvoy(dir, r); err != nil {
		return 0, err
	}
	if r.Run.Complete {
		_ = os.Remove(filepath.Join(b.unfinished(), envoyFile)) // there may be none
	}
	j, page, err := judgedOnEnvoy(r, dir)
	if err != nil {
		return 0, err
	}
	var document bytes.Buffer
	if err := benchreport.EnvoyMarkdown(&document, j); err != nil {
		return 0, err
	}
	if err := replaceFile(filepath.Join(dir, "envoy.md"), document.Bytes()); err != nil {
		return 0, err
	}
	o := benchreport.TextOptions{Color: colours(b.stdout), Width: width(b.stdout)}
	if err := benchreport.EnvoyText(b.stdout, j, o); err != nil {
		return 0, err
	}
	fmt.Fprintf(b.stdout, "\n%s\n", filepath.Join(dir, "envoy.md"))
	if page != "" {
		fmt.Fprintln(b.stdout, page)
	} else {
		fmt.Fprintln(b.stdout, "make bench puts both into one page")
	}
	switch {
	case slices.ContainsFunc(r.Refused, func(f evidence.Refused) bool {
		return slices.ContainsFunc(r.Builds, func(m evidence.Build) bool { return m.Name == f.Build })
	}):
		return 1, nil
	case !j.Gate.Passed:
		return 3, nil
	}
	return 0, nil
}

// judgedOnEnvoy makes the findings. Where the report of a run of the same modules on wazero lies in the folder, it is
// written anew with them, and page is its file.
func judgedOnEnvoy(r *evidence.OnEnvoy, dir string) (j *verdict.OnEnvoy, page string, err error) {
	beside, err := readEvidence(filepath.Join(dir, "bench.json"))
	if err != nil {
		return verdict.JudgeOnEnvoy(r, nil, nil), "", nil
	}
	_, f := judged([]*evidence.Report{beside}, nil, nil, "")
	withEnvoy(f, beside, dir)
	if f.Envoy == nil {
		return verdict.JudgeOnEnvoy(r, nil, nil), "", nil
	}
	return f.Envoy, filepath.Join(dir, "report.html"), writeForms(dir, beside, f)
}
