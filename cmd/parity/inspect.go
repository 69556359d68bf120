package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/profile"
)

const inspectHelp = `Usage: parity inspect FILE

Shows what is in a module: sizes of sections, imports, exports, memory, and the toolchain that seems to have made it. Then
it shows for each Envoy release whether Envoy would load the module, and if not, why and how to cure it. Of the module's
code, only the start functions run, once for each release.

  parity inspect dist/rust.wasm

Exit codes: 0 the current Envoy would load it; 1 it would not, or the file is not a module; 2 the call is wrong or the
file can't be read.
`

// runInspect is the command "inspect"; inspectHelp says what its exit codes mean.
func runInspect(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("inspect", flag.ContinueOnError)
	files, code, done := parseArgs(flags, args, inspectHelp, stdout, stderr)
	if done {
		return code
	}
	if len(files) != 1 {
		fmt.Fprintf(stderr, "parity inspect: %d files: expected one; see parity inspect --help\n", len(files))
		return 2
	}
	wasm, err := readModule(ctx, files[0])
	if err != nil {
		if ctx.Err() == nil {
			err = usagef("read module: %v", err)
		}
		return exit("inspect", err, stderr)
	}
	found, err := load.Inspect(wasm)
	if err != nil {
		fmt.Fprintf(stderr, "parity inspect: %s: %v\n", files[0], err)
		return 1
	}
	if len(found.Start) > 0 {
		tryStart(ctx, wasm, found.Verdicts)
	}
	if err := renderInspection(stdout, files[0], found); err != nil {
		fmt.Fprintf(stderr, "parity inspect: write: %v\n", err)
		return 3
	}
	for _, v := range found.Verdicts {
		if v.Profile == profile.Default && len(v.Faults) > 0 {
			return 1
		}
	}
	return 0
}

// tryStart starts the module as each Envoy would that has found no fault so far: some faults show only at the start.
func tryStart(ctx context.Context, wasm []byte, verdicts []load.Verdict) {
	for i := range verdicts {
		v := &verdicts[i]
		if len(v.Faults) > 0 {
			continue
		}
		if err := start(ctx, wasm, v.Profile); err != nil {
			v.Faults = append(v.Faults, load.Fault{What: err.Error()})
		}
	}
}

func start(ctx context.Context, wasm []byte, p profile.Profile) error {
	m, err := host.Compile(ctx, wasm, host.Options{Profile: p, Interpreter: true, Deadline: suite.Deadline, MemoryPages: suite.MemoryPages})
	if err != nil {
		return err
	}
	defer m.Close(ctx)
	vm, err := m.NewVM(ctx, host.VMConfig{})
	if err != nil {
		return err
	}
	return vm.Close(ctx)
}
