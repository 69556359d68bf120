package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/header-auth/header-auth/bench"
)

// workerCommand starts a process of the benchmark; it is not for users.
const workerCommand = "bench-worker"

func runBenchWorker(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var err error
	if len(args) == 2 {
		err = bench.Serve(ctx, args[0], args[1])
	} else {
		err = bench.Work(ctx, os.Stdin, unwrapped(stdout))
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}
