package main

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/header-auth/header-auth/bench/soak"
	"github.com/header-auth/header-auth/bench/worst"
	"github.com/header-auth/header-auth/conformance/apart"
	"github.com/header-auth/header-auth/conformance/dictionary"
	"github.com/header-auth/header-auth/conformance/fuzz"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/deploy"
	"github.com/header-auth/header-auth/host"
)

// The kinds of jobs that commands have done in processes of their own, besides those of package apart. The measurements
// and searches of a module would be slower if each case went there by itself.
const (
	soakJob   = "path of a soak"
	worstJob  = "heaviest requests"
	textsJob  = "texts of a module"
	sweepJob  = "sweep of a module"
	deployJob = "start with a configuration"
	loopJob   = "requests of a scenario"
)

// works are what such a process does.
var works = map[string]apart.Work{
	soakJob: soakWork, worstJob: worstWork, textsJob: textsWork, sweepJob: sweepWork, deployJob: deployWork,
	loopJob: loopWork,
}

// toldTo gives what a process tells on its way to a function.
func toldTo[T any](say func(T)) func(func(any) error) {
	return func(read func(any) error) {
		var what T
		if read(&what) == nil {
			say(what)
		}
	}
}

type soakRequest struct {
	Way   soak.Way
	Pages uint32
}

func soakWork(ctx context.Context, c *apart.Compiled, request func(any) error, tell func(any) error) (any, error) {
	var r soakRequest
	if err := request(&r); err != nil {
		return nil, err
	}
	debug.SetGCPercent(400) // of this program's own heap: its collector must not look like a module's pause
	return soak.Path(ctx, c.Module, c.Timed, r.Way, r.Pages, func(d soak.Done) { _ = tell(d) }), nil
}

type worstRequest struct {
	Build  string
	Case   table.Case
	Rounds int
}

func worstWork(ctx context.Context, c *apart.Compiled, request func(any) error, _ func(any) error) (any, error) {
	var r worstRequest
	if err := request(&r); err != nil {
		return nil, err
	}
	return worst.Measure(ctx, c.Timed, r.Build, &r.Case, r.Rounds), nil
}

// deployWork gives the line of a refusal; "": the plugin starts with the configuration.
func deployWork(ctx context.Context, c *apart.Compiled, request func(any) error, _ func(any) error) (any, error) {
	var config []byte
	if err := request(&config); err != nil {
		return nil, err
	}
	err := deploy.Check(ctx, c.Module, config)
	var refused *deploy.RefusedError
	if errors.As(err, &refused) {
		return refused.Line, nil
	}
	return "", err
}

type sweepRequest struct {
	Name   string
	Folder string // of the table; "": the model judges
	Words  []dictionary.Word
	Seed   uint64
	Most   time.Duration
	From   int // the first case that is told, from 1; 0: only their number is
}

// swept is what came of a sweep.
type swept struct {
	Case       table.Case
	Difference *fuzz.Difference // nil: none was found
	Tried      fuzz.Progress
	Problem    string // why nothing could be tried
}

// sweepTold is told before each case. To tell the case itself takes a third of the time that it takes to run it.
type sweepTold struct {
	Tried  fuzz.Progress
	Number int         // of the case, from 1
	Case   *table.Case // nil: not told
}

func textsWork(ctx context.Context, c *apart.Compiled, request func(any) error, _ func(any) error) (any, error) {
	var r sweepRequest
	if err := request(&r); err != nil {
		return nil, err
	}
	if r.Folder == "" {
		return fuzz.SingleBuild(r.Name, c.Module, nil).PassedTexts(ctx), nil
	}
	f, err := tableSweeper(r.Folder)
	if err != nil {
		return nil, err
	}
	return f.PassedTexts(ctx, c.Module), nil
}

func tableSweeper(folder string) (*fuzz.TableSweeper, error) {
	t, err := table.Load(folder)
	if err != nil {
		return nil, err
	}
	return fuzz.NewTableSweeper(t, folder)
}

func sweepWork(ctx context.Context, c *apart.Compiled, request func(any) error, tell func(any) error) (any, error) {
	var r sweepRequest
	if err := request(&r); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.Most)
	defer cancel()
	var s swept
	step := func(t fuzz.Progress) { s.Tried = t }
	number := 0
	before := func(c *table.Case) {
		if number++; r.From == 0 || number < r.From {
			c = nil
		}
		_ = tell(sweepTold{s.Tried, number, c})
	}
	if r.Folder == "" {
		s.Case, s.Difference = fuzz.SingleBuild(r.Name, c.Module, before).Sweep(ctx, r.Words, r.Seed, step)
		return s, nil
	}
	f, err := tableSweeper(r.Folder)
	if err != nil {
		return nil, err
	}
	f.Before = before
	if s.Case, s.Difference, err = f.Sweep(ctx, r.Name, c.Module, r.Words, step); err != nil {
		s.Problem = err.Error()
	}
	return s, nil
}

type loopRequest struct {
	Case     table.Case
	Requests int
}

// loopWork sends a scenario's request that many times, as the benchmark does.
func loopWork(ctx context.Context, c *apart.Compiled, request func(any) error, _ func(any) error) (any, error) {
	var r loopRequest
	if err := request(&r); err != nil {
		return nil, err
	}
	loop, err := suite.NewLoop(ctx, c.Module, &r.Case, suite.ObserveOptions{})
	if err != nil {
		return failureOf(err), nil
	}
	defer loop.Close(ctx)
	return failureOf(loop.Run(r.Requests)), nil
}

// failureOf is the failure of a VM that an error tells of; nil: none.
func failureOf(err error) (f *host.Failure) {
	errors.As(err, &f)
	return f
}
