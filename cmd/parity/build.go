package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"path/filepath"

	"github.com/header-auth/header-auth/build"
)

const buildHelp = `Usage: parity build [NAME…] [--jobs N]

Makes the builds of builds.yaml: for each, the module dist/NAME.wasm, and dist/NAME.json, which says how it was built.
It builds a module again only when its entry, its compiler or one of its sources has changed. Missing compilers are
obtained first; parity doctor shows them.

  parity build                                   all of them
  parity build rust tinygo                       two of them

Flags
  --build NAME   the same as NAME, one build; may be given several times (default: all)
  --list         print the builds: name, language, compiler, what is special about each; build nothing
  --jobs N       how many builds run at once, at most (default 2)

Exit codes: 0 all modules are up to date; 1 a recipe failed; 2 builds.yaml or the call is wrong; 3 a compiler is
missing and can't be obtained here: the output says which commands install it.
`

// runBuild is the command "build"; buildHelp says what its exit codes mean.
func runBuild(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var names nameList
	flags := flag.NewFlagSet("build", flag.ContinueOnError)
	flags.Var(&names, "build", "")
	jobs := flags.Int("jobs", 2, "")
	only := flags.Bool("list", false, "")
	builds, code, done := parseArgs(flags, args, buildHelp, stdout, stderr)
	if done {
		return code
	}
	names = append(names, builds...)
	if *jobs < 1 {
		fmt.Fprintf(stderr, "parity build: --jobs %d: expected at least 1\n", *jobs)
		return 2
	}
	root, err := build.FindRoot()
	if err != nil {
		return exit("build", err, stderr)
	}
	list, err := build.Load(filepath.Join(root, build.File))
	if err != nil {
		return exit("build", err, stderr)
	}
	chosen, err := list.Select(names)
	if err != nil {
		return exit("build", err, stderr)
	}
	if *only {
		for _, b := range chosen {
			fmt.Fprintf(stdout, "%-19s %-8s %-8s %s\n", b.Name, b.Language, b.Compiler, b.What)
		}
		return 0
	}
	results, err := build.Run(ctx, chosen, build.Options{Root: root, Jobs: *jobs, Log: remarks(stderr),
		Progress: isTerminal(stderr) && !isQuiet(stderr)})
	made := 0
	for _, r := range results {
		if r.Err == nil {
			made++
			state := "built"
			if r.UpToDate {
				state = "up to date"
			}
			fmt.Fprintf(stdout, "%-19s %-10s %8d bytes  sha256:%s  %s\n", r.Name, state, r.Provenance.Size,
				r.Provenance.SHA256, r.Wasm)
		}
	}
	if ctx.Err() != nil && err != nil {
		fmt.Fprintf(stderr, "parity build: interrupted; %d of %d modules are up to date\n", made, len(chosen))
		return 3
	}
	return exit("build", err, stderr)
}
