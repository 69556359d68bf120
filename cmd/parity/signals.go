package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// grace is how long a command may take to end after an interrupt: to end its children and to write what it has.
const grace = 10 * time.Second

// interruptible gives a context that ends with the first interrupt. A second one ends the process at once, and so does
// a command that does not end within the time of grace, because it waits for something that cannot be cancelled.
func interruptible() context.Context {
	var wanted []os.Signal
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // nohup, and a shell that starts a command in the background, have it ignored
			wanted = append(wanted, s)
		}
	}
	if len(wanted) == 0 {
		return context.Background()
	}
	ctx, stop := signal.NotifyContext(context.Background(), wanted...)
	context.AfterFunc(ctx, func() {
		stop()
		time.AfterFunc(grace, func() {
			fmt.Fprintf(os.Stderr, "parity: interrupted; what was running did not end within %v\n", grace)
			os.Exit(3)
		})
	})
	return ctx
}

// waiting runs a function that cannot be cancelled, such as reading from a FIFO that has no writer. When ctx ends it is
// left behind.
func waiting[T any](ctx context.Context, do func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		v, err := do()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
