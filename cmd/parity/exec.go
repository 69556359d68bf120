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
	"syscall"

	"github.com/header-auth/header-auth/build"
	compilers "github.com/header-auth/header-auth/toolchain"
)

const execHelp = `Usage: parity exec COMPILER COMMAND [ARGUMENT]…

Runs a command in this folder with the compiler that parity build uses: the compiler's folder comes first in PATH, its
variables are set, and those of yours that would change its output are removed. A missing compiler is obtained first.

  parity exec rust cargo test --locked
  parity exec tinygo tinygo version
  parity exec tinygo tinygo build -target=wasip1 -buildmode=c-shared -o plugin.wasm .

COMPILER is go, tinygo or rust. Exit codes: the command's own, or 128 and the number of the signal that ended it; 2 the
call is wrong; 3 the compiler or the command is missing.
`

// runExec is the command "exec"; execHelp says what its exit codes mean.
func runExec(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && slices.Contains([]string{"-h", "-help", "--help"}, args[0]) {
		fmt.Fprint(stdout, execHelp)
		return 0
	}
	if len(args) == 0 || !slices.Contains(compilers.Names(), args[0]) {
		word := strings.Join(args[:min(1, len(args))], "")
		return exit("exec", usagef("the compiler %q: expected one of %s%s; see parity exec --help", word,
			strings.Join(compilers.Names(), ", "), didYouMean(word, compilers.Names())), stderr)
	}
	if len(args) == 1 {
		return exit("exec", usagef("no command behind %s: expected one, such as: %s", args[0],
			execExample(args[0], "version")), stderr)
	}
	root, _ := build.FindRoot() // outside of a project there is none, and none is needed
	tools, err := compilers.Obtain(ctx, args[:1], compilers.Options{Root: root, Log: remarks(stderr)})
	if err != nil {
		return exit("exec", err, stderr)
	}
	tool := tools[args[0]]
	folders := tool.Path
	for _, name := range []string{"go", "tinygo", "cargo"} {
		if program := tool.Vars[name]; len(program) > 0 {
			folders = append([]string{filepath.Dir(program[0])}, folders...)
		}
	}
	program := findProgram(folders, args[1])
	cmd := exec.CommandContext(ctx, program, args[2:]...)
	cmd.Env = compilers.Environ(folders, tool.Env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, unwrapped(stdout), unwrapped(stderr)
	cmd.Cancel = func() error {
		if isTerminal(os.Stdin) {
			return nil // the terminal has sent Ctrl-C to the command too, which may have something to finish
		}
		return cmd.Process.Signal(syscall.SIGTERM)
	}
	err = cmd.Run()
	var ended *exec.ExitError
	switch {
	case errors.As(err, &ended):
		return shellCode(ended.ProcessState)
	case errors.Is(err, exec.ErrNotFound):
		fmt.Fprintf(stderr, "parity exec: there is no program %q: expected one behind the compiler, such as: %s\n", args[1],
			execExample(args[0], args[1:]...))
		return 3
	case err != nil && cmd.ProcessState == nil:
		fmt.Fprintf(stderr, "parity exec: run %s: %v\n", program, err)
		return 3
	case err != nil: // it ended well, after an interrupt
		return shellCode(cmd.ProcessState)
	}
	return 0
}

// execExample is a call with the program that most want of a compiler.
func execExample(compiler string, args ...string) string {
	program := compiler
	if compiler == "rust" {
		program = "cargo"
	}
	return strings.Join(append([]string{"parity", "exec", compiler, program}, args...), " ")
}

// shellCode is the exit code that a shell gives: 128 and the signal's number for a command that a signal has ended.
func shellCode(p *os.ProcessState) int {
	if s, ok := p.Sys().(syscall.WaitStatus); ok && s.Signaled() {
		return 128 + int(s.Signal())
	}
	return p.ExitCode()
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
