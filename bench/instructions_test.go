package bench

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/host"
)

// fakeValgrind puts a valgrind before everything on PATH. Its script finds the requests in the last argument, and a
// file of its own in $STATE.
func fakeValgrind(t *testing.T, script string) (state string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "valgrind"), []byte("#!/bin/sh\nfor n; do :; done\n"+script+"\n"),
		0o755); err != nil {
		t.Fatal(err)
	}
	state = filepath.Join(dir, "state")
	t.Setenv("STATE", state)
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	return state
}

func serve(requests int) []string { return []string{"serve", strconv.Itoa(requests)} }

func TestCountInstructions(t *testing.T) {
	const report = `echo "==1== Collected : $((50000 + n * 70 + $(wc -l < $STATE))) " >&2`
	tests := []struct {
		name, script string
		want         float64
		runs         int
		err          string
	}{
		{"counts", "echo run >> $STATE; " + report, 70.001, 6, ""},
		{"breaks down once", "echo run >> $STATE; mkdir $STATE.once 2>/dev/null && exit 139; " + report, 70.001, 7, ""},
		{"breaks down always", "echo run >> $STATE; echo it is broken >&2; exit 139", 0, 4, "it is broken"},
		{"counts nothing", "echo run >> $STATE; echo nothing here >&2", 0, 4, "it counted nothing: nothing here"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			state := fakeValgrind(t, test.script)
			got, err := countInstructions(context.Background(), serve, defaultCounting)
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Fatalf("it ended with %v", err)
			}
			if diff := got - test.want; diff < -0.01 || diff > 0.01 {
				t.Errorf("%v instructions, want %v", got, test.want)
			}
			text, err := os.ReadFile(state)
			if runs := strings.Count(string(text), "\n"); err != nil || runs != test.runs {
				t.Errorf("%d runs, want %d; %v", runs, test.runs, err)
			}
		})
	}
}

func TestCountInstructionsWithoutValgrind(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := countInstructions(context.Background(), serve, defaultCounting); !errors.Is(err, errNoCounter) {
		t.Errorf("it ended with %v", err)
	}
}

func TestServeAlone(t *testing.T) {
	ctx := context.Background()
	if err := serveAlone(ctx, allowing(), host.Options{}, allowCase(), 10); err != nil {
		t.Error(err)
	}
	var wrong *suite.WrongError
	if err := serveAlone(ctx, allowing(), host.Options{}, refuseCase(), 10); !errors.As(err, &wrong) {
		t.Errorf("a wrong answer ended with %v", err)
	}
}
