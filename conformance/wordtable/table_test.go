package wordtable

import (
	"os"
	"regexp"
	"testing"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// TestCases: each case is right on the plugin of its group, on both engines.
func TestCases(t *testing.T) {
	dir := t.TempDir()
	if err := Write(dir); err != nil {
		t.Fatal(err)
	}
	whole, err := table.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	plugins := Plugins()
	for _, g := range whole.Groups {
		for _, o := range []host.Options{{}, {Interpreter: true}} {
			m, err := suite.Compile(t.Context(), plugins[g.Name], o)
			if err != nil {
				t.Fatal(err)
			}
			for i := range g.Cases {
				c := &g.Cases[i]
				seen, err := suite.Observe(t.Context(), m, c, suite.ObserveOptions{})
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range suite.Check(c, seen) {
					t.Errorf("%s: %s: want %q, got %q", c.ID, m.Field, m.Wanted, m.Got)
				}
			}
			if err := m.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestReadme: the examples of the README are these files.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, block := range regexp.MustCompile("(?s)```yaml\n# wordtable/([a-z]+\\.yaml)\n(.*?)```").FindAllSubmatch(text,
		-1) {
		found++
		want, err := files.ReadFile(string(block[1]))
		if err != nil {
			t.Fatal(err)
		}
		if string(block[2]) != string(want) {
			t.Errorf("README.md, wordtable/%s: it is not the file\n%s", block[1], want)
		}
	}
	if found != 4 {
		t.Errorf("%d examples, want 4", found)
	}
}
