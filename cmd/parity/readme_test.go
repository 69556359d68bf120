package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/bench"
	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy"
	"github.com/header-auth/header-auth/envoy/obtain"
	"github.com/header-auth/header-auth/report"
	benchreport "github.com/header-auth/header-auth/report/bench"
)

const root = "../.."

var update = flag.Bool("update", false, "write the results into README.md again")

// TestCommandsOfTheDocuments runs the commands that the documents give: make's targets must exist, and parity must
// accept its arguments, in a folder with a reader's my.wasm and my-cases.
func TestCommandsOfTheDocuments(t *testing.T) {
	here := t.TempDir()
	for _, name := range []string{"conformance", "builds.yaml", "go.mod"} {
		target, err := filepath.Abs(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(here, name)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(here, "my.wasm"), modules()["sound.wasm"])
	for name, text := range ownTable(t) {
		write(t, filepath.Join(here, name), []byte(text))
	}
	// What parity record and parity import read.
	write(t, filepath.Join(here, "requests.yaml"),
		[]byte("cases:\n  - id: requests/get\n    steps:\n      - request: {}\n"))
	write(t, filepath.Join(here, "tests.textpb"), []byte(read(t, "conformance/textpb/testdata/tests/greeter.textpb")))
	write(t, filepath.Join(here, "greeter.json"), []byte(read(t, "conformance/textpb/testdata/tests/greeter.json")))
	var commands []string
	for _, document := range []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "RATIONALE.md",
		"conformance/README.md", "conformance/mutants/README.md", "bench/METHODOLOGY.md", "bench/ENVOY.md",
		"deploy/README.md"} {
		text := read(t, document)
		if document == "README.md" { // its result of the benchmark names a command that takes a quarter of an hour
			before, _, after := around(t, text, benchBegin, benchEnd)
			text = before + after
		}
		commands = append(commands, typed(text)...)
	}
	if len(commands) < 6 {
		t.Fatalf("%d commands found in the documents: %q", len(commands), commands)
	}
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(here)
	for _, command := range commands {
		t.Run(command, func(t *testing.T) {
			words := strings.Fields(command)
			switch strings.TrimPrefix(words[0], ".cache/bin/") {
			case "make":
				out, err := exec.Command("make", append([]string{"-C", top, "-n"}, words[1:]...)...).CombinedOutput()
				if err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			case "parity":
				if words[1] == "deploy" { // it makes a module and reads an example
					t.Chdir(top)
				}
				var out bytes.Buffer
				if code := run(context.Background(), words[1:], &out, &out); code > 1 {
					t.Errorf("exit %d\n%s", code, out.String())
				}
			default:
				t.Errorf("this test does not know the command %s", words[0])
			}
		})
	}
}

// TestResultOfTheReadme: the README shows the total of the whole table for every build. With -update it is taken from
// the last conformant run.
func TestResultOfTheReadme(t *testing.T) {
	loaded, err := table.Load(filepath.Join(root, "conformance/cases"))
	if err != nil {
		t.Fatal(err)
	}
	list, err := build.Load(filepath.Join(root, build.File))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		before, _, after := around(t, read(t, "README.md"), resultBegin, resultEnd)
		write(t, filepath.Join(root, "README.md"), []byte(before+resultBegin+lastTotal(t, loaded)+resultEnd+after))
	}
	_, shown, _ := around(t, read(t, "README.md"), resultBegin, resultEnd)
	want := []string{"```", "group"}
	for _, b := range list.Builds {
		want = append(want, b.Name)
	}
	want = append(want, "total")
	for range list.Builds {
		want = append(want, "✓", fmt.Sprintf("%d/%[1]d", loaded.Len()))
	}
	n := strconv.Itoa(loaded.Len() * len(list.Builds))
	want = append(want, "conformant:", n, "of", n, "passed", "```")
	if diff := cmp.Diff(want, strings.Fields(shown)); diff != "" {
		t.Errorf("README.md does not show the result of this table: run make conformance, then go test "+
			"./cmd/parity -run Readme -update (-want +got):\n%s", diff)
	}
}

// TestWorstOfTheMethodology: its table has every case of the group worst. With -update dist/worst.md is
// spliced in, where it is.
func TestWorstOfTheMethodology(t *testing.T) {
	loaded, err := table.Load(filepath.Join(root, "conformance/cases"))
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- worst -->", "<!-- end worst -->"
	before, shown, after := around(t, read(t, "bench/METHODOLOGY.md"), begin, end)
	if *update {
		if text, err := os.ReadFile(filepath.Join(root, "dist/worst.md")); err == nil {
			shown = "\n" + strings.Trim(string(text), "\n") + "\n"
			write(t, filepath.Join(root, "bench/METHODOLOGY.md"), []byte(before+begin+shown+end+after))
		} else {
			t.Logf("the table of worst requests stays as it is: %v", err)
		}
	}
	selected, err := loaded.Select("worst")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range selected.Cases() {
		if row := "\n| " + strings.TrimPrefix(c.ID, "worst/") + " | "; !strings.Contains(shown, row) {
			t.Errorf("bench/METHODOLOGY.md does not show %s: run parity worst --format markdown >dist/worst.md, "+
				"then make update", c.ID)
		}
	}
}

// TestBenchOfTheReadme: the README shows the results of the full runs in bench/result, one file for each machine. With
// -update they are written again.
func TestBenchOfTheReadme(t *testing.T) {
	var all []*evidence.Report
	for _, file := range publishedFiles(root) {
		r, err := readEvidence(file)
		if err != nil {
			t.Fatal(err)
		}
		if r.Run.Plan.Name != bench.FullPlan().Name || !r.Run.Complete {
			t.Errorf("%s is of the plan %q, complete %t: expected a whole run of make bench-full", file, r.Run.Plan.Name,
				r.Run.Complete)
		}
		all = append(all, r)
	}
	if len(all) < 2 {
		t.Fatalf("bench/result has %d reports, expected one for each machine", len(all))
	}
	newest, f := judged(all, nil, nil, "")
	f.Envoy = publishedOnEnvoy(t, newest, f)
	var summary, picture bytes.Buffer
	if err := errors.Join(benchreport.Summary(&summary, newest, f, "bench/result/ratios.svg"),
		benchreport.Picture(&picture, newest, f)); err != nil {
		t.Fatal(err)
	}
	before, shown, after := around(t, read(t, "README.md"), benchBegin, benchEnd)
	want := "\n" + notYet(t, newest) + summary.String()
	if *update {
		write(t, filepath.Join(root, "README.md"), []byte(before+benchBegin+want+benchEnd+after))
		write(t, filepath.Join(root, "bench/result/ratios.svg"), picture.Bytes())
		return
	}
	if shown != want || read(t, "bench/result/ratios.svg") != picture.String() {
		t.Error("README.md does not show what follows from bench/result/*.json: go test ./cmd/parity -run Readme -update")
	}
}

// TestEnvoyOfTheReadme: the README says on which Envoys the table runs, and in how many cases Envoy gives what they
// want. With -update it is written again.
func TestEnvoyOfTheReadme(t *testing.T) {
	whole, err := table.Load(filepath.Join(root, "conformance/cases"))
	if err != nil {
		t.Fatal(err)
	}
	versions := obtain.Versions()
	known, err := envoy.Differences(false)
	if err != nil {
		t.Fatal(err)
	}
	var patterns []string
	for _, k := range known {
		patterns = append(patterns, k.Pattern)
	}
	different, err := whole.Select(patterns...)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("\nConfirmed on a real Envoy, %s and %s: [the same table](envoy/README.md) runs there (`make "+
		"envoy`), and in %d of its %d cases Envoy gives what the case wants; [each other case](envoy/differences.yaml) has "+
		"its reason.\n",
		strings.Join(versions[:len(versions)-1], ", "), versions[len(versions)-1], whole.Len()-different.Len(), whole.Len())
	const begin, end = "<!-- real envoy -->", "<!-- end real envoy -->"
	before, shown, after := around(t, read(t, "README.md"), begin, end)
	if *update {
		write(t, filepath.Join(root, "README.md"), []byte(before+begin+want+end+after))
	} else if shown != want {
		t.Errorf("README.md says %q, expected %q: go test ./cmd/parity -run Readme -update", shown, want)
	}
}

// notYet says which builds the published results do not have; "" when they have all.
func notYet(t *testing.T, newest *evidence.Report) string {
	t.Helper()
	list, err := build.Load(filepath.Join(root, build.File))
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, b := range list.Builds {
		if !slices.ContainsFunc(newest.Builds, func(m evidence.Build) bool { return m.Name == b.Name }) {
			said += fmt.Sprintf("Not in these results yet: **%s**. %s\n\n", b.Name, strings.Join(strings.Fields(b.Notes), " "))
		}
	}
	return said
}

// publishedOnEnvoy are the findings of the newest run in bench/result/envoy; nil where there is none.
func publishedOnEnvoy(t *testing.T, onWazero *evidence.Report, f *verdict.Findings) *verdict.OnEnvoy {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "bench/result/envoy/*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var newest *evidence.OnEnvoy
	for _, file := range files {
		r, err := readOnEnvoy(file)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Run.Complete {
			t.Errorf("%s is of a run that was interrupted", file)
		}
		if newest == nil || r.Run.Started.After(newest.Run.Started) {
			newest = r
		}
	}
	if newest == nil {
		return nil
	}
	return verdict.JudgeOnEnvoy(newest, onWazero, f)
}

// TestCostOnEnvoyOfTheReadmes: bench/ENVOY.md shows the newest run in bench/result/envoy. With
// -update it is written again.
func TestCostOnEnvoyOfTheReadmes(t *testing.T) {
	var all []*evidence.Report
	for _, file := range publishedFiles(root) {
		r, err := readEvidence(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	onWazero, f := judged(all, nil, nil, "")
	want := "\nNo result is published yet.\n"
	if j := publishedOnEnvoy(t, onWazero, f); j != nil {
		var document bytes.Buffer
		if err := benchreport.EnvoyMarkdown(&document, j); err != nil {
			t.Fatal(err)
		}
		want = document.String()
	}
	const begin, end = "<!-- envoy -->\n", "<!-- end envoy -->"
	before, shown, after := around(t, read(t, "bench/ENVOY.md"), begin, end)
	if *update {
		write(t, filepath.Join(root, "bench/ENVOY.md"), []byte(before+begin+want+end+after))
		return
	}
	if shown != want {
		t.Error("bench/ENVOY.md does not show what follows from bench/result/envoy/*.json: go test " +
			"./cmd/parity -run Readme -update")
	}
}

// lastTotal is of the last conformant run: the names of the builds, the line of totals and the verdict.
func lastTotal(t *testing.T, loaded *table.Table) string {
	t.Helper()
	stored, err := os.ReadFile(filepath.Join(root, ".cache/conformant"))
	if err != nil {
		t.Fatalf("run make conformance first: %v", err)
	}
	_, stored, _ = bytes.Cut(stored, []byte("\n"))
	r, err := report.Parse(stored)
	if err != nil || r.Table.Digest != loaded.Digest || len(r.Results) != len(r.Builds)*loaded.Len() {
		t.Fatalf("run make conformance first: the last run is not of all builds and this table (%v)", err)
	}
	var text bytes.Buffer
	if err := writeText(&text, r); err != nil {
		t.Fatal(err)
	}
	result := "\n```\n"
	for line := range strings.Lines(text.String()) {
		switch first, _, _ := strings.Cut(strings.TrimSpace(line), " "); first {
		case "group", "total":
			result += line
		case "conformant:":
			result += "\n" + line
		}
	}
	return result + "```\n"
}

// The marks around the parts of README.md that are written by tests.
const (
	benchBegin, benchEnd   = "<!-- bench -->", "<!-- end bench -->"
	resultBegin, resultEnd = "<!-- result -->", "<!-- end -->"
)

// around cuts a document into three parts: before the mark begin, between both marks, after the mark end.
func around(t *testing.T, document, begin, end string) (before, inside, after string) {
	t.Helper()
	before, rest, began := strings.Cut(document, begin)
	inside, after, ended := strings.Cut(rest, end)
	if !began || !ended {
		t.Fatalf("README.md: no %s with its %s", begin, end)
	}
	return before, inside, after
}

// typed are the commands after a prompt, and those of make and parity in the text.
func typed(document string) []string {
	var found []string
	command := regexp.MustCompile("(?m)^\\$ ([^#\n]+)|`((?:make|parity) [a-z]+ [^`]*|make [a-z]+)`")
	for _, m := range command.FindAllStringSubmatch(document, -1) {
		found = append(found, strings.TrimSpace(m[1]+m[2]))
	}
	return found
}

// ownTable is the example table of conformance/README.md: its files by name.
func ownTable(t *testing.T) map[string]string {
	files := map[string]string{}
	for _, m := range regexp.MustCompile("(?s)```yaml\n# (my-cases/[a-z.]+)\n(.*?)```").FindAllStringSubmatch(read(t,
		"conformance/README.md"), -1) {
		files[m[1]] = m[2]
	}
	if len(files) != 2 {
		t.Fatalf("conformance/README.md has %d files of the example table, expected 2", len(files))
	}
	return files
}

func read(t *testing.T, document string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, document))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o644); err != nil {
		t.Fatal(err)
	}
}
