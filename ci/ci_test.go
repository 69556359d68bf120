package ci

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// files are all pipelines, by name.
func files(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"*.yml", "*.yaml", "../.github/workflows/*.yml"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all[name] = string(text)
		}
	}
	if len(all) < 5 {
		t.Fatalf("%d pipelines found: %v", len(all), all)
	}
	return all
}

// texts are all strings of a document.
func texts(tree any) (all []string) {
	switch tree := tree.(type) {
	case string:
		all = append(all, strings.ReplaceAll(tree, "\\\n", " "))
	case map[string]any:
		for _, value := range tree {
			all = append(all, texts(value)...)
		}
	case []any:
		for _, value := range tree {
			all = append(all, texts(value)...)
		}
	}
	return all
}

var (
	parityCall = regexp.MustCompile(`(?m)(?:^|[ /])parity ((?:image )?[a-z]+)\b([^\n|;]*)`)
	makeCall   = regexp.MustCompile(`(?m)^\s*make ([a-z-]+)\b`)
	flagOf     = regexp.MustCompile(` (--[a-z-]+)`)
)

// TestCommands: every command of parity and every target of make that a pipeline calls exists, with its flags.
func TestCommands(t *testing.T) {
	program := filepath.Join(t.TempDir(), "parity")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", program,
		"../cmd/parity").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files(t) {
		t.Run(name, func(t *testing.T) {
			var tree map[string]any
			if err := yaml.UnmarshalWithOptions([]byte(text), &tree, yaml.Strict()); err != nil {
				t.Fatal(err)
			}
			calls := 0
			for _, script := range texts(tree) {
				for _, call := range parityCall.FindAllStringSubmatch(script, -1) {
					calls++
					help, err := exec.Command(program, append(strings.Fields(call[1]), "--help")...).Output()
					if err != nil {
						t.Errorf("parity %s: %v", call[1], err)
					}
					for _, flag := range flagOf.FindAllStringSubmatch(call[2], -1) {
						if !strings.Contains(string(help), "  "+flag[1]+" ") {
							t.Errorf("parity %s has no flag %s", call[1], flag[1])
						}
					}
				}
				for _, call := range makeCall.FindAllStringSubmatch(script, -1) {
					calls++
					if !strings.Contains(string(makefile), "\n"+call[1]+":") && call[1] != "plugin" { // plugin.wasm is the user's own
						t.Errorf("there is no target %s", call[1])
					}
				}
				if strings.Contains(script, ".ci/run") {
					calls++
				}
			}
			if calls == 0 {
				t.Error("it calls neither parity nor make nor .ci/run")
			}
		})
	}
}

// TestTwins: the two ready pipelines run the same commands of parity.
func TestTwins(t *testing.T) {
	all := files(t)
	commands := func(name string) string {
		found := map[string]bool{}
		for _, call := range parityCall.FindAllStringSubmatch(all[name], -1) {
			found[call[1]] = true
		}
		var list []string
		for _, c := range []string{"inspect", "check", "bench", "image push", "image verify"} {
			if found[c] {
				list = append(list, c)
			}
		}
		return strings.Join(list, ", ")
	}
	if a, b := commands("plugin.github.yml"), commands("plugin.gitlab-ci.yml"); a != b || strings.Count(a, ",") != 4 {
		t.Errorf("GitHub runs %s, GitLab runs %s", a, b)
	}
}
