package build

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSources(t *testing.T) {
	root := t.TempDir()
	for _, file := range []string{"go.mod", "p/a.go", "p/a_test.go", "p/q/b.go", "p/q/b.txt", "pp/c.go"} {
		write(t, filepath.Join(root, file), file)
	}
	tests := []struct {
		name     string
		patterns []string
		want     []string
	}{
		{"a file", []string{"go.mod"}, []string{"go.mod"}},
		{"names in one folder", []string{"p/*.go"}, []string{"p/a.go", "p/a_test.go"}},
		{"any folder", []string{"p/**/*.go"}, []string{"p/a.go", "p/a_test.go", "p/q/b.go"}},
		{"from the root", []string{"**/b.*"}, []string{"p/q/b.go", "p/q/b.txt"}},
		{"removed again", []string{"p/**/*.go", "!**/*_test.go"}, []string{"p/a.go", "p/q/b.go"}},
		{"matched twice", []string{"p/a.go", "p/*.go"}, []string{"p/a.go", "p/a_test.go"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := sources(root, tt.patterns)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestExpand(t *testing.T) {
	vars := map[string][]string{"none": nil, "one": {"1"}, "two": {"1", "2"}}
	got, err := expand([]string{"${two}", "${none}", "a=${one}${none}", "$x"}, vars)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"1", "2", "a=1", "$x"}, got); d != "" {
		t.Error(d)
	}
	if _, err := expand([]string{"a=${two}"}, vars); err == nil {
		t.Error("a list inside text was accepted")
	}
}
