package table_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the golden files again")

// cases is the project's own table.
const cases = "../cases"

// plain is the contract of the archives without one, and plainCase tests its only clause.
const (
	plain = `name: sample
clauses:
  - {id: "1", text: One.}
replies:
  no: {status: 403, headers: [], body: ""}
logs:
  refused: {debug: "no"}
`
	plainCase = `breaks: Nothing.
cases:
  - {id: zz/plain, clauses: ["1"], why: It has to., steps: [{request: {}, want: {decision: allow}}]}
`
)

// TestErrors loads the tables of testdata/faulty and compares all errors with the file `errors`.
func TestErrors(t *testing.T) {
	archives, err := filepath.Glob("testdata/faulty/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			dir, want := t.TempDir(), ""
			last := len(archive.Files) - 1
			if archive.Files[last].Name != "errors" {
				t.Fatalf("%s: the last file is not `errors`", path)
			}
			if !strings.HasPrefix(string(archive.Comment), "bare") {
				write(t, dir, "contract.yaml", plain)
				write(t, dir, "zz.yaml", plainCase)
			}
			for _, f := range archive.Files[:last] {
				write(t, dir, f.Name, string(f.Data))
			}
			want = string(archive.Files[last].Data)

			_, err = table.Load(dir)
			if err == nil {
				t.Fatal("loaded without an error")
			}
			got := strings.ReplaceAll(err.Error()+"\n", dir+string(filepath.Separator), "")
			got = strings.ReplaceAll(got, dir, ".")
			if *update {
				archive.Files[last].Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}

			for _, path := range yamlFiles(t, dir) { // with the ends of lines of Windows they are in the same places
				write(t, dir, filepath.Base(path), strings.ReplaceAll(read(t, path), "\n", "\r\n"))
			}
			_, err = table.Load(dir)
			got = strings.ReplaceAll(fmt.Sprint(err)+"\n", dir+string(filepath.Separator), "")
			if diff := cmp.Diff(want, strings.ReplaceAll(got, dir, ".")); diff != "" {
				t.Errorf("errors with CRLF (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMissingFolder(t *testing.T) {
	if _, err := table.Load(filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("got %v, want an error that names the folder", err)
	}
}

// TestEditorComment: an editor finds the schema of a file by its first line.
func TestEditorComment(t *testing.T) {
	for _, path := range yamlFiles(t, cases) {
		schema := "schema.json"
		if filepath.Base(path) == "contract.yaml" {
			schema = "contract.schema.json"
		}
		want := "# yaml-language-server: $schema=" + schema
		if first, _, _ := strings.Cut(read(t, path), "\n"); first != want {
			t.Errorf("%s: the first line is %q, want %q", path, first, want)
		}
	}
}

func TestDigest(t *testing.T) {
	digest := func(name, source string) string {
		dir := t.TempDir()
		write(t, dir, "contract.yaml", plain)
		write(t, dir, "zz.yaml", plainCase)
		if name != "" {
			write(t, dir, name, source)
		}
		return load(t, dir).Digest
	}
	first := digest("", "")
	if again := digest("", ""); again != first || len(first) != 64 {
		t.Errorf("the digest of the same table is %s and then %s, want 64 equal digits", first, again)
	}
	if other := digest("zz.yaml", plainCase+"# more\n"); other == first {
		t.Error("the digest does not change with the contents")
	}
	if other := digest("README.md", "more"); other != first {
		t.Error("the digest changes with a file that is not part of the table")
	}
}

func load(t *testing.T, dir string) *table.Table {
	t.Helper()
	loaded, err := table.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// loadCases loads a table of one group named a.
func loadCases(t *testing.T, source string) *table.Table {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "contract.yaml", plain)
	write(t, dir, "a.yaml", source)
	return load(t, dir)
}

func yamlFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no YAML files in %s: %v", dir, err)
	}
	return files
}

func read(t *testing.T, path string) string {
	t.Helper()
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

func write(t *testing.T, dir, name, source string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
}
