//go:build !linux

package cost

import (
	"context"
	"errors"
	"time"
)

// A real Envoy is run on Linux alone: package proxy says so before anything here is called.

var errSystem = errors.New("a real Envoy is run on Linux alone")

const answerTime = 20 * time.Second

type thread struct{}

func (thread) time() (time.Duration, error) { return 0, errSystem }

func (thread) awaitIdle() error { return errSystem }

func pinned(int, bool, bool) (thread, error) { return thread{}, errSystem }

func leaveProcessorToWorker() (func(), error) { return func() {}, errSystem }

func anonymous(int) (int64, error) { return 0, errSystem }

// WrongError is an answer that is not the wanted one.
type WrongError struct{ Wanted, Got string }

func (e *WrongError) Error() string { return "an answer: wanted " + e.Wanted + ", got " + e.Got }

type client struct{}

func dial(string, int, []byte, int) (*client, error) { return nil, errSystem }

func (*client) close() {}

func (*client) run(context.Context, int) (time.Duration, error) { return 0, errSystem }
