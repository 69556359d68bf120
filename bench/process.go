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
)

// start has a task done by a fresh process, and gives what it found.
func start(ctx context.Context, command []string, t *Task, progress func(share float64)) ([]Found, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, watch, fmt.Errorf("no end after %v: does a module loop?", watch))
	defer cancel()
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
	decoder := json.NewDecoder(out)
	for err == nil {
		var f Found
		if err = decoder.Decode(&f); err != nil {
			break
		}
		if f.Share > 0 {
			progress(f.Share)
			continue
		}
		all = append(all, f)
	}
	_, _ = io.Copy(io.Discard, out)
	ended := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case ended != nil:
		return nil, fmt.Errorf("measure %s: %w: %s", t.id(), ended, strings.TrimSpace(complaint.String()))
	case !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("measure %s: read what was found: %w", t.id(), err)
	}
	return all, nil
}
