package main

import (
	"bytes"
	"io"
	"os"

	"github.com/header-auth/header-auth/report"
	"github.com/header-auth/header-auth/report/conformance"
)

// reportForm writes a report in one of its forms.
type reportForm func(io.Writer, *report.Report) error

func newReportForm(form string) (reportForm, error) {
	switch form {
	case "text":
		return writeText, nil
	case "json":
		return report.JSON, nil
	case "junit":
		return conformance.JUnit, nil
	case "markdown":
		return conformance.Markdown, nil
	case "github":
		return func(w io.Writer, r *report.Report) error { // the folder into which a job has cloned
			return conformance.GitHub(w, r, os.Getenv("GITHUB_WORKSPACE"))
		}, nil
	}
	return nil, format("check", form)
}

func writeText(w io.Writer, r *report.Report) error {
	return conformance.Text(w, r, conformance.TextOptions{Color: colours(w), Quiet: isQuiet(w)})
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
