package main

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// helpOf is what a command prints with --help, and what its verbs do.
func helpOf(t *testing.T, name string) string {
	t.Helper()
	var out bytes.Buffer
	calls := [][]string{{name, "--help"}}
	for _, verb := range verbs[name] {
		calls = append(calls, []string{name, verb, "--help"})
	}
	for _, args := range calls {
		if code := run(context.Background(), args, &out, io.Discard); code != 0 {
			t.Fatalf("parity %v: exit %d", args, code)
		}
	}
	return out.String()
}

var flagInHelp = regexp.MustCompile(`--[a-z][a-z-]*`)

// TestHelpHasEveryWord: a command's help names all its flags and formats, and no flag that no command has.
func TestHelpHasEveryWord(t *testing.T) {
	known := map[string]bool{"--help": true, "--version": true}
	for _, c := range commands() {
		for _, f := range flagsOf(c) {
			known[strings.TrimSuffix(f, "=")] = true
		}
	}
	for _, c := range commands() {
		if c.summary == "" {
			continue
		}
		help := helpOf(t, c.name)
		named := flagInHelp.FindAllString(help, -1)
		for _, f := range flagsOf(c) {
			if f = strings.TrimSuffix(f, "="); f != "--quiet" && !slices.Contains(named, f) {
				t.Errorf("parity %s --help does not name %s", c.name, f)
			}
		}
		for _, f := range named {
			if !known[f] && len(flagsOf(c)) > 0 { // exec and image read theirs in another way
				t.Errorf("parity %s --help names %s, which no command has", c.name, f)
			}
		}
		for _, form := range formats[c.name] {
			if !regexp.MustCompile(`\b` + form + `\b`).MatchString(help) {
				t.Errorf("parity %s --help does not name the format %s", c.name, form)
			}
		}
		if !strings.Contains(help, "Exit codes") {
			t.Errorf("parity %s --help does not say its exit codes", c.name)
		}
	}
	for name := range formats {
		if c, ok := find(name); !ok || !slices.Contains(flagsOf(c), "--format=") {
			t.Errorf("formats has %s, which has no --format", name)
		}
	}
}

func TestCompletions(t *testing.T) {
	t.Chdir(root)
	tests := []struct {
		words string // the last is not finished
		want  []string
	}{
		{"be", []string{"bench"}},
		{"--v", []string{"--version"}},
		{"check --li", []string{"--list"}},
		{"check --format ", []string{"text", "json", "junit", "markdown", "github"}},
		{"check --format m", []string{"markdown"}},
		{"check --build ru", []string{"rust"}},
		{"check -build ru", []string{"rust"}},
		{"check --case allow/tr", []string{"allow/true"}},
		{"check --cases cmd/parity/testdata --case a", nil}, // no table
		{"trace allow/true --build tinygo-s", []string{"tinygo-successor"}},
		{"trace allow/tr", []string{"allow/true"}},
		{"check allow/tr", []string{"allow/true"}},
		{"soak --build rust soak/token-b", []string{"soak/token-bad"}},
		{"build rus", []string{"rust"}},
		{"table ", []string{"export"}},
		{"try header-c", []string{"header-check"}},
		{"exec ", []string{"go", "tinygo", "rust"}},
		{"exec rust ", nil},
		{"mutants --lang r", []string{"rust"}},
		{"completion ", shells},
		{"image ", []string{"push", "verify"}},
		{"image push --ins", []string{"--insecure"}},
		{"image verify --bui", nil},
		{"deploy ", []string{"envoy", "envoy-gateway", "istio"}},
		{"inspect ", nil}, // a file
		{"nothing --", nil},
		{"bench-w", nil}, // not for users
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, completions(strings.Split(test.words, " "))); diff != "" &&
			len(completions(strings.Split(test.words, " ")))+len(test.want) > 0 {
			t.Errorf("%q (-want +got):\n%s", test.words, diff)
		}
	}
}
