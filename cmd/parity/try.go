package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/envoy/obtain"
	"github.com/header-auth/header-auth/envoy/proxy"
	"github.com/header-auth/header-auth/examples"
	"github.com/header-auth/header-auth/image"
)

const tryHelp = `Usage: parity try EXAMPLE [flags]

Starts a real Envoy on a free port, with the plugin, an upstream and the services of an example, and prints the commands
to type. What the plugin logs is printed too. It ends with Ctrl-C, and leaves nothing running. Without EXAMPLE it lists
them.

  parity try header-check
  parity try ask-a-service --lang rust

Flags
  --lang go|rust    which plugin (default go)
  --wasm FILE       its module (default: dist, made first if it is not up to date)
  --envoy FILE      the program (default: envoy on PATH, func-e's, or one that is downloaded)

Exit codes: 0 ended by Ctrl-C; 2 the call is wrong; 3 this machine lacks something, or Envoy has ended by itself.
`

// runTry is the command "try"; tryHelp says what its exit codes mean.
func runTry(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("try", flag.ContinueOnError)
	lang := flags.String("lang", "go", "")
	wasm := flags.String("wasm", "", "")
	program := flags.String("envoy", "", "")
	names, code, done := parseArgs(flags, args, tryHelp, stdout, stderr)
	if done {
		return code
	}
	root, err := build.FindRoot()
	if err != nil {
		return exit("try", usagef("%v: its examples are there", err), stderr)
	}
	e, err := chosenExample(root, names)
	switch {
	case err == nil && *lang != "go" && *lang != "rust":
		err = usagef("--lang %q: expected go or rust", *lang)
	case err == nil && *wasm == "":
		*wasm, err = shippedModule(ctx, root, *lang, stderr)
	}
	if err == nil {
		if _, missing := os.Stat(*wasm); missing != nil {
			err = usagef("--wasm: %v", missing)
		}
	}
	if err == nil {
		err = try(ctx, e, root, *wasm, *program, stdout, stderr)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		return exit("try", err, stderr)
	}
	return 0
}

func chosenExample(root string, names []string) (*examples.Example, error) {
	folder := filepath.Join(root, "examples")
	all, err := examples.Names(folder)
	if err != nil {
		return nil, err
	}
	if len(names) != 1 || !slices.Contains(all, names[0]) {
		return nil, usagef("%q: expected one of the examples %s", strings.Join(names, " "), strings.Join(all, ", "))
	}
	return examples.Load(filepath.Join(folder, names[0]))
}

// shippedModule makes the module of a language that ships.
func shippedModule(ctx context.Context, root, lang string, stderr io.Writer) (string, error) {
	s := selection{root: root}
	list, err := build.Load(filepath.Join(root, build.File))
	if err != nil {
		return "", err
	}
	name := strings.TrimSuffix(filepath.Base(image.DefaultWasm(lang)), ".wasm")
	chosen, err := list.Select([]string{name})
	if err != nil {
		return "", err
	}
	if _, err := s.makeModules(ctx, chosen, stderr); err != nil {
		return "", err
	}
	return filepath.Join(root, image.DefaultWasm(lang)), nil
}

func try(ctx context.Context, e *examples.Example, root, wasm, program string, stdout, stderr io.Writer) error {
	found, err := obtain.Find(ctx, obtain.Options{Root: root, File: program, Log: stderr})
	if err != nil {
		return err
	}
	out := &lineWriter{w: stdout}
	r, err := e.Start(ctx, examples.Options{Envoy: found.Path, Module: wasm, Line: func(l proxy.Line) {
		if l.Logger == "wasm" {
			out.printf("%s: %s\n", l.Level, onTerminal(l.Text))
		}
	}})
	if err != nil {
		return err
	}
	defer r.Stop()
	out.printf("Envoy %s runs %s with %s. Ctrl-C ends it. Type in another terminal:\n\n", found.Version, e.Name, wasm)
	for _, c := range e.Commands {
		out.printf("$ %s\n%s", c.At(r.Address), c.Answer)
	}
	out.printf("\n")
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-r.Done():
		return r.Err()
	}
}

// lineWriter prints lines of several goroutines.
type lineWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lineWriter) printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.w, format, args...)
}

// onTerminal is what a plugin logs without bytes that a terminal obeys.
func onTerminal(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, text)
}
