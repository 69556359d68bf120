package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"

	"github.com/header-auth/header-auth/conformance/cases"
)

// ourTable is the name of header-auth's table, in its contract.yaml.
const ourTable = "header-auth"

const tableHelp = `Usage: parity table export DIR

Writes the table of header-auth into the folder DIR, which it makes: the contract, the cases and their schemas. Any
module can then be run against it, and it shows how each word of a case is used.

  parity table export cases
  parity check --wasm mine=plugin.wasm --cases cases

Exit codes: 0 the files are there; 2 the call is wrong, or there is something in the folder; 3 the files can't be
written.
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
	files, err := tableFiles()
	if err == nil {
		err = writeFolder(dir, files)
	}
	if err != nil {
		return exit("table", err, stderr)
	}
	fmt.Fprintf(stdout, "%s: the table of header-auth; parity check --wasm NAME=FILE --cases %s runs it\n", dir, dir)
	return 0
}

// tableFiles are the files of header-auth's table, by their names.
func tableFiles() (map[string][]byte, error) {
	files := map[string][]byte{}
	return files, fs.WalkDir(cases.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files[name], err = fs.ReadFile(cases.Files, name)
		}
		return err
	})
}
