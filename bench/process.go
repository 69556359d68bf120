package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/header-auth/header-auth/bench/evidence"
)

// watch is how long a task may take, and soakPatience a hundredth of a soak: there is no deadline on a guest's calls, which
// would make them slower.
const (
	watch        = 10 * time.Minute
	soakPatience = time.Minute
)

var errSilent = errors.New("a process goes on for ever")

// start has a task done by a fresh process, and gives what it found. A process that goes on for ever is killed: after
// watch, or where it has told of memory already, when it is silent for patience. The latter is a finding: where little
// memory is free a collector runs for every allocation, and each time goes through all there is.
func start(ctx context.Context, command []string, t *Task, patience time.Duration, progress func(share float64)) ([]Found, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silent := time.AfterFunc(watch, func() { cancel(errSilent) })
	defer silent.Stop()
	task, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	var complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin, cmd.Stderr, cmd.WaitDelay = bytes.NewReader(task), &complaint, 5*time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a process for %s: %w", t.id(), err)
	}
	var all []Found
	var soFar *evidence.Memory
	decoder := json.NewDecoder(out)
	for err == nil {
		var f Found
		if err = decoder.Decode(&f); err != nil {
			break
		}
		if f.Share > 0 {
			progress(f.Share)
			if f.Memory != nil {
				soFar = f.Memory
				silent.Reset(patience)
			}
			continue
		}
		all = append(all, f)
	}
	_, _ = io.Copy(io.Discard, out)
	ended := cmd.Wait()
	switch {
	case context.Cause(ctx) == errSilent && soFar != nil:
		soFar.Ended = fmt.Sprintf("out of breath after %d requests, at %d MiB: no more than %d others in %v",
			soFar.Requests, soFar.Curve[len(soFar.Curve)-1].Bytes>>20, t.Plan.SoakRequests/100, patience)
		return []Found{{Memory: soFar}}, nil
	case context.Cause(ctx) == errSilent:
		return nil, fmt.Errorf("measure %s: no end after %v: does a module loop?", t.id(), watch)
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case ended != nil:
		return nil, fmt.Errorf("measure %s: %w: %s", t.id(), ended, strings.TrimSpace(complaint.String()))
	case !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("measure %s: read what was found: %w", t.id(), err)
	}
	return all, nil
}
