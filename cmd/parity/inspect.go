package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/header-auth/header-auth/conformance/apart"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/profile"
)

const inspectHelp = `Usage: parity inspect FILE [--format text|json] [--deadline DURATION]

Shows what is in a module: sizes of sections, imports, exports, memory, and the toolchain that seems to have made it. Then
it shows for each Envoy release whether Envoy would load the module, and if not, why and how to cure it. Of the module's
code, only the start functions run, once for each release, in a process that is killed after 5 seconds
(--deadline).

  parity inspect dist/rust.wasm

  --format FORMAT  text (default) or json (the schema header-auth/inspect/v1)

Exit codes: 0 the current Envoy would load it; 1 it would not, or the file is not a module; 2 the call is wrong or the
file can't be read; 3 the module can't be started here.
`

// runInspect is the command "inspect"; inspectHelp says what its exit codes mean.
func runInspect(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("inspect", flag.ContinueOnError)
	deadline := flags.Duration("deadline", suite.Deadline, "")
	form := flags.String("format", "text", "")
	files, code, done := parseArgs(flags, args, inspectHelp, stdout, stderr)
	if done {
		return code
	}
	if err := format("inspect", *form); err != nil {
		return exit("inspect", err, stderr)
	}
	if len(files) != 1 {
		fmt.Fprintf(stderr, "parity inspect: %d files: expected one; see parity inspect --help\n", len(files))
		return 2
	}
	if *deadline < shortestDeadline {
		return exit("inspect", usagef("--deadline %v: expected %v or more", *deadline, shortestDeadline), stderr)
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
		if err := tryStart(ctx, wasm, *deadline, found.Verdicts); err != nil {
			fmt.Fprintf(stderr, "parity inspect: start the module: %v\n", err)
			return 3
		}
	}
	render := renderInspection
	if *form == "json" {
		render = writeInspectJSON
	}
	if err := render(stdout, files[0], found); err != nil {
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

// tryStart starts the module as each Envoy would that has found no fault so far: some faults show only at the start. A
// module that had to be ended is started only once: it would have to be ended each time. The error says why it can't be
// known.
func tryStart(ctx context.Context, wasm []byte, deadline time.Duration, verdicts []load.Verdict) error {
	runner := newRunner(host.Options{Interpreter: true, Deadline: deadline}, 1)
	defer runner.Close()
	var ended *host.Failure
	for i := range verdicts {
		v := &verdicts[i]
		if len(v.Faults) > 0 {
			continue
		}
		err := error(ended)
		if ended == nil {
			err = start(ctx, runner, wasm, v.Profile)
		}
		var failure *host.Failure
		var refused *load.Error
		switch {
		case err == nil:
			continue
		case errors.As(err, &failure) && (failure.Kind == host.DeadlineExceeded || failure.Kind == host.OutOfMemory):
			ended = failure
		case failure == nil && !errors.As(err, &refused):
			return err
		}
		v.Faults = append(v.Faults, load.Fault{What: err.Error()})
	}
	return nil
}

func start(ctx context.Context, r *apart.Runner, wasm []byte, p profile.Profile) error {
	m, err := r.CompileAs(ctx, p, wasm)
	if err != nil {
		return err
	}
	return m.Start(ctx)
}
