package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/profile"
)

const inspectHelp = `Usage: parity inspect FILE... [flags]

Shows what is in a module: sizes of sections, imports, exports, memory, and the toolchain that seems to have made it.
Then it shows for each Envoy release whether Envoy would load and start the module, and if not, why and how to cure it.
For that, each release's start functions run, then proxy_on_context_create, proxy_on_vm_start and proxy_on_configure, as
in Envoy's first VM, in a process that is killed after 5 seconds (--deadline).

  parity inspect dist/rust.wasm
  parity inspect my.wasm --config my-config.json --root-id my-root

  --config FILE    the plugin's configuration. Without it there is none, and a plugin that refuses that is not at fault;
                   with it a refusal is a fault
  --root-id ID     the plugin's root_id in Envoy's configuration
  --format FORMAT  text (default) or json (the schema header-auth/inspect/v1; several files: one JSON value after
                   another)
  --all            name all exports, also when there are more than 100
  --deadline DURATION
                   how long a start may take (default 5s)

Exit codes, the highest of all files: 0 the current Envoy would start it; 1 it would not, or the file is not a module; 2
the call is wrong or a file can't be read; 3 the module can't be started here.
`

// runInspect is the command "inspect"; inspectHelp says what its exit codes mean.
func runInspect(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("inspect", flag.ContinueOnError)
	deadline := flags.Duration("deadline", suite.Deadline, "")
	form := flags.String("format", "text", "")
	config := flags.String("config", "", "")
	all := flags.Bool("all", false, "")
	var p pluginStart
	flags.StringVar(&p.rootID, "root-id", "", "")
	files, code, done := parseArgs(flags, args, inspectHelp, stdout, stderr)
	if done {
		return code
	}
	if err := format("inspect", *form); err != nil {
		return exit("inspect", err, stderr)
	}
	if len(files) == 0 {
		fmt.Fprintln(stderr, "parity inspect: 0 files: expected one or more; see parity inspect --help")
		return 2
	}
	if *deadline < shortestDeadline {
		return exit("inspect", usagef("--deadline %v: expected %v or more", *deadline, shortestDeadline), stderr)
	}
	p.deadline = *deadline
	if *config != "" {
		content, err := readInput(ctx, *config, mostConfig)
		if err != nil {
			return exit("inspect", wrongFile(ctx, err, "--config"), stderr)
		}
		p.config = append([]byte{}, content...) // an empty file is a configuration too
	}
	render := func(w io.Writer, file string, i *load.Inspection) error { return renderInspection(w, file, i, *all) }
	if *form == "json" {
		render = writeInspectJSON
	}
	for n, file := range files {
		if n > 0 && *form == "text" {
			fmt.Fprintln(stdout)
		}
		code = max(code, inspectFile(ctx, file, p, render, stdout, stderr))
	}
	return code
}

// inspectFile inspects one file and gives its exit code.
func inspectFile(ctx context.Context, file string, p pluginStart,
	render func(io.Writer, string, *load.Inspection) error, stdout, stderr io.Writer) int {
	wasm, err := readInput(ctx, file, mostModule)
	if err != nil {
		return exit("inspect", wrongFile(ctx, err, "read module"), stderr)
	}
	found, err := load.Inspect(wasm)
	if err != nil {
		fmt.Fprintf(stderr, "parity inspect: %s: %v\n", file, err)
		return 1
	}
	if err := p.try(ctx, wasm, found, found.Verdicts); err != nil {
		fmt.Fprintf(stderr, "parity inspect: %s: start the module: %v\n", file, err)
		return 3
	}
	if err := render(stdout, file, found); err != nil {
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
