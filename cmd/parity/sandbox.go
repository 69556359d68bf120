package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"

	"github.com/header-auth/header-auth/bench"
	"github.com/header-auth/header-auth/conformance/apart"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/cel"
	"github.com/header-auth/header-auth/internal/sandbox"
	"github.com/header-auth/header-auth/report"
)

// sandboxCommand starts a process that runs modules and can be killed; it is not for users.
const sandboxCommand = "sandbox"

func runSandbox(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) != 1 {
		fmt.Fprintln(stderr, "parity sandbox: this is how parity starts itself")
		return 2
	}
	jobs := apart.Jobs(cel.New(), works)
	maps.Copy(jobs, bench.Jobs(cel.New()))
	if err := sandbox.Serve(ctx, os.Stdin, unwrapped(stdout), args[0], jobs); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

// sandboxProgram is the command that starts such a process; the limit of memory follows.
func sandboxProgram() []string { return []string{thisProgram(), sandboxCommand} }

// newRunner makes a runner of modules in processes of this program.
func newRunner(o host.Options, processes int) *apart.Runner {
	return apart.New(sandboxProgram(), processes, o)
}

// newTimedRunner makes one for work that measures time.
func newTimedRunner(o host.Options, processes int) *apart.Runner {
	return apart.NewTimed(sandboxProgram(), processes, o)
}

// runTable is suite.Run in processes that can be killed.
func runTable(ctx context.Context, t *table.Table, subjects []suite.Subject, o suite.RunOptions) *report.Report {
	runner := newRunner(o.Host, o.Workers)
	defer runner.Close()
	subjects = slices.Clone(subjects)
	for i := range subjects {
		if s := &subjects[i]; s.Engine == nil {
			s.Engine = runner.Engine(s.Environment)
		}
	}
	return suite.Run(ctx, t, subjects, o)
}

// thisProgram is the file of this program. On Linux that is the program itself, also when the file has been replaced.
func thisProgram() string {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe"
	}
	if program, err := os.Executable(); err == nil {
		return program
	}
	return os.Args[0]
}
