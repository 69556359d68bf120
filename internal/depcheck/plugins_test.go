package depcheck

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	goPlugin   = "../../go-plugin"
	rustPlugin = "../../rust-plugin/src"
)

var twinNote = regexp.MustCompile(`(?m)^//!? (?:.* )?Twin: ([a-z_]+\.(?:go|rs))\.$`)

// TestPluginsAreTwins: a file of one plugin names its twin in the other, which names it in turn. A file without one
// says "No twin", and why.
func TestPluginsAreTwins(t *testing.T) {
	twins := map[string]string{}
	for _, dir := range []string{goPlugin, rustPlugin} {
		for name, content := range sources(t, dir) {
			if note := twinNote.FindStringSubmatch(content); note != nil {
				twins[name] = note[1]
			} else if !strings.Contains(content, "No twin: ") {
				t.Errorf("%s: expected \"Twin: FILE.\" or \"No twin: WHY\" at the head of the file", name)
			}
		}
	}
	for name, twin := range twins {
		if twins[twin] != name {
			t.Errorf("%s: its twin %s names %q as its own", name, twin, twins[twin])
		}
	}
}

var crateUse = regexp.MustCompile(`(?m)^use crate::([a-z_]+)`)

// TestRustModulesGoOneWay: no module of the Rust plugin uses itself, however indirectly. Go has one package here.
func TestRustModulesGoOneWay(t *testing.T) {
	uses := map[string][]string{}
	for name, content := range sources(t, rustPlugin) {
		module := strings.TrimSuffix(name, ".rs")
		if strings.HasSuffix(module, "_test") {
			continue
		}
		for _, use := range crateUse.FindAllStringSubmatch(content, -1) {
			uses[module] = append(uses[module], use[1])
		}
	}
	if len(uses) == 0 {
		t.Fatal("no module uses another: the pattern no longer fits the sources")
	}
	for module := range uses {
		if circle := way(uses, module, module, nil); circle != nil {
			t.Errorf("a circle: %s", strings.Join(circle, " uses "))
		}
	}
}

// way is how one module comes to use another, the two included; nil when it does not.
func way(uses map[string][]string, from, to string, been []string) []string {
	been = append(been, from)
	for _, next := range uses[from] {
		if next == to {
			return append(been, to)
		}
		if slices.Contains(been, next) {
			continue
		}
		if found := way(uses, next, to, slices.Clone(been)); found != nil {
			return found
		}
	}
	return nil
}

func sources(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, pattern := range []string{"*.go", "*.rs"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files[filepath.Base(name)] = string(content)
		}
	}
	if len(files) == 0 {
		t.Fatalf("%s: no sources", dir)
	}
	return files
}
