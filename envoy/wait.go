package envoy

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/envoy/proxy"
	"github.com/header-auth/header-auth/host/headermap"
)

// markerLua writes a line into Envoy's log: when it is read, all lines before it have been.
const markerLua = `function envoy_on_request(handle) handle:logErr("marker " .. handle:headers():get(":path")) end`

// patience is how long something that must come may take before the case goes on without it. Nothing waits for it but a
// plugin that does not behave.
const patience = 3 * time.Second

// workerTime is how long the worker may be busy: as long as a call into a module may take.
const workerTime = suite.Deadline

// errWorker says that the worker hangs, which nothing but a plugin's callback makes it do.
var errWorker = errors.New("the worker of this Envoy does not answer any more")

// startTime is how long the start of a plugin may take, which may have to be compiled.
const startTime = 30 * time.Second

// errPatience says that something did not come.
var errPatience = errors.New("it did not come in time")

// wake is called with the lock held.
func (l *lane) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// happened notes that a socket of ours has seen something. The lock is held.
func (l *lane) happened() {
	l.activity++
	l.wake()
}

// until waits for a condition, which is asked with the lock held.
func (l *lane) until(ctx context.Context, so func() bool) error { return l.within(ctx, patience, so) }

func (l *lane) within(ctx context.Context, limit time.Duration, so func() bool) error {
	var late <-chan time.Time
	for {
		l.mu.Lock()
		ok, changed := so(), l.changed
		l.mu.Unlock()
		if ok {
			return nil
		}
		if late == nil {
			timer := time.NewTimer(limit)
			defer timer.Stop()
			late = timer.C
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-l.process.Done():
			return l.process.Err()
		case <-late:
			return errPatience
		}
	}
}

// await gives Envoy's verdict on a listener, for which it may have to compile a module:
// accepted, or the reason why not.
func (l *lane) await(ctx context.Context, name string) (verdict string, err error) {
	err = l.within(ctx, startTime, func() bool { verdict = l.verdicts[name]; return verdict != "" })
	if errors.Is(err, errPatience) {
		err = &proxy.ExitError{What: fmt.Sprintf("no answer to %s within %v", name, startTime), Tail: l.process.Tail()}
	}
	return verdict, err
}

// mark waits until the worker has been through its events twice, and its log was read. A timer that has fallen due has
// then fired, and what was posted to the worker is done.
func (l *lane) mark(ctx context.Context) error {
	for range 2 {
		l.markers++
		err := l.marker.Headers(uint32(2*l.markers-1), headermap.Of(":method", "GET", ":path", "/"+strconv.Itoa(l.markers),
			":scheme", "http", ":authority", "marker"), true)
		if err != nil {
			return l.gone(err)
		}
		err = l.within(ctx, workerTime, func() bool { return l.marked >= l.markers })
		if errors.Is(err, errPatience) {
			err = errWorker
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// settle waits until nothing moves any more: all that waits says is on its way has arrived, and a round through the
// worker brings nothing new.
func (l *lane) settle(ctx context.Context, waits func() bool) error {
	for {
		if waits != nil {
			if err := l.until(ctx, func() bool { return !waits() }); err != nil && !errors.Is(err, errPatience) {
				return err
			}
		}
		l.mu.Lock()
		before := l.activity
		l.mu.Unlock()
		if err := l.mark(ctx); err != nil {
			return err
		}
		l.mu.Lock()
		quiet := l.activity == before
		l.mu.Unlock()
		if quiet {
			return nil
		}
	}
}

// gone is the Envoy's end, if it has ended, in place of what a socket says of it.
func (l *lane) gone(err error) error {
	select {
	case <-l.process.Done():
		return l.process.Err()
	case <-time.After(patience):
		return err
	}
}
