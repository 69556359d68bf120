package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// makes runs make at the root, and skips the test where there is no make.
func makes(t *testing.T, env []string, args ...string) (output string, err error) {
	t.Helper()
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("no make on PATH")
	}
	cmd := exec.Command("make", args...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestMakeForThisMachine: a GOOS that is meant for something else does not reach the compiler.
func TestMakeForThisMachine(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the command")
	}
	program := filepath.Join(t.TempDir(), "parity")
	if out, err := makes(t, []string{"GOOS=wasip1", "GOARCH=wasm"}, "parity", "PARITY="+program); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := exec.Command(program, "version").CombinedOutput(); err != nil || !strings.HasPrefix(string(out),
		"parity ") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestMakeHelp: every target is listed, hyphenated ones too.
func TestMakeHelp(t *testing.T) {
	out, err := makes(t, nil, "help")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	makefile := read(t, "Makefile")
	_, phony, _ := strings.Cut(makefile, "\n.PHONY:")
	phony, _, _ = strings.Cut(phony, "\n")
	for _, target := range strings.Fields(phony) {
		if !strings.Contains(out, "make "+target+" ") {
			t.Errorf("make help does not list %s", target)
		}
	}
}
