package conformance

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/internal/golden"
	"github.com/header-auth/header-auth/report"
)

var update = flag.Bool("update", false, "write the golden files again")

// sample has one of everything: each outcome, a mismatch of several lines, a divergence.
func sample(t testing.TB) *report.Report {
	t.Helper()
	data, err := os.ReadFile("../testdata/red.json")
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func github(w io.Writer, r *report.Report) error { return GitHub(w, r, "") }

func plainText(w io.Writer, r *report.Report) error { return Text(w, r, TextOptions{}) }

func TestRenderers(t *testing.T) {
	green := sample(t)
	green.Results = green.Results[:1]
	green.Builds = green.Builds[:1]
	green.Cases = green.Cases[:1]
	green.Divergences = nil
	nothing := sample(t)
	nothing.Results = nil
	tests := []struct {
		name   string
		report *report.Report
		render func(io.Writer, *report.Report) error
	}{
		{"red.txt", sample(t), plainText},
		{"red.ansi", sample(t), func(w io.Writer, r *report.Report) error { return Text(w, r, TextOptions{Color: true}) }},
		{"green.txt", green, plainText},
		{"nothing.txt", nothing, plainText},
		{"known.txt", known(t), plainText},
		{"quiet.txt", sample(t), func(w io.Writer, r *report.Report) error { return Text(w, r, TextOptions{Quiet: true}) }},
		{"red.xml", sample(t), JUnit},
		{"red.md", sample(t), Markdown},
		{"green.md", green, Markdown},
		{"red.github", sample(t), github},
		{"green.github", green, github},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got bytes.Buffer
			if err := test.render(&got, test.report); err != nil {
				t.Fatal(err)
			}
			golden.Check(t, filepath.Join("testdata", test.name), got.Bytes(), *update)
		})
	}
}

// known is a report in which every build is known to fail a case, and one of them another, on the same real Envoy.
func known(t testing.TB) *report.Report {
	r := sample(t)
	for i := range r.Builds {
		r.Builds[i].Name += "@envoy-1.40.0"
	}
	r.Results, r.Divergences = nil, nil
	for i, b := range r.Builds {
		for _, c := range r.Cases {
			result := report.Result{Build: b.Name, Case: c.ID, Outcome: report.XFail, Reason: "Envoy resets it."}
			if c.ID == r.Cases[0].ID && i > 0 {
				result.Outcome, result.Reason = report.Pass, ""
			}
			r.Results = append(r.Results, result)
		}
	}
	return r
}

func TestManyFindingsAreCutPerBuild(t *testing.T) {
	r := sample(t)
	r.Results, r.Cases = nil, nil
	for i := range detailed + 3 {
		id := fmt.Sprintf("refuse/twice-%d", i)
		r.Cases = append(r.Cases, report.Case{ID: id, Group: "refuse"})
		r.Results = append(r.Results, report.Result{Build: "mine", Case: id, Outcome: report.Fail})
	}
	r.Cases = append(r.Cases, report.Case{ID: "refuse/missing", Group: "refuse"})
	r.Results = append(r.Results, report.Result{Build: "text", Case: "refuse/missing", Outcome: report.Fail})
	var got bytes.Buffer
	if err := plainText(&got, r); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(got.String(), "✗ refuse/twice"); n != detailed {
		t.Errorf("%d shown in full, want %d", n, detailed)
	}
	for _, want := range []string{"3 more findings not shown", "✗ refuse/missing · text"} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("no %q in:\n%s", want, got.String())
		}
	}
}

func TestSameFailureOfSeveralBuildsIsOneFinding(t *testing.T) {
	fail := func(build, got string) report.Result {
		return report.Result{Build: build, Case: "refuse/twice", Outcome: report.Fail,
			Mismatches: []report.Mismatch{{Field: "decision", Wanted: "refuse", Got: got}}}
	}
	tests := []struct {
		name    string
		results []report.Result
		want    []string
	}{
		{"all alike", []report.Result{fail("rust", "allow"), fail("mine", "allow"), fail("text", "allow")},
			[]string{"✗ refuse/twice · all 3 builds", "--build rust --wasm 'mine=a b.wasm' --wasm text=notes.txt"}},
		{"one differs", []report.Result{fail("rust", "allow"), fail("mine", "hold"), fail("text", "allow")},
			[]string{"✗ refuse/twice · rust, text", "✗ refuse/twice · mine"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := sample(t)
			r.Results = test.results
			var got bytes.Buffer
			if err := plainText(&got, r); err != nil {
				t.Fatal(err)
			}
			for _, want := range test.want {
				if strings.Count(got.String(), want) != 1 {
					t.Errorf("not once %q in:\n%s", want, got.String())
				}
			}
		})
	}
}

func TestJUnitIsXML(t *testing.T) {
	r := sample(t)
	r.Results[3].Mismatches[0].Got = "\x00\xff<&]]>"
	var data bytes.Buffer
	if err := JUnit(&data, r); err != nil {
		t.Fatal(err)
	}
	var got junitSuites
	if err := xml.Unmarshal(data.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := junitCounts{Tests: 10, Failures: 3, Errors: 4, Skipped: 2}
	if got.junitCounts != want {
		t.Errorf("counts %+v, want %+v", got.junitCounts, want)
	}
}

func TestDiffLines(t *testing.T) {
	tests := []struct{ name, wanted, got, want string }{
		{"equal", "a\nb", "a\nb", " a b"},
		{"one changed", "a\nb\nc", "a\nx\nc", " a-b+x c"},
		{"one more", "a", "a\nb", " a+b"},
		{"one less", "a\nb", "b", "-a b"},
		{"nothing wanted", "", "a", "-(nothing)+a"},
		{"swapped", "a\nb", "b\na", "-a b+a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			for _, l := range diffLines(test.wanted, test.got) {
				got += string(l.mark) + l.text
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestWriteErrorIsReturned(t *testing.T) {
	for name, render := range map[string]func(io.Writer, *report.Report) error{"text": plainText, "junit": JUnit} {
		if err := render(failing{}, sample(t)); err == nil {
			t.Errorf("%s: no error from a writer that fails", name)
		}
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// large has so many results that a rendering which searches all results for each case would take hours.
func large() *report.Report {
	const groups, casesOfGroup = 100, 200
	r := &report.Report{Schema: report.Schema}
	for g := range groups {
		group := fmt.Sprintf("group-%d", g)
		r.Table.Groups = append(r.Table.Groups, report.Group{Name: group})
		for c := range casesOfGroup {
			r.Cases = append(r.Cases, report.Case{ID: fmt.Sprintf("%s/case-%d", group, c), Group: group})
		}
	}
	for b := range 5 {
		build := fmt.Sprintf("build-%d", b)
		r.Builds = append(r.Builds, report.Build{Name: build})
		for i, c := range r.Cases {
			result := report.Result{Build: build, Case: c.ID, Outcome: report.Pass}
			if i%10 == 0 {
				result.Outcome, result.Mismatches = report.Fail, []report.Mismatch{{Field: "decision", Wanted: "refuse",
					Got: "allow"}}
			}
			r.Results = append(r.Results, result)
		}
	}
	return r
}

func TestLargeReport(t *testing.T) {
	var text, junit bytes.Buffer
	if err := errors.Join(plainText(&text, large()), JUnit(&junit, large())); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\n  group-99   ✗ 180/200 ",
		"\n  total      ✗ 18000/20000 ", "\n✗ 1980 more findings not shown",
		"not conformant: 90000 of 100000 passed, 10000 failed\n"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in the text", want)
		}
	}
	if n := strings.Count(junit.String(), "<failure "); n != 10000 {
		t.Errorf("%d failures in the XML, want 10000", n)
	}
}

func BenchmarkText(b *testing.B) {
	r := large()
	for b.Loop() {
		if err := plainText(io.Discard, r); err != nil {
			b.Fatal(err)
		}
	}
}
