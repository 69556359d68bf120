package depcheck

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const root = "../.."

// TestDependenciesHaveReasons: RATIONALE.md has a row for each direct dependency, and for no other.
func TestDependenciesHaveReasons(t *testing.T) {
	var used []string
	for _, file := range []string{"go.mod", "deploy/validate/go.mod", "toolchain/lint/go.mod"} {
		used = append(used, required(t, file)...)
	}
	for _, file := range []string{"rust-plugin/Cargo.toml", "conformance/mutants/rustreader/Cargo.toml"} {
		used = append(used, crates(t, file)...)
	}
	slices.Sort(used)
	_, table, found := strings.Cut(read(t, "RATIONALE.md"), "\n## Dependencies\n")
	if !found {
		t.Fatal("RATIONALE.md has no section Dependencies")
	}
	var explained []string
	for _, row := range regexp.MustCompile(`(?m)^\| (.*?) \|`).FindAllStringSubmatch(table, -1)[1:] { // behind the head
		names, _, _ := strings.Cut(row[1], " (crates)")
		explained = append(explained, strings.Split(names, ", ")...)
	}
	slices.Sort(explained)
	if diff := cmp.Diff(slices.Compact(used), explained); diff != "" {
		t.Errorf("the dependencies (-) and the rows of RATIONALE.md (+) differ: %s", diff)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// required are the modules that a go.mod requires directly or takes tools from, without github.com/ and the version's
// /v2.
func required(t *testing.T, file string) (names []string) {
	t.Helper()
	out, err := exec.Command("go", "mod", "edit", "-json", filepath.Join(root, file)).Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
		Tool []struct{ Path string }
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`/v\d+$`)
	for _, r := range mod.Require {
		tool := slices.ContainsFunc(mod.Tool, func(tool struct{ Path string }) bool {
			return strings.HasPrefix(tool.Path, r.Path+"/") || tool.Path == r.Path
		})
		if !r.Indirect || tool {
			names = append(names, version.ReplaceAllString(strings.TrimPrefix(r.Path, "github.com/"), ""))
		}
	}
	return names
}

// crates are the dependencies of a Cargo.toml.
func crates(t *testing.T, file string) (names []string) {
	t.Helper()
	_, section, _ := strings.Cut(read(t, file), "\n[dependencies]\n")
	section, _, _ = strings.Cut(section, "\n[")
	for _, m := range regexp.MustCompile(`(?m)^([\w-]+) =`).FindAllStringSubmatch(section, -1) {
		names = append(names, m[1])
	}
	return names
}
