package report

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/internal/golden"
	"github.com/header-auth/header-auth/internal/schematest"
)

var update = flag.Bool("update", false, "write the golden files again")

// sample has one of everything: each outcome, a mismatch of several lines, a divergence. Its JSON is testdata/red.json,
// which the tests of report/conformance read.
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
			{Name: "text", File: "notes.txt", SHA256: strings.Repeat("3d", 32), Size: 17, Select: []string{"--wasm",
				"text=notes.txt"}},
		},
		Cases: []Case{
			{ID: "refuse/twice", Group: "refuse", Clauses: []string{"2.3"}, Why: "A proxy that checks one and " +
				"forwards another is bypassed.",
				File: "conformance/cases/refuse.yaml", Line: 41},
			{ID: "refuse/missing", Group: "refuse", Clauses: []string{"2.3"}, File: "conformance/cases/refuse.yaml", Line: 7},
			{ID: "robust/bytes", Group: "robust", Clauses: []string{"3.1"}, File: "conformance/cases/robust.yaml", Line: 3},
		},
		Results: []Result{
			{Build: "rust", Case: "refuse/twice", Outcome: Pass, Seconds: 0.0025},
			{Build: "rust", Case: "refuse/missing", Outcome: XPass, Reason: "an old fault"},
			{Build: "rust", Case: "robust/bytes", Outcome: XFail, Reason: "leaks"},
			{Build: "mine", Case: "refuse/twice", Outcome: Fail, Seconds: 1.5,
				Mismatches: []Mismatch{
					{"step 1: decision", "refuse", "allow"},
					{"step 1: client headers", ":status: 403\ncontent-length: 9\nx-a: 1",
						":status: 200\ncontent-length: 9\nx-b: \"\\x01\""},
					{"step 1: logs", "debug refused: repeated", ""},
				},
				Trace: []TraceLine{{true, 0, "proxy_on_request_headers(2, 5, 1)"}, {false, 1, "env.proxy_log(debug) = ok"}}},
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

func TestJSON(t *testing.T) {
	var got bytes.Buffer
	if err := JSON(&got, sample()); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, filepath.Join("testdata", "red.json"), got.Bytes(), *update)
	if err := JSON(failing{}, sample()); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("error %v, want the writer's", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

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
		t.Errorf("the report that was written and read again differs (-want +got):\n%s", diff)
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

// TestSchema compares schema.json with the types, and what JSON writes with the schema.
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
