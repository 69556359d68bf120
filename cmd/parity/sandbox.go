package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/header-auth/header-auth/conformance/apart"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/internal/sandbox"
)

// sandboxCommand starts a process that runs modules and can be killed; it is not for users.
const sandboxCommand = "sandbox"

func runSandbox(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) != 1 {
		fmt.Fprintln(stderr, "parity sandbox: this is how parity starts itself")
		return 2
	}
	if err := sandbox.Serve(ctx, os.Stdin, stdout, args[0], apart.Jobs()); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

// newRunner makes a runner of modules in processes of this program.
func newRunner(o host.Options, processes int) (*apart.Runner, error) {
	program, err := thisProgram()
	if err != nil {
		return nil, err
	}
	return apart.New([]string{program, sandboxCommand}, processes, o), nil
}

// thisProgram is the file of this program. On Linux that is the program itself, also when the file has been replaced.
func thisProgram() (string, error) {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe", nil
	}
	return os.Executable()
}
