package mutants

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// generated is what stands between the marks of a document.
func generated(t *testing.T, file string) string {
	t.Helper()
	document, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(document), begin)
	text, _, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s: no %q with its %q", file, begin, end)
	}
	return text
}

// TestDocumentShowsSurvivors: README.md shows the survivors of survivors.yaml, all of them and no others, each below
// its reason.
func TestDocumentShowsSurvivors(t *testing.T) {
	list, err := LoadSurvivors("survivors.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, s := range list {
		for _, change := range s.Mutations {
			want = append(want, s.Reason+"\n"+s.File+": "+code(change))
		}
	}
	var got []string
	reason := ""
	for line := range strings.Lines(generated(t, "README.md")) {
		line = strings.TrimSuffix(line, "\n")
		if text, ok := strings.CutPrefix(line, "- "); ok {
			reason = text
		} else if survivor, ok := strings.CutPrefix(line, "  - "); ok {
			got = append(got, reason+"\n"+survivor)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || len(got) == 0 {
		t.Errorf("README.md differs from survivors.yaml (-yaml +README.md), make mutants writes it anew:\n%s", diff)
	}
}

// TestDocumentsShowTheSameResult: the sentence in the contract's document has the percentages of the result here.
func TestDocumentsShowTheSameResult(t *testing.T) {
	percent := regexp.MustCompile(`\d+\.\d %`)
	here, there := percent.FindAllString(generated(t, "README.md"), -1),
		percent.FindAllString(generated(t, "../README.md"), -1)
	if !slices.Equal(here, there) || len(here) != len(Languages()) {
		t.Errorf("README.md says %q, ../README.md says %q: expected the same, one for each of %q", here, there, Languages())
	}
}
