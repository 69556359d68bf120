package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/header-auth/header-auth/build"
	compilers "github.com/header-auth/header-auth/toolchain"
)

const doctorHelp = `Usage: parity doctor

Says for each compiler what would be taken from where, or what make conformance would do to obtain it, or which
commands you would have to type where it can't. Changes nothing.

  go      Go itself, for the tests and the build go-wasip1
  tinygo  for the other Go builds: a release on PATH, else built from the Go module proxy with Debian's LLVM
  rust    with the target wasm32-wasip1: rustup's, else Debian's packages

Exit codes: 0 all are there; 3 something is missing.
`

// runDoctor is the command "doctor"; doctorHelp says what its exit codes mean.
func runDoctor(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	if code, done := parseFlags(flags, args, doctorHelp, stdout, stderr); done {
		return code
	}
	root, err := build.FindRoot()
	if err != nil {
		return buildExit("doctor", err, stderr)
	}
	findings, err := compilers.Survey(ctx, compilers.Names(), compilers.Options{Root: root})
	if err != nil {
		return buildExit("doctor", err, stderr)
	}
	code := 0
	for _, f := range findings {
		fmt.Fprintln(stdout, f)
		if f.Tool != nil {
			continue
		}
		code = 3
		if f.Next != "" {
			fmt.Fprintf(stdout, "    make conformance would: %s\n    by hand:\n", f.Next)
		} else {
			fmt.Fprintf(stdout, "    make conformance can't obtain it here and would exit 3; what would do:\n")
		}
		fmt.Fprintf(stdout, "        %s\n", strings.Join(f.Cure, "\n        "))
	}
	return code
}
