package table_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const readme = "../README.md"

// TestReadme compares two parts of the README with the table: the clauses, chapter by chapter, and the groups.
func TestReadme(t *testing.T) {
	loaded := load(t, cases)
	text := read(t, readme)
	want := text
	listed := 0
	for _, chapter := range regexp.MustCompile(`<!-- clauses (\w+) -->`).FindAllStringSubmatch(text, -1) {
		var b strings.Builder
		for _, clause := range loaded.Contract.Clauses {
			if strings.HasPrefix(clause.ID, chapter[1]+".") {
				fmt.Fprintln(&b, fold(fmt.Sprintf("- **%s** %s", clause.ID, clause.Text)))
				listed++
			}
		}
		want = splice(t, want, chapter[0], b.String())
	}
	if listed != len(loaded.Contract.Clauses) {
		t.Errorf("%s has %d of %d clauses: a chapter is missing or is there twice", readme, listed,
			len(loaded.Contract.Clauses))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| group | cases | what breaks in production when it fails |\n|---|--:|---|\n")
	for _, g := range loaded.Groups {
		fmt.Fprintf(&b, "| [%s](cases/%s.yaml) | %d | %s |\n", g.Name, g.Name, len(g.Cases), g.Breaks)
	}
	fmt.Fprintf(&b, "| | %d | |\n", loaded.Len())
	want = splice(t, want, "<!-- groups -->", b.String())

	if *update {
		if err := os.WriteFile(readme, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("%s is not what the table says; go test ./conformance/table -run Readme -update (-want +got):\n%s",
			readme, diff)
	}
}

// splice puts the block between a marker and the next end marker.
func splice(t *testing.T, text, marker, block string) string {
	t.Helper()
	before, rest, found := strings.Cut(text, marker+"\n")
	_, after, ended := strings.Cut(rest, "<!-- end -->\n")
	if !found || !ended {
		t.Fatalf("%s: no %s with its <!-- end -->", readme, marker)
	}
	return before + marker + "\n" + block + "<!-- end -->\n" + after
}

// fold breaks a text into lines of at most 118 characters, indented below a list item.
func fold(text string) string {
	var b strings.Builder
	width := 0
	for i, word := range strings.Fields(text) {
		if i > 0 && width+1+len(word) > 118 {
			b.WriteString("\n ")
			width = 1
		}
		if i > 0 {
			b.WriteString(" ")
			width++
		}
		b.WriteString(word)
		width += len(word)
	}
	return b.String()
}

// TestReadmeSample loads the example table of the README.
func TestReadmeSample(t *testing.T) {
	dir := t.TempDir()
	for _, block := range regexp.MustCompile("(?s)```yaml\n# my-cases/(\\S+)\n(.*?)```").FindAllStringSubmatch(read(t,
		readme), -1) {
		write(t, dir, block[1], block[2])
	}
	if got := load(t, dir); got.Len() != 2 || got.Contract.Name != "my-plugin" {
		t.Errorf("got %d cases of %s, want the two of my-plugin", got.Len(), got.Contract.Name)
	}
}
