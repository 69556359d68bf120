package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReplaceFile: links are followed, second names stay names of the same file, and the mode is kept.
func TestReplaceFile(t *testing.T) {
	t.Chdir(t.TempDir())
	must := func(errs ...error) {
		t.Helper()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile("secret", []byte("old"), 0o600), os.Symlink("secret", "link"), os.Symlink("link", "second"),
		os.Symlink("none", "dangling"), os.Mkdir("folder", 0o755), os.Symlink("../named", filepath.Join("folder", "up")),
		os.WriteFile("named", nil, 0o640), os.Link("named", "other name"), os.Symlink("circle", "circle"))
	for _, name := range []string{"second", "dangling", filepath.Join("folder", "up"), "new"} {
		must(writable(name), replaceFile(name, []byte(name)))
	}
	for file, want := range map[string]string{"secret": "second", "none": "dangling", "named": "folder/up",
		"other name": "folder/up", "new": "new"} {
		if got := read0(t, file); got != want {
			t.Errorf("%s has %q, want %q", file, got, want)
		}
	}
	for file, mode := range map[string]os.FileMode{"secret": 0o600, "other name": 0o640} {
		if info, err := os.Stat(file); err != nil || info.Mode() != mode {
			t.Errorf("%s has mode %v, want %v: %v", file, info.Mode(), mode, err)
		}
	}
	if left, _ := filepath.Glob(".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	for name, want := range map[string]string{"folder": "is a folder", "no/where": "no is no folder",
		"circle": "more than 40 links", "new/x": "new is no folder"} {
		var usage *usageError
		if err := writable(name); !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
}

func read0(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestReplaceDevice: a device stays one, and what it answers is an error.
func TestReplaceDevice(t *testing.T) {
	info, err := os.Stat("/dev/full")
	if err != nil {
		t.Skip("no /dev/full here")
	}
	if err := writable("/dev/full"); err != nil {
		t.Error(err)
	}
	if err := replaceFile("/dev/full", []byte("x")); err == nil {
		t.Error("no error for a full device")
	}
	if again, err := os.Stat("/dev/full"); err != nil || again.Mode() != info.Mode() {
		t.Fatalf("/dev/full is now %v: %v", again.Mode(), err)
	}
}

// TestFullOutput: every command says when its output cannot be written, and ends with 3.
func TestFullOutput(t *testing.T) {
	t.Chdir(t.TempDir())
	calls := [][]string{{"help"}, {"--help"}, {"version"}}
	for _, c := range commands() {
		if c.summary != "" {
			calls = append(calls, []string{c.name, "--help"})
		}
	}
	for _, args := range calls {
		var stderr bytes.Buffer
		if code := run(context.Background(), args, full{}, &stderr); code != 3 || !strings.Contains(stderr.String(),
			"disk full") {
			t.Errorf("%v: exit %d, %q", args, code, &stderr)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

var _ io.Writer = full{}
