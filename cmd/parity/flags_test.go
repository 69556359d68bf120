package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/build"
)

// TestTableOfFlags: bench/FLAGS.md shows every variant, with the flags of variants.yaml, under the build that it is a
// variant of. With -update the last run of all variants is spliced in, where there is one.
func TestTableOfFlags(t *testing.T) {
	const begin, end = "<!-- flags -->", "<!-- end flags -->"
	before, shown, after := around(t, read(t, "bench/FLAGS.md"), begin, end)
	if *update {
		if tables, err := os.ReadFile(filepath.Join(root, "dist/flags.md")); err == nil {
			shown = "\n" + strings.TrimLeft(string(tables), "\n")
			write(t, filepath.Join(root, "bench/FLAGS.md"), []byte(before+begin+shown+end+after))
		} else {
			t.Logf("bench/FLAGS.md stays as it is: %v", err)
		}
	}
	builds, err := build.Load(filepath.Join(root, build.File))
	if err != nil {
		t.Fatal(err)
	}
	variants, err := build.LoadVariants(filepath.Join(root, build.VariantsFile), builds)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range variants {
		_, table, _ := strings.Cut(shown, "\n### "+v.Of+"\n")
		table, _, _ = strings.Cut(table, "\n### ")
		change := strings.ReplaceAll(strings.Join(v.Change, " "), "_", "\\_")
		if row := "\n| " + v.Name + " | " + change + " | "; !strings.Contains(table, row) {
			t.Errorf("bench/FLAGS.md does not show %q under %s: run make bench-flags, then go test "+
				"./cmd/parity -run Flags -update",
				row[1:], v.Of)
		}
	}
	// a head and the build
	if got := strings.Count(shown, "\n| ") - 2*strings.Count(shown, "\n### "); got != len(variants) {
		t.Errorf("bench/FLAGS.md shows %d variants, variants.yaml has %d", got, len(variants))
	}
}
