package report

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/internal/golden"
	"github.com/header-auth/header-auth/internal/schematest"
	"github.com/header-auth/header-auth/internal/words"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sample has one of everything: each outcome, a mismatch of several lines, a divergence, bytes no XML may hold.
func sample() *Report {
	return &Report{
		Schema: Schema, Command: []string{"parity", "check"}, Revision: "0123456789abcdef", Dirty: true,
		Table: Table{
			Name: "header-auth", Folder: "conformance/cases", Digest: strings.Repeat("ab", 32), Cases: 9,
			Clauses: []Clause{{"2.3", "More than one occurrence\n of the header is a refusal."}, {"3.1", "Nothing traps."}},
			Groups:  []Group{{"refuse", "Anybody gets in."}, {"robust", "One client stops all."}, {"unused", "Nothing."}},
		},
		Host:    Host{Wazero: "1.12.0", Engine: "compiler", Profile: "envoy-1.40", Allocator: "envoy"},
		Machine: Machine{OS: "linux", Arch: "amd64", CPUs: 2, Go: "go1.26"},
		Builds: []Build{
			{Name: "rust", File: "dist/rust.wasm", SHA256: strings.Repeat("1f", 32), Size: 78 << 10, Toolchain: "rustc 1.88",
				SDK: "proxy-wasm 0.2.4", Select: []string{"--build", "rust"}},
			{Name: "mine", File: "a b.wasm", SHA256: strings.Repeat("2e", 32), Size: 5 << 20, Label: "a try",
				Select: []string{"--wasm", "mine=a b.wasm"}},
			{Name: "text", File: "notes.txt", SHA256: strings.Repeat("3d", 32), Size: 17, Select: []string{"--wasm", "text=notes.txt"}},
		},
		Cases: []Case{
			{ID: "refuse/twice", Group: "refuse", Clauses: []string{"2.3"}, Why: "A proxy that checks one and forwards another is bypassed.",
				File: "conformance/cases/refuse.yaml", Line: 41},
			{ID: "refuse/missing", Group: "refuse", Clauses: []string{"2.3"}, File: "conformance/cases/refuse.yaml", Line: 7},
			{ID: "robust/bytes", Group: "robust", Clauses: []string{"3.1"}, File: "conformance/cases/robust.yaml", Line: 3},
		},
		Results: []Result{
			{Build: "rust", Case: "refuse/twice", Outcome: Pass},
			{Build: "rust", Case: "refuse/missing", Outcome: XPass, Reason: "an old fault"},
			{Build: "rust", Case: "robust/bytes", Outcome: XFail, Reason: "leaks"},
			{Build: "mine", Case: "refuse/twice", Outcome: Fail,
				Mismatches: []Mismatch{
					{"step 1: decision", "refuse", "allow"},
					{"step 1: client headers", ":status: 403\ncontent-length: 9\nx-a: 1", ":status: 200\ncontent-length: 9\nx-b: \"\\x01\""},
					{"step 1: logs", "debug refused: repeated", ""},
				},
				Crossings: []Crossing{{true, 0, "proxy_on_request_headers(2, 5, 1)"}, {false, 1, "env.proxy_log(debug) = ok"}}},
			{Build: "mine", Case: "refuse/missing", Outcome: Skip, Reason: "needs a clock"},
			{Build: "mine", Case: "robust/bytes", Outcome: Error, Reason: "proxy_on_request_headers did not return within 2s"},
			{Build: "text", Case: "refuse/twice", Outcome: Error, Reason: "not a wasm module"},
			{Build: "text", Case: "refuse/missing", Outcome: Error, Reason: "not a wasm module"},
			{Build: "text", Case: "robust/bytes", Outcome: Error, Reason: "not a wasm module"},
		},
		Divergences: []Divergence{{Case: "refuse/missing", Field: "step 1: logs", Sides: []Side{
			{[]string{"rust"}, "debug refused: missing"}, {[]string{"mine"}, "debug refused: \"\\x01\""}}}},
	}
}

func TestRenderers(t *testing.T) {
	green := sample()
	green.Results = green.Results[:1]
	green.Builds = green.Builds[:1]
	green.Cases = green.Cases[:1]
	green.Divergences = nil
	nothing := sample()
	nothing.Results = nil
	tests := []struct {
		name   string
		report *Report
		render func(io.Writer, *Report) error
	}{
		{"red.txt", sample(), plainText},
		{"red.ansi", sample(), func(w io.Writer, r *Report) error { return Text(w, r, TextOptions{Color: true}) }},
		{"green.txt", green, plainText},
		{"nothing.txt", nothing, plainText},
		{"red.json", sample(), JSON},
		{"red.xml", sample(), JUnit},
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

func plainText(w io.Writer, r *Report) error { return Text(w, r, TextOptions{}) }

func TestManyFindingsAreCutPerBuild(t *testing.T) {
	r := sample()
	r.Results, r.Cases = nil, nil
	for i := range detailed + 3 {
		id := fmt.Sprintf("refuse/twice-%d", i)
		r.Cases = append(r.Cases, Case{ID: id, Group: "refuse"})
		r.Results = append(r.Results, Result{Build: "mine", Case: id, Outcome: Fail})
	}
	r.Cases = append(r.Cases, Case{ID: "refuse/missing", Group: "refuse"})
	r.Results = append(r.Results, Result{Build: "text", Case: "refuse/missing", Outcome: Fail})
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

func TestBuildsThatFailAlikeAreOneFinding(t *testing.T) {
	fail := func(build, got string) Result {
		return Result{Build: build, Case: "refuse/twice", Outcome: Fail, Mismatches: []Mismatch{{"decision", "refuse", got}}}
	}
	tests := []struct {
		name    string
		results []Result
		want    []string
	}{
		{"all alike", []Result{fail("rust", "allow"), fail("mine", "allow"), fail("text", "allow")},
			[]string{"✗ refuse/twice · all 3 builds", "--build rust --wasm 'mine=a b.wasm' --wasm text=notes.txt"}},
		{"one differs", []Result{fail("rust", "allow"), fail("mine", "hold"), fail("text", "allow")},
			[]string{"✗ refuse/twice · rust, text", "✗ refuse/twice · mine"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := sample()
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

func TestVerdict(t *testing.T) {
	result := func(outcomes ...Outcome) []Result {
		var results []Result
		for _, o := range outcomes {
			results = append(results, Result{Build: "rust", Outcome: o})
		}
		return results
	}
	tests := []struct {
		name              string
		report            Report
		empty, conformant bool
	}{
		{"nothing", Report{}, true, false},
		{"only skipped", Report{Results: result(Skip)}, true, false},
		{"pass", Report{Results: result(Pass)}, false, true},
		{"pass, known failure, skip", Report{Results: result(Pass, XFail, Skip)}, false, true},
		{"fail", Report{Results: result(Pass, Fail)}, false, false},
		{"error", Report{Results: result(Pass, Error)}, false, false},
		{"unexpected pass", Report{Results: result(Pass, XPass)}, false, false},
		{"divergence", Report{Results: result(Pass), Divergences: make([]Divergence, 1)}, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.report.Empty(); got != test.empty {
				t.Errorf("empty: %v, want %v", got, test.empty)
			}
			if got := test.report.Conformant(); got != test.conformant {
				t.Errorf("conformant: %v, want %v", got, test.conformant)
			}
		})
	}
}

func TestParse(t *testing.T) {
	started := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	want := sample()
	want.Started = &started
	var data bytes.Buffer
	if err := JSON(&data, want); err != nil {
		t.Fatal(err)
	}
	got, err := Parse(data.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what was written and read again differs (-want +got):\n%s", diff)
	}
	for name, bad := range map[string]string{
		"another schema": `{"schema": "header-auth/report/v2"}`,
		"unknown key":    `{"schema": "header-auth/report/v1", "score": 7}`,
		"trailing data":  `{"schema": "header-auth/report/v1"} {}`,
		"no JSON":        `conformant`,
	} {
		if _, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%s: parsed without an error", name)
		}
	}
}

// TestSchema holds the checked-in schema, the types and the JSON together.
func TestSchema(t *testing.T) {
	generated := schematest.Generate(t, &Report{}, "https://github.com/header-auth/header-auth/report/schema.json", Schema)
	golden.Check(t, "schema.json", generated, *update)
	validate := schematest.Compile(t, generated)
	valid := func(r *Report) error {
		var data bytes.Buffer
		if err := JSON(&data, r); err != nil {
			t.Fatal(err)
		}
		return validate(data.Bytes())
	}
	if err := valid(sample()); err != nil {
		t.Errorf("the sample: %v", err)
	}
	if err := valid(&Report{Schema: Schema}); err != nil {
		t.Errorf("a report without results: %v", err)
	}
	bad := sample()
	bad.Results[0].Outcome = "fine"
	if err := valid(bad); err == nil {
		t.Error("an unknown outcome is valid by the schema")
	}
	if err := valid(&Report{}); err == nil {
		t.Error("a report without a schema name is valid by the schema")
	}
}

func TestJUnitIsXML(t *testing.T) {
	r := sample()
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

func TestWriteErrorIsReturned(t *testing.T) {
	full := &words.Writer{To: io.Discard, Err: io.ErrShortWrite}
	for name, render := range map[string]func(io.Writer, *Report) error{"text": plainText, "json": JSON, "junit": JUnit} {
		if err := render(failing{}, sample()); err == nil {
			t.Errorf("%s: no error from a writer that fails", name)
		}
	}
	if _, err := full.Write([]byte("x")); err != io.ErrShortWrite {
		t.Errorf("error %v, want the first one", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

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
