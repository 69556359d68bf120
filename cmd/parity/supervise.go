package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/internal/sandbox"
)

// supervisedCommands run modules in a process of their own as a whole: their measurements and searches would be slower in
// processes for each case.
var supervisedCommands = []string{"soak", "fuzz", "worst"}

// mostOfSupervised is how much memory such a command may take.
const mostOfSupervised = 3 << 30

// leastAddresses is how much address space the program needs: Go's runtime maps more than it uses, and dies of a failure.
const leastAddresses = 2 << 30

// runSupervised is run; a command that runs modules itself is run by another process, which is killed when a module hangs.
func runSupervised(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if bytes, limited := sandbox.AddressSpace(); limited && bytes < leastAddresses {
		fmt.Fprintf(stderr, "parity: this process was given %d MiB of address space, and needs %d: ulimit -v unlimited gives more\n",
			bytes>>20, leastAddresses>>20)
		return 3
	}
	if len(args) == 0 || !slices.Contains(supervisedCommands, args[0]) || sandbox.Supervised() != nil {
		return run(ctx, args, stdout, stderr)
	}
	code, err := sandbox.Supervise(ctx, thisProgram(), mostOfSupervised, host.Compilation)
	var ended *sandbox.Ended
	switch {
	case err == nil:
		return code
	case ctx.Err() != nil:
		fmt.Fprintf(stderr, "parity %s: interrupted\n", args[0])
		return 3
	case errors.As(err, &ended) && ended.Why != sandbox.Died:
		fmt.Fprintf(stderr, "parity %s: a module had to be ended: %v; parity check says which, and in which case\n", args[0], err)
		return 1
	}
	fmt.Fprintf(stderr, "parity %s: %v\n", args[0], err)
	return 3
}

// watch has the calls of modules watched by the process that supervises this one, if there is one.
func watch(o *host.Options) {
	if page := sandbox.Supervised(); page != nil {
		page.Limit(o.Deadline)
		o.Watch = page
	}
}
