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
	"strings"
	"testing"

	"github.com/header-auth/header-auth/bench"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/report"
	benchreport "github.com/header-auth/header-auth/report/bench"
)

const root = "../.."

var update = flag.Bool("update", false, "splice the last result into README.md")

// TestCommandsOfTheDocuments runs what the documents tell a reader to type: make's targets must exist, and parity must
// know what to do with its arguments, in a folder with the reader's own my.wasm and my-cases.
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
	var commands []string
	for _, document := range []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "RATIONALE.md", "conformance/README.md", "conformance/mutants/README.md", "bench/METHODOLOGY.md"} {
		text := read(t, document)
		if document == "README.md" { // its result names a command that takes a quarter of an hour
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
				var out bytes.Buffer
				if code := run(context.Background(), words[1:], &out, &out); code > 1 {
					t.Errorf("exit %d\n%s", code, out.String())
				}
			default:
				t.Errorf("a command that this test does not know")
			}
		})
	}
}

// TestResultOfTheReadme: the result it shows is that of the table there is. With -update it is spliced in from the last
// conformant run.
func TestResultOfTheReadme(t *testing.T) {
	loaded, err := table.Load(filepath.Join(root, "conformance/cases"))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		splice(t, loaded)
	}
	_, shown, _ := around(t, read(t, "README.md"), resultBegin, resultEnd)
	for _, group := range loaded.Groups {
		line := regexp.MustCompile(fmt.Sprintf(`(?m)^ +%s +✓ %d/%[2]d `, group.Name, len(group.Cases)))
		if !line.MatchString(shown) {
			t.Errorf("README.md does not show the %d cases of %s: run make conformance, then go test ./cmd/parity -run Readme -update", len(group.Cases), group.Name)
		}
	}
}

// TestWorstOfTheMethodology: its table has every case of the group worst.
func TestWorstOfTheMethodology(t *testing.T) {
	loaded, err := table.Load(filepath.Join(root, "conformance/cases"))
	if err != nil {
		t.Fatal(err)
	}
	_, shown, _ := around(t, read(t, "bench/METHODOLOGY.md"), "<!-- worst -->", "<!-- end worst -->")
	selected, err := loaded.Select("worst")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range selected.Cases() {
		if row := "\n| " + strings.TrimPrefix(c.ID, "worst/") + " | "; !strings.Contains(shown, row) {
			t.Errorf("bench/METHODOLOGY.md does not show %s: put in what parity worst --format markdown prints", c.ID)
		}
	}
}

// TestBenchOfTheReadme: what it shows is what follows from the full run that is kept beside the benchmark. With -update it
// is spliced in.
func TestBenchOfTheReadme(t *testing.T) {
	kept, err := readEvidence(filepath.Join(root, "bench/result/bench.json"))
	if err != nil {
		t.Fatal(err)
	}
	if kept.Run.Plan.Name != bench.FullPlan().Name || !kept.Run.Complete {
		t.Errorf("bench/result/bench.json is of the plan %q, complete %t: expected a whole run of make bench-full", kept.Run.Plan.Name, kept.Run.Complete)
	}
	f := judged(kept, nil, nil, "")
	var summary, picture bytes.Buffer
	if err := errors.Join(benchreport.Summary(&summary, kept, f), benchreport.Picture(&picture, kept, f)); err != nil {
		t.Fatal(err)
	}
	before, shown, after := around(t, read(t, "README.md"), benchBegin, benchEnd)
	want := "\n![Each build's time over Rust's, with its interval](bench/result/ratios.svg)\n\n" + summary.String()
	if *update {
		write(t, filepath.Join(root, "README.md"), []byte(before+benchBegin+want+benchEnd+after))
		write(t, filepath.Join(root, "bench/result/ratios.svg"), picture.Bytes())
		return
	}
	if shown != want || read(t, "bench/result/ratios.svg") != picture.String() {
		t.Error("README.md does not show what follows from bench/result/bench.json: go test ./cmd/parity -run Readme -update")
	}
}

func splice(t *testing.T, loaded *table.Table) {
	kept, err := os.ReadFile(filepath.Join(root, ".cache/conformant"))
	if err != nil {
		t.Fatalf("run make conformance first: %v", err)
	}
	_, kept, _ = bytes.Cut(kept, []byte("\n"))
	r, err := report.Parse(kept)
	if err != nil || r.Table.Digest != loaded.Digest || len(r.Results) != len(r.Builds)*loaded.Len() {
		t.Fatalf("run make conformance first: the last run is not of all builds and this table (%v)", err)
	}
	var text bytes.Buffer
	if err := report.Text(&text, r, report.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	result := text.String()
	result = result[strings.Index(result, "\n  group ")+1:]
	before, _, after := around(t, read(t, "README.md"), resultBegin, resultEnd)
	document := before + resultBegin + "\n```\n" + strings.TrimRight(result, "\n") + "\n```\n" + resultEnd + after
	write(t, filepath.Join(root, "README.md"), []byte(document))
}

// The marks around what is spliced into README.md.
const (
	benchBegin, benchEnd   = "<!-- bench -->", "<!-- end bench -->"
	resultBegin, resultEnd = "<!-- result -->", "<!-- end -->"
)

// around gives a document in three: before the mark begin, between both marks, after the mark end.
func around(t *testing.T, document, begin, end string) (before, inside, after string) {
	t.Helper()
	before, rest, began := strings.Cut(document, begin)
	inside, after, ended := strings.Cut(rest, end)
	if !began || !ended {
		t.Fatalf("README.md: no %s with its %s", begin, end)
	}
	return before, inside, after
}

// typed are the commands after a prompt, and parity's in the text.
func typed(document string) []string {
	var found []string
	for _, m := range regexp.MustCompile("(?m)^\\$ ([^#\n]+)|`((?:make|parity) [a-z]+ [^`]*|make [a-z]+)`").FindAllStringSubmatch(document, -1) {
		found = append(found, strings.TrimSpace(m[1]+m[2]))
	}
	return found
}

// ownTable is the one that conformance/README.md tells to start from, by file name.
func ownTable(t *testing.T) map[string]string {
	files := map[string]string{}
	for _, m := range regexp.MustCompile("(?s)```yaml\n# (my-cases/[a-z.]+)\n(.*?)```").FindAllStringSubmatch(read(t, "conformance/README.md"), -1) {
		files[m[1]] = m[2]
	}
	if len(files) != 2 {
		t.Fatalf("conformance/README.md has %d files of a table to start from, expected 2", len(files))
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
