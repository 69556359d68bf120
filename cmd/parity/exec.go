package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/build"
	compilers "github.com/header-auth/header-auth/toolchain"
)

const execHelp = `Usage: parity exec COMPILER COMMAND [ARGUMENT]…

Runs a command in the repository with the compiler that parity build uses: the compiler's folder comes first in PATH, its
variables are set, and those of yours that would change its output are removed. A missing compiler is obtained first.

  parity exec rust cargo test --locked
  parity exec tinygo tinygo version

COMPILER is go, tinygo or rust. Exit codes: the command's own; 2 the call is wrong; 3 the compiler or the command is
missing.
`

// runExec is the command "exec"; execHelp says what its exit codes mean.
func runExec(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && slices.Contains([]string{"-h", "-help", "--help"}, args[0]) {
		fmt.Fprint(stdout, execHelp)
		return 0
	}
	if len(args) < 2 || !slices.Contains(compilers.Names(), args[0]) {
		fmt.Fprintf(stderr, "parity exec: expected one of %s and a command; see parity exec --help\n",
			strings.Join(compilers.Names(), ", "))
		return 2
	}
	root, err := build.FindRoot()
	if err != nil {
		return exit("exec", err, stderr)
	}
	tools, err := compilers.Obtain(ctx, args[:1], compilers.Options{Root: root, Log: stderr})
	if err != nil {
		return exit("exec", err, stderr)
	}
	tool := tools[args[0]]
	program := findProgram(tool.Path, args[1])
	cmd := exec.CommandContext(ctx, program, args[2:]...)
	cmd.Dir, cmd.Env = root, compilers.Environ(tool.Path, tool.Env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= 0 {
		return exit.ExitCode()
	}
	if err != nil {
		fmt.Fprintf(stderr, "parity exec: run %s: %v\n", program, err)
		return 3
	}
	return 0
}

// findProgram is the program's path in the first folder that has it; otherwise its name, to be found in PATH.
func findProgram(folders []string, name string) string {
	for _, folder := range folders {
		if path := filepath.Join(folder, name); filepath.Base(name) == name {
			if _, err := os.Stat(path); err == nil {
				return path
			}
		}
	}
	return name
}
