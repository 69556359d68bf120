package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/internal/words"
	"github.com/header-auth/header-auth/scaffold"
)

const newHelp = `Usage: parity new DIR --lang go|rust [--name NAME]

Begins a plugin of your own in the folder DIR, which it makes: source, build, a table with two cases, a Makefile.

  parity new hello --lang go
  cd hello && make check

Flags
  --lang LANGUAGE  go (built with TinyGo) or rust
  --name NAME      the plugin's name: lower-case letters, digits and dashes (default: the folder's)

Exit codes: 0 the files are there; 2 the call is wrong, or there is something in the folder; 3 the files can't be
written.
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
	files, err := scaffold.Files(scaffold.Options{Name: *name, Language: *lang, Parity: ownCommand()})
	var wrong *scaffold.Error
	if errors.As(err, &wrong) {
		err = usagef("%v", err)
	}
	if err == nil {
		err = writeFolder(rest[0], files)
	}
	if err != nil {
		return exit("new", err, stderr)
	}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintln(stdout, filepath.Join(rest[0], filepath.FromSlash(file)))
	}
	fmt.Fprintf(stdout, "\nNow: cd %s && make check\n", words.QuoteArg(rest[0]))
	return 0
}

// ownCommand is how a Makefile calls this program: by its name when that is found on PATH, or when go run has made it
// for this one call; otherwise by its path.
func ownCommand() string {
	own, err := os.Executable()
	if err != nil || strings.Contains(own, "go-build") {
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
