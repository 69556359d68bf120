// Command parity makes the plugins, holds their builds against the request table and against each other, and looks
// into modules. parity --help lists what it can do.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	// The first interrupt ends what runs in good order, a second one at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// command is one subcommand: its exit code is the program's.
type command struct {
	name, summary string
	run           func(ctx context.Context, args []string, stdout, stderr io.Writer) int
}

func commands() []command {
	return []command{
		{"build", "make the modules of builds.yaml that are not up to date", runBuild},
		{"check", "hold modules against the request table and against each other", runCheck},
		{"trace", "show what crosses between host and plugin in one case, two builds side by side", runTrace},
		{"inspect", "look into a module: sizes, imports, exports, and which Envoy would load it", runInspect},
		{"bench", "measure speed, latency, start-up, memory and size of modules against each other", runBench},
		{"soak", "do every path of the contract a hundred thousand times: wrong answers, leaks, pauses", runSoak},
		{"worst", "time the heaviest requests that are legal: how long can one client keep a worker busy?", runWorst},
		{"render", "write the report of a benchmark again, in any of its forms", runRender},
		{workerCommand, "", runBenchWorker}, // how bench starts itself in a fresh process
		{"fuzz", "look for hidden doors in modules with the words that they know", runFuzz},
		{"mutants", "change the plugins in small ways, and see whether the table notices", runMutants},
		{"doctor", "say which compilers are there and where missing ones would come from", runDoctor},
		{"exec", "run a command with a compiler's environment", runExec},
		{"image", "push a module as an image", runImage},
		{"version", "say which version this is", runVersion},
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage())
		return 2
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage())
		return 0
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, args[1:], stdout, stderr)
		}
	}
	fmt.Fprintf(stderr, "parity: unknown command %q: expected one of %s; see parity --help\n", args[0], commandNames())
	return 2
}

func commandNames() string {
	var names []string
	for _, c := range commands() {
		if c.summary != "" {
			names = append(names, c.name)
		}
	}
	return strings.Join(names, ", ")
}

func usage() string {
	var b strings.Builder
	b.WriteString(`Usage: parity COMMAND [flags]

Evidence for choosing the language of an Envoy plugin: the same plugin in several builds, one request table that all of
them must pass, and a host that behaves as Envoy does.

`)
	for _, c := range commands() {
		if c.summary != "" {
			fmt.Fprintf(&b, "  %-8s %s\n", c.name, c.summary)
		}
	}
	b.WriteString(`
Examples
  parity check                             make all builds and hold them against the whole table
  parity check --wasm mine=plugin.wasm     the same for a module of your own; no compiler needed
  parity trace repeated/true-then-false --build rust --build go-tinygo
  parity inspect plugin.wasm

parity COMMAND --help says more.

Exit codes: 0 all is well; 1 a module is at fault; 2 the call, builds.yaml or the table is wrong, or nothing was run;
3 this machine lacks something. Colours are used on a terminal only, and not when NO_COLOR is set.
`)
	return b.String()
}
