package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/internal/sandbox"
)

// taskJob is the kind of job that a task is.
const taskJob = "task of a benchmark"

// Jobs are what a process of a run does, for sandbox.Serve: it gets a task and tells what it finds. The expressions
// take the place of those in Config.Host, which can't be sent to another process.
func Jobs(e host.Expressions) map[string]sandbox.Handler {
	do := func(ctx context.Context, page *sandbox.Page, request func(any) error, tell func(any) error) (any, error) {
		var t task
		if err := request(&t); err != nil {
			return nil, err
		}
		return nil, work(ctx, &t, e, page, func(f finding) error { return tell(f) })
	}
	return map[string]sandbox.Handler{taskJob: do}
}

// requestTime is how long a request may take on the average. It is generous: a plugin that takes so long is not run.
const requestTime = 5 * time.Millisecond

// stretch is after how many requests at most a process notes that it goes on.
const stretch = 1000

// within is how long so many requests may take, and what goes with them: a start of a VM, or its end. No single call
// has a limit of its own, because that would make it slower.
func (t *task) within(requests int) time.Duration {
	return 2*t.Deadline + time.Duration(requests)*requestTime
}

// compileTime is how long compilation may take: longer than in package apart, which has judged the module before.
func (t *task) compileTime(bytes int) time.Duration {
	return 2*t.Deadline + 4*t.Deadline*time.Duration(bytes)/(1<<20)
}

// hung says that a process was ended because a module did not come back.
type hung struct {
	build    string
	scenario string // "": while it was compiled
	limit    time.Duration
}

func (h *hung) Error() string {
	where := h.scenario
	if where == "" {
		where = "compilation"
	}
	return fmt.Sprintf("%s of %s did not end within %v", where, h.build, h.limit)
}

// start has a task done by a fresh process, and returns what it found. The error is a *hung when a module did not come
// back in time. In a soak in which the memory of the module is half full by then, that is a finding, Ended: where
// little memory is free, a garbage collector runs for every allocation, and each time marks the whole heap.
func start(ctx context.Context, command []string, t *task, progress func(share float64),
	fault func(string)) ([]finding, error) {
	var all []finding
	var soFar *evidence.Memory
	job := sandbox.Job{Kind: taskJob, Request: t, Told: func(read func(any) error) {
		var f finding
		switch err := read(&f); {
		case err != nil:
		case f.CacheFault != "":
			fault(f.CacheFault)
		case f.Share > 0:
			progress(f.Share)
			if f.Memory != nil {
				soFar = f.Memory
			}
		default:
			all = append(all, f)
		}
	}}
	err := sandbox.Alone(ctx, sandbox.Config{Command: command}, job)
	var e *sandbox.Ended
	switch {
	case err == nil:
		return all, nil
	case errors.As(err, &e) && e.Why == sandbox.CallTooLong:
		h := t.hung(e)
		if soFar != nil && 2*soFar.Curve[len(soFar.Curve)-1].Bytes >= soFar.Limit {
			soFar.Ended = fmt.Sprintf("stalled after %d requests, at %d MiB: no more than %d in %v",
				soFar.Requests, soFar.Curve[len(soFar.Curve)-1].Bytes>>20, stretch, e.Limit)
			return []finding{{Memory: soFar}}, nil
		}
		if h != nil {
			return nil, h
		}
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, fmt.Errorf("measure %s: %w", t.id(), err)
}

// place is how a process notes which of the task's modules is at work in which of its scenarios; -1: none.
func place(module, scenario int) string { return strconv.Itoa(module) + " " + strconv.Itoa(scenario) }

// hung reads what place has written; nil: no module was at work.
func (t *task) hung(e *sandbox.Ended) *hung {
	first, second, _ := strings.Cut(e.In, " ")
	module, err := strconv.Atoi(first)
	if err != nil || module < 0 || module >= len(t.Modules) {
		return nil
	}
	h := &hung{build: t.Modules[module].Build, limit: e.Limit}
	if scenario, err := strconv.Atoi(second); err == nil && scenario >= 0 && scenario < len(t.Cases) {
		h.scenario = t.Cases[scenario]
	}
	return h
}

// without is the task without a build.
func (t task) without(build string) task {
	t.Modules = slices.DeleteFunc(slices.Clone(t.Modules), func(m moduleFile) bool { return m.Build == build })
	twins := slices.DeleteFunc(slices.Clone(t.Twins), func(twin string) bool { return twin == build })
	if len(t.Twins) > 0 && t.Twins[0] == build && len(t.Modules) > 0 { // the first is always there
		first := t.Modules[0].Build
		twins = append([]string{first}, slices.DeleteFunc(twins, func(twin string) bool { return twin == first })...)
	}
	t.Twins = twins
	return t
}

// requests are how many one VM gets in the task, or more.
func (t *task) requests() int {
	most := 0
	for _, contestants := range t.Requests {
		for _, n := range contestants {
			most = max(most, n)
		}
	}
	switch t.Kind {
	case doBatches, doWitnesses:
		return (warmBatches + t.Plan.Rounds) * (max(most, t.Plan.Requests) + 1)
	case doTails:
		return warmBatches*stretch + t.Plan.TailRequests
	case doSoak:
		return longest * t.Plan.SoakRequests
	}
	return warmUp
}
