package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"

	"github.com/header-auth/header-auth/report"
	"github.com/header-auth/header-auth/report/conformance"
)

// reportForm writes a report in one of its forms.
type reportForm func(io.Writer, *report.Report) error

func newReportForm(format string) (reportForm, error) {
	switch format {
	case "text":
		return writeText, nil
	case "json":
		return report.JSON, nil
	case "junit":
		return conformance.JUnit, nil
	}
	return nil, usagef("--format %q: expected text, json or junit", format)
}

func writeText(w io.Writer, r *report.Report) error {
	return conformance.Text(w, r, conformance.TextOptions{Color: colours(w)})
}

// writable checks before a long run that its report can be written.
func writable(out string) error {
	if out == "" {
		return nil
	}
	if info, err := os.Stat(filepath.Dir(out)); err != nil || !info.IsDir() {
		return usagef("--out %s: %s is no folder", out, filepath.Dir(out))
	}
	return nil
}

// deliver writes the report to stdout; with out, to that file in its form and to stdout as text.
func deliver(r *report.Report, write reportForm, out string, stdout io.Writer) error {
	if out == "" {
		return write(stdout, r)
	}
	var content bytes.Buffer
	if err := write(&content, r); err != nil {
		return err
	}
	if err := replaceFile(out, content.Bytes()); err != nil {
		return err
	}
	return writeText(stdout, r)
}

// replaceFile writes a file so that a reader sees all of the old content or all of the new.
func replaceFile(name string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // does nothing after the rename
	_, err = f.Write(content)
	if e := f.Chmod(0o644); err == nil {
		err = e
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
