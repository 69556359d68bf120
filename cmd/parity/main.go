// Command parity makes the plugins, runs the request table on them, measures them and inspects modules. parity --help
// lists its commands.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/header-auth/header-auth/internal/sandbox"
)

func main() {
	os.Exit(start(os.Args[1:], os.Stdout, os.Stderr))
}

// start runs a command if there is room for it. That is looked at first: the next thread may be one too many.
func start(args []string, stdout, stderr io.Writer) int {
	if bytes, limited := sandbox.AddressSpace(); limited && bytes < leastAddresses {
		fmt.Fprintf(stderr, "parity: this process was given %d MiB of address space, and needs %d: "+
			"ulimit -v unlimited gives more\n", bytes>>20, leastAddresses>>20)
		return 3
	}
	return run(interruptible(), args, stdout, stderr)
}

// command is one subcommand. What run returns is the exit code of the program.
type command struct {
	name, summary string
	run           func(ctx context.Context, args []string, stdout, stderr io.Writer) int
}

func commands() []command {
	return []command{
		{"new", "begin a plugin of your own, in Go or Rust", runNew},
		{"build", "make the modules of builds.yaml that are not up to date", runBuild},
		{"check", "run modules against the request table, and compare them with each other", runCheck},
		{"trace", "print the calls between host and plugin in one case, for two builds side by side", runTrace},
		{"inspect", "show a module's sizes, imports and exports, and which versions of Envoy load it", runInspect},
		{"bench", "measure speed, latency, start-up, memory and size of modules, and compare them", runBench},
		{"flags", "compare compiler flags: variants of the builds with the builds themselves", runFlags},
		{"soak", "repeat every case a hundred thousand times, to find wrong answers, leaks and pauses", runSoak},
		{"worst", "measure the heaviest legal requests: how long one client can keep a worker busy", runWorst},
		{"record", "write a table that wants what a module does today", runRecord},
		{"import", "make a table of the test files of a hosted service", runImport},
		{"render", "write the report of a benchmark again, in any of its forms", runRender},
		{workerCommand, "", runBenchWorker}, // how bench starts itself under valgrind
		{sandboxCommand, "", runSandbox},    // how commands start themselves in a process that can be killed
		{"fuzz", "search modules for requests that they treat differently, with the words in their code", runFuzz},
		{"mutants", "change the plugins in small ways, to see whether the table finds the change", runMutants},
		{"table", "write the table of header-auth into a folder", exportCommand},
		{"doctor", "show which compilers are here, and where missing ones can be had", runDoctor},
		{"exec", "run a command with a compiler's environment", runExec},
		{"image", "push a module as an image; pull one as Istio and Envoy Gateway do", runImage},
		{"deploy", "write the manifest that puts a plugin into Istio, Envoy Gateway or a plain Envoy", runDeploy},
		{"try", "start one of the examples with a real Envoy, and print the commands to type", runTry},
		{"completion", "print a script that completes words in a shell", runCompletion},
		{completeCommand, "", runComplete}, // what that script calls
		{"version", "print the version", runVersion},
	}
}

// leastAddresses is how much address space the program needs: Go's runtime maps more than it uses, and dies of a
// failure.
const leastAddresses = 2 << 30

// run runs a command. If its output cannot be written, the exit code is 3, whatever else happened.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	out := &console{to: stdout}
	code := dispatch(ctx, args, out, &console{to: stderr})
	if out.err != nil && code != 3 {
		fmt.Fprintf(stderr, "parity: write output: %v\n", out.err)
		code = 3
	}
	return code
}

func dispatch(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage())
		return 2
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage())
		return 0
	case "-version", "--version":
		return runVersion(ctx, args[1:], stdout, stderr)
	}
	if c, ok := find(args[0]); ok {
		return c.run(ctx, args[1:], stdout, stderr)
	}
	names := commandNames()
	fmt.Fprintf(stderr, "parity: unknown command %q: expected one of %s%s; see parity --help\n", args[0],
		strings.Join(names, ", "), didYouMean(args[0], names))
	return 2
}

// commandNames are those of the commands for users.
func commandNames() (names []string) {
	for _, c := range commands() {
		if c.summary != "" {
			names = append(names, c.name)
		}
	}
	return names
}

func find(name string) (command, bool) {
	for _, c := range commands() {
		if c.name == name {
			return c, true
		}
	}
	return command{}, false
}

func usage() string {
	var b strings.Builder
	b.WriteString(`Usage: parity COMMAND [flags]

One Envoy plugin in several builds, a request table that all of them must pass, and a host that behaves as Envoy does:
evidence for choosing the language of a plugin.

`)
	for _, c := range commands() {
		if c.summary != "" {
			fmt.Fprintf(&b, "  %-10s %s\n", c.name, c.summary)
		}
	}
	b.WriteString(`
Examples
  parity check                             make all builds and run the whole table on them
  parity check --wasm mine=plugin.wasm     the same for a module of your own; no compiler needed
  parity trace repeated/true-then-false --build rust --build tinygo
  parity inspect plugin.wasm

parity COMMAND --help explains a command. Every command takes --quiet: no progress and no remarks, and of a report what
is red and the verdict. parity --version prints the version.

Exit codes: 0 success; 1 a module is wrong; 2 the call, builds.yaml or the table is wrong, or nothing was run;
3 this machine lacks something, the output can't be written, or the run was interrupted. make ends with 2 for each of
them and prints parity's own code: Error 3. Colours are used on a terminal only, and not when NO_COLOR is set.
`)
	return b.String()
}
