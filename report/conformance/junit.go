package conformance

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/internal/words"
	"github.com/header-auth/header-auth/report"
)

// The elements of the JUnit format that all its readers know: a suite for each build, a test case for each case.
type (
	junitSuites struct {
		XMLName xml.Name `xml:"testsuites"`
		Name    string   `xml:"name,attr"`
		junitCounts
		Time   string       `xml:"time,attr,omitempty"`
		Suites []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name string `xml:"name,attr"`
		junitCounts
		Time       string          `xml:"time,attr,omitempty"` // in seconds
		Stamp      string          `xml:"timestamp,attr,omitempty"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitCounts struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		File    string        `xml:"file,attr,omitempty"`
		Line    int           `xml:"line,attr,omitempty"`
		Time    string        `xml:"time,attr,omitempty"`
		Failure *junitProblem `xml:"failure"`
		Error   *junitProblem `xml:"error"`
		Skipped *junitProblem `xml:"skipped"`
	}
	junitProblem struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes the report as JUnit XML. A known failure is a skipped test and an unexpected pass is a failure. The
// divergences are a suite of their own, so that the XML alone has every reason why the run failed.
func JUnit(w io.Writer, written *report.Report) error {
	r := newIndex(written)
	all := junitSuites{Name: r.Table.Name}
	seconds := 0.0
	for _, build := range r.Builds {
		all.add(r.junitBuild(build))
	}
	for i := range r.Results {
		seconds += r.Results[i].Seconds
	}
	all.Time = junitTime(seconds)
	if len(r.Divergences) > 0 {
		all.add(r.junitDivergences())
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (all *junitSuites) add(suite junitSuite) {
	for _, c := range suite.Cases {
		suite.Tests++
		switch {
		case c.Failure != nil:
			suite.Failures++
		case c.Error != nil:
			suite.Errors++
		case c.Skipped != nil:
			suite.Skipped++
		}
	}
	all.Tests += suite.Tests
	all.Failures += suite.Failures
	all.Errors += suite.Errors
	all.Skipped += suite.Skipped
	all.Suites = append(all.Suites, suite)
}

func (r *index) junitBuild(build report.Build) junitSuite {
	suite := junitSuite{Name: build.Name}
	for _, p := range []junitProperty{
		{"sha256", build.SHA256}, {"toolchain", build.Toolchain}, {"sdk", build.SDK}, {"table", r.Table.Digest},
	} {
		if p.Value != "" {
			suite.Properties = append(suite.Properties, p)
		}
	}
	if r.Started != nil {
		suite.Stamp = r.Started.UTC().Format("2006-01-02T15:04:05")
	}
	seconds := 0.0
	for _, result := range r.byBuild[build.Name] {
		seconds += result.Seconds
		c := r.junitCase(result.Case)
		c.Time = junitTime(result.Seconds)
		switch result.Outcome {
		case report.Fail:
			c.Failure = &junitProblem{Message: fieldNames(result.Mismatches), Text: r.plain(result)}
		case report.XPass:
			c.Failure = &junitProblem{Message: xpassText(result.Reason)}
		case report.Error:
			c.Error = &junitProblem{Message: result.Reason, Text: r.plain(result)}
		case report.XFail:
			c.Skipped = &junitProblem{Message: "known to fail: " + result.Reason}
		case report.Skip:
			c.Skipped = &junitProblem{Message: result.Reason}
		}
		suite.Cases = append(suite.Cases, c)
	}
	suite.Time = junitTime(seconds)
	return suite
}

// junitTime is a time in seconds; "" for what was not run.
func junitTime(seconds float64) string {
	if seconds == 0 {
		return ""
	}
	return strconv.FormatFloat(seconds, 'f', 6, 64)
}

func (r *index) junitDivergences() junitSuite {
	suite := junitSuite{Name: "divergences"}
	for i := range r.Divergences {
		d := &r.Divergences[i]
		c := r.junitCase(d.Case)
		c.Name += " " + d.Field
		c.Failure = &junitProblem{Message: "builds differ in " + d.Field, Text: "\n" + sidesText(d.Sides)}
		suite.Cases = append(suite.Cases, c)
	}
	return suite
}

func (r *index) junitCase(id string) junitCase {
	c := r.caseOf(id)
	return junitCase{Class: c.Group, Name: id, File: c.File, Line: c.Line}
}

// plain is a result's details as text without colours.
func (r *index) plain(result *report.Result) string {
	var b strings.Builder
	t := text{w: &b, report: r}
	t.details(result)
	return "\n" + b.String()
}

func fieldNames(mismatches []report.Mismatch) string {
	names := make([]string, len(mismatches))
	for i, m := range mismatches {
		names[i] = m.Field
	}
	return "mismatch: " + strings.Join(names, ", ")
}

func sidesText(sides []report.Side) string {
	var b strings.Builder
	for _, side := range sides {
		fmt.Fprintf(&b, "%s:\n%s\n", strings.Join(side.Builds, ", "), words.Indent(side.Value, "  "))
	}
	return b.String()
}
