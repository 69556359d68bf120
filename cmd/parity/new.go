package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/header-auth/header-auth/scaffold"
)

const newHelp = `Usage: parity new DIR --lang go|rust [--name NAME]

Begins a plugin of your own in the folder DIR, which it makes: source, build, a table with two cases, a Makefile.

  parity new hello --lang go
  cd hello && make check

Flags
  --lang LANGUAGE  go (built with TinyGo) or rust
  --name NAME      the plugin's name: lower-case letters, digits and dashes (default: the folder's)

Exit codes: 0 the files are there; 2 the call is wrong, or there is something in the folder; 3 the files can't be written.
`

// runNew is the command "new".
func runNew(_ context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("new", flag.ContinueOnError)
	lang := flags.String("lang", "", "")
	name := flags.String("name", "", "")
	rest, code, done := parseArgs(flags, args, newHelp, stdout, stderr)
	if done {
		return code
	}
	if len(rest) != 1 {
		fmt.Fprintf(stderr, "parity new: %d folders: expected one; see parity new --help\n", len(rest))
		return 2
	}
	if *lang == "" {
		fmt.Fprintf(stderr, "parity new: which language? Give --lang %s\n", strings.Join(scaffold.Languages(), " or --lang "))
		return 2
	}
	dir, err := filepath.Abs(rest[0])
	if err != nil {
		return exit("new", err, stderr)
	}
	if *name == "" {
		*name = scaffold.NameOf(dir)
	}
	files, err := scaffold.Write(dir, scaffold.Options{Name: *name, Language: *lang, Parity: ownCommand()})
	var wrong *scaffold.Error
	switch {
	case errors.As(err, &wrong):
		return exit("new", usagef("%v", err), stderr)
	case err != nil:
		fmt.Fprintf(stderr, "parity new: %v\n", err)
		return 3
	}
	for _, file := range files {
		fmt.Fprintln(stdout, filepath.Join(rest[0], filepath.FromSlash(file)))
	}
	fmt.Fprintf(stdout, "\nNow: cd %s && make check\n", rest[0])
	return 0
}

// ownCommand is how a Makefile calls this program: by its name when that is found on PATH, otherwise by its path.
func ownCommand() string {
	own, err := os.Executable()
	if err != nil {
		return "parity"
	}
	if found, err := exec.LookPath("parity"); err == nil {
		if a, err := os.Stat(own); err == nil {
			if b, err := os.Stat(found); err == nil && os.SameFile(a, b) {
				return "parity"
			}
		}
	}
	return own
}
