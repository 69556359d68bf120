package main

import (
	"context"
	"fmt"
	"io"

	"github.com/header-auth/header-auth/bench"
	"github.com/header-auth/header-auth/host/cel"
)

// workerCommand starts a process whose instructions are counted; it is not for users.
const workerCommand = "bench-worker"

func runBenchWorker(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) != 2 {
		fmt.Fprintln(stderr, "parity bench-worker: this is how parity starts itself")
		return 2
	}
	if err := bench.Serve(ctx, cel.New(), args[0], args[1]); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}
