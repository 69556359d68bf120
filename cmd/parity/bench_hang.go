package main

import (
	"context"
	"time"

	"github.com/header-auth/header-auth/bench"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/internal/sandbox"
)

// hangTime is how long it is looked for the callback that does not come back.
const hangTime = 30 * time.Second

// hang sends a scenario's requests to a build again, in a process that knows which callback runs. The error is a
// *host.Failure.
func (b *benchmark) hang(ctx context.Context, s bench.Subject, c *table.Case, requests int) error {
	runner := newRunner(b.options, 1)
	defer runner.Close()
	m, err := runner.Compile(ctx, s.Wasm, s.Environment)
	if err != nil {
		return err
	}
	var f *host.Failure
	err = m.Do(ctx, sandbox.Job{Kind: loopJob, Request: loopRequest{*c, requests}, Answer: &f, Whole: hangTime})
	if err == nil && f != nil {
		return f
	}
	return err
}
