package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/header-auth/header-auth/conformance/cases"
)

const tableHelp = `Usage: parity table export DIR

Writes the table of header-auth into the folder DIR, which it makes: the contract, the cases and their schemas. Any module
can then be run against it, and it shows how each word of a case is used.

  parity table export cases
  parity check --wasm mine=plugin.wasm --cases cases

Exit codes: 0 the files are there; 2 the call is wrong, or there is something in the folder; 3 the files can't be written.
`

// exportCommand is the command "table".
func exportCommand(_ context.Context, args []string, stdout, stderr io.Writer) int {
	rest, code, done := parseArgs(flag.NewFlagSet("table", flag.ContinueOnError), args, tableHelp, stdout, stderr)
	if done {
		return code
	}
	if len(rest) != 2 || rest[0] != "export" {
		fmt.Fprintln(stderr, "parity table: expected export and a folder; see parity table --help")
		return 2
	}
	dir := rest[1]
	switch there, err := os.ReadDir(dir); {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return exit("table", usagef("%v", err), stderr)
	case len(there) > 0:
		return exit("table", usagef("%s is not empty: it has %s", dir, there[0].Name()), stderr)
	}
	if err := exportTable(dir); err != nil {
		fmt.Fprintf(stderr, "parity table: %v\n", err)
		return 3
	}
	fmt.Fprintf(stdout, "%s: the table of header-auth; parity check --wasm NAME=FILE --cases %s runs it\n", dir, dir)
	return 0
}

func exportTable(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return fs.WalkDir(cases.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(cases.Files, name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, name), text, 0o644)
	})
}
