package proxy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/header-auth/header-auth/envoy/obtain/obtaintest"
)

func start(t *testing.T, program string, o Options) (*Process, error) {
	t.Helper()
	dir, err := MakeDir()
	if err != nil {
		t.Fatal(err)
	}
	o.Program = program
	p, err := Start(t.Context(), dir, o)
	if err == nil {
		t.Cleanup(p.Stop)
	}
	return p, err
}

func script(t *testing.T, text string) string {
	file := filepath.Join(t.TempDir(), "envoy")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestEnvoyThatNeverBecomesReady(t *testing.T) {
	for name, c := range map[string]struct{ script, says string }{
		"ends":   {"echo cannot do it >&2; exit 3", "exit status 3; the end of its log:\n    cannot do it"},
		"silent": {"exit 0", "exit status 0; its log is empty"},
		"killed": {"kill -9 $$", "signal: killed"},
		"hangs":  {"echo waiting; sleep 600", "not ready after 200ms; the end of its log:\n    waiting"},
	} {
		_, err := start(t, script(t, c.script), Options{Ready: 200 * time.Millisecond})
		var exit *ExitError
		if !errors.As(err, &exit) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, expected %q", name, err, c.says)
		}
	}
	if _, err := start(t, filepath.Join(t.TempDir(), "none"), Options{}); err == nil {
		t.Error("a program that is not there was started")
	}
}

func TestEnvoyThatIsKilled(t *testing.T) {
	p, err := start(t, obtaintest.Real(t).Path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Err(); err != nil {
		t.Fatalf("it has ended: %v", err)
	}
	if err := syscall.Kill(p.PID(), syscall.SIGSEGV); err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	var exit *ExitError
	if err := p.Err(); !errors.As(err, &exit) || len(exit.Tail) == 0 {
		t.Errorf("got %v", err)
	}
	p.Stop()
	if _, err := os.Stat(p.Dir); err == nil {
		t.Errorf("%s is left", p.Dir)
	}
}

// TestParentIsKilled starts an Envoy by a process of its own, kills this one, and looks for the Envoy.
func TestParentIsKilled(t *testing.T) {
	const key = "HEADER_AUTH_TEST_PARENT"
	if program := os.Getenv(key); program != "" {
		p, err := Start(context.Background(), os.Getenv(key+"_DIR"), Options{Program: program})
		if err != nil {
			t.Fatal(err)
		}
		os.WriteFile(filepath.Join(p.Dir, "started"), nil, 0o600)
		select {} // until it is killed
	}
	dir, err := MakeDir()
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	parent := exec.Command(os.Args[0], "-test.run", "^TestParentIsKilled$")
	parent.Env = append(os.Environ(), key+"="+obtaintest.Real(t).Path, key+"_DIR="+dir)
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { _, err := os.Stat(filepath.Join(dir, "started")); return err == nil })
	parent.Process.Kill()
	parent.Wait()
	await(t, func() bool { // the last to use its working folder
		found, _ := filepath.Glob("/proc/[0-9]*/cwd")
		for _, cwd := range found {
			if at, _ := os.Readlink(cwd); at == dir {
				return false
			}
		}
		return true
	})
}

// await asks until it is so. A test that waits for too long is ended by go test, with the place.
func await(t *testing.T, so func() bool) {
	t.Helper()
	for !so() {
		if t.Context().Err() != nil {
			t.Fatal("ended")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestLine(t *testing.T) {
	for text, want := range map[string]Line{
		`[12][debug][wasm] wasm log p v: a\nb\u0000\"\\n]` + "\xff": {Thread: 12, Level: "debug", Logger: "wasm",
			Text: "wasm log p v: a\nb\x00\"\\n]\xff"},
		`[1][info][upstream] `: {Thread: 1, Level: "info", Logger: "upstream"},
	} {
		if got, ok := parseLine(text); !ok || got != want {
			t.Errorf("%q: got %+v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "[1][info] x", "a[1][info][x] y", "[x][info][x] y"} {
		if l, ok := parseLine(text); ok {
			t.Errorf("%q was read as %+v", text, l)
		}
	}
}

// TestFoldersAreSwept: a folder is removed when its process is gone, and not before.
func TestFoldersAreSwept(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	if len(os.TempDir()) > 50 {
		t.Setenv("TMPDIR", "/tmp")
	}
	child := exec.Command("true")
	if err := child.Run(); err != nil {
		t.Fatal(err)
	}
	gone := filepath.Join(os.TempDir(), fmt.Sprintf("parity-envoy-%d-1", child.Process.Pid))
	if err := os.Mkdir(gone, 0o700); err != nil {
		t.Fatal(err)
	}
	mine, err := MakeDir()
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(mine)
	other, err := MakeDir()
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(other)
	if _, err := os.Stat(gone); err == nil {
		t.Errorf("%s is left", gone)
	}
	if _, err := os.Stat(mine); err != nil {
		t.Errorf("the folder of a process that lives: %v", err)
	}
}
