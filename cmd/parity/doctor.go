package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/build"
	compilers "github.com/header-auth/header-auth/toolchain"
)

const doctorHelp = `Usage: parity doctor [--format text|json]

Shows for each compiler where it was found. For a missing one, it shows how make conformance would obtain it, or which
commands install it. It changes nothing.

  go      for the tests and the build go-wasip1
  tinygo  for the other Go builds: a release on PATH, or built from the Go module proxy with Debian's LLVM
  rust    with the target wasm32-wasip1: from rustup, or from Debian's packages

  --format FORMAT  text (default) or json (the schema header-auth/doctor/v1)

Exit codes: 0 all compilers were found; 3 at least one is missing.
`

// runDoctor is the command "doctor"; doctorHelp says what its exit codes mean.
func runDoctor(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	form := flags.String("format", "text", "")
	if code, done := parseFlags(flags, args, doctorHelp, stdout, stderr); done {
		return code
	}
	if err := format("doctor", *form); err != nil {
		return exit("doctor", err, stderr)
	}
	root, _ := build.FindRoot() // outside of a project there is none, and none is needed
	findings, err := compilers.Survey(ctx, compilers.Names(), compilers.Options{Root: root})
	if err != nil {
		return exit("doctor", err, stderr)
	}
	code := 0
	if *form == "json" {
		if slices.ContainsFunc(findings, func(f compilers.Finding) bool { return f.Tool == nil }) {
			code = 3
		}
		return max(code, exit("doctor", writeDoctorJSON(stdout, findings), stderr))
	}
	for _, f := range findings {
		fmt.Fprintln(stdout, f)
		if f.Tool != nil {
			continue
		}
		code = 3
		if f.Plan != "" {
			fmt.Fprintf(stdout, "    make conformance would run: %s\n    or install it yourself:\n", f.Plan)
		} else {
			fmt.Fprintf(stdout, "    make conformance can't obtain it here, and would exit 3; install it with:\n")
		}
		fmt.Fprintf(stdout, "        %s\n", strings.Join(f.Commands, "\n        "))
	}
	return code
}
