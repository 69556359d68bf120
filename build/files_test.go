package build

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFiles(t *testing.T) {
	root := t.TempDir()
	for _, file := range []string{"b.go", "a.go", "a_test.go"} {
		if err := os.WriteFile(filepath.Join(root, file), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Build{Sources: []string{"*.go", "!*_test.go"}}.Files(root)
	if diff := cmp.Diff([]string{"a.go", "b.go"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err := (Build{Sources: []string{"*.rs"}}).Files(root); err == nil {
		t.Error("a pattern that matches no file gave no error")
	}
}

func TestCommand(t *testing.T) {
	b := Build{Flags: []string{"-a", "${more}"}, Recipe: Recipe{Command: []string{"${tool}", "build", "${flags}", "-o",
		"${out}"}}}
	vars := map[string][]string{"tool": {"/bin/tool"}, "more": {"-b", "-c"}, "out": {"x.wasm"}}
	got, err := b.Command(vars)
	if diff := cmp.Diff([]string{"/bin/tool", "build", "-a", "-b", "-c", "-o", "x.wasm"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if len(vars) != 3 {
		t.Errorf("the caller's variables were changed: %v", vars)
	}
	if _, err := b.Command(map[string][]string{"tool": {"t"}}); err == nil {
		t.Error("a variable without a value gave no error")
	}
}
