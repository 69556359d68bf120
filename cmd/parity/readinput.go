package main

import (
	"context"
	"strings"

	"github.com/header-auth/header-auth/internal/input"
)

// How many bytes the files may have that a call names.
const (
	mostModule = 64 << 20  // the largest of real plugins has 30 MB
	mostConfig = 16 << 20  // of a plugin; a file of tests
	mostResult = 128 << 20 // of a benchmark: one of all builds has 10 MB
)

// readInput reads a file that the call names. It may be a FIFO, which is waited for until ctx ends.
func readInput(ctx context.Context, name string, most int) ([]byte, error) {
	return waiting(ctx, func() ([]byte, error) { return input.Read(name, most) })
}

// wrongFile is the error of a file that can't be read: a mistake in the call, unless the call was interrupted. What
// stands before it says what the file is for.
func wrongFile(ctx context.Context, err error, before ...string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return usagef("%s", strings.Join(append(before, err.Error()), ": "))
}
