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

// watch is how long a task may take, and soakPatience how long a hundredth of a soak may. The guest's calls have no
// deadline, because that would make them slower.
const (
	watch        = 10 * time.Minute
	soakPatience = time.Minute
)

var errSilent = errors.New("a process does not end")

// start has a task done by a fresh process, and returns what it found. A process that does not end is killed after
// watch; in a soak, when it has reported nothing for patience. The latter is a finding, Ended: where little memory is
// free, a garbage collector runs for every allocation, and each time marks the whole heap.
func start(ctx context.Context, command []string, t *task, patience time.Duration, progress func(share float64)) ([]finding, error) {
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
	var all []finding
	var soFar *evidence.Memory
	decoder := json.NewDecoder(out)
	for err == nil {
		var f finding
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
	case errors.Is(context.Cause(ctx), errSilent) && soFar != nil:
		soFar.Ended = fmt.Sprintf("stalled after %d requests, at %d MiB: fewer than %d more in %v",
			soFar.Requests, soFar.Curve[len(soFar.Curve)-1].Bytes>>20, t.Plan.SoakRequests/100, patience)
		return []finding{{Memory: soFar}}, nil
	case errors.Is(context.Cause(ctx), errSilent):
		return nil, fmt.Errorf("measure %s: it did not end within %v: a module may be in a loop", t.id(), watch)
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case ended != nil:
		return nil, fmt.Errorf("measure %s: %w: %s", t.id(), ended, strings.TrimSpace(complaint.String()))
	case !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("measure %s: read what was found: %w", t.id(), err)
	}
	return all, nil
}
