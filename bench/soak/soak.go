// Package soak is the long run: every case of a table that can be repeated, a hundred thousand rounds of it in one VM.
// Each answer is compared as a whole with the first one; memory and pauses are watched by round. path.go runs one case
// on one build, stay.go and judge.go judge its memory, pauses.go its pauses; this file runs all cases on all builds.
package soak

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/header-auth/header-auth/bench/stats"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// How many rounds a path takes: Rounds, and up to Longest times as many until it is known whether it leaks.
const (
	Rounds      = 100_000
	ShortRounds = 20_000
	Longest     = 4
)

// Environment holds the environment variables of every VM. Mainline Go then collects its heap when a fifth was added
// to it, instead of as much again, so that garbage does not hide for long what stays. No other runtime here reads the
// variable.
var Environment = []host.Variable{{Name: "GOGC", Value: "20"}}

// Estimate is about how long so many steps take on two cores, each as often as there are rounds: the project's
// own paths take that long.
func Estimate(steps, rounds int) time.Duration {
	const step = 6 * time.Microsecond
	return time.Duration(steps) * time.Duration(rounds) * step / 2
}

// Subject is one build.
type Subject struct {
	Name        string
	Wasm        []byte
	Err         error           // why there is no module; nil: there is one
	Environment []host.Variable // of its VMs, besides Environment
	Leaks       string          // why it is known to leak; "": it is not
	// MayNotLeak: it is no finding when the build does not leak, because Leaks is about another host.
	MayNotLeak bool
}

// Config says how a run goes.
type Config struct {
	Host     host.Options
	Workers  int
	Rounds   int
	Progress func(done float64, what string)

	// Path runs a case on a build; nil: in this process, which does not end when the module does not. With an error there
	// is no result, because the module does not load, or was ended: then it is a *host.Failure.
	Path func(ctx context.Context, s *Subject, w Way, say func(Done)) (Result, error)
}

// Way is what a path is: a case, and how often it is repeated.
type Way struct {
	Build  string
	Case   table.Case
	Rounds int
}

// Done is how far a path is.
type Done struct {
	Share            float64
	Rounds, Requests int   // as in Result
	Ready, Bytes     int64 // of memory, once configured and now
}

// Step is how long a path may take from one Done to the next, where a call may take deadline. No request of a plugin
// that anybody would run takes so long on the average.
func (w *Way) Step(deadline time.Duration) time.Duration {
	requests := 0
	for i := range w.Case.Steps {
		requests += max(1, w.Case.Steps[i].Times)
	}
	return 4*deadline + time.Duration(often(w.Rounds)*requests)*requestTime
}

const requestTime = 5 * time.Millisecond

// Result is one case on one build: a path.
type Result struct {
	Build    string  `json:"build"`
	Case     string  `json:"case"`
	Rounds   int     `json:"rounds"`   // that were done, each answered correctly
	Requests int     `json:"requests"` // of each round
	Memory   Memory  `json:"memory"`
	Pauses   Pauses  `json:"pauses"`
	Seconds  float64 `json:"seconds"`
	Ended    bool    `json:"-" cbor:"ended"` // because the module did not return in time, or took too much memory

	Wrong   *Wrong `json:"wrong,omitempty"`    // an answer that differs from the first
	Failed  string `json:"failed,omitempty"`   // why the path ended: the VM died, or did not return
	LeftOut string `json:"left_out,omitempty"` // why no round was done
	Cut     bool   `json:"cut,omitempty"`      // the run was interrupted during this path
	Known   string `json:"known,omitempty"`    // why the build is known to leak
}

// Wrong is an answer that differs from the first.
type Wrong struct {
	Round  int    `json:"round"` // from 1
	What   string `json:"what"`
	Wanted string `json:"wanted"`
	Got    string `json:"got"`
}

// NotBegun is the LeftOut of a path that an interrupted run did not reach.
const NotBegun = "interrupted before it began"

// Red says whether the path shows a fault of the build.
func (r *Result) Red() bool {
	return r.Wrong != nil || r.Failed != "" || r.Known == "" &&
		(r.Memory.Verdict == verdict.Leak || r.Memory.Verdict == verdict.Unclear && !r.Cut)
}

// Report is what came of a run.
type Report struct {
	Results []Result `json:"results"` // build by build, in the table's order
	// Tight are builds that are known to leak and did not, with the reason that builds.yaml gives.
	Tight       map[string]string `json:"tight,omitempty"`
	Seconds     float64           `json:"seconds"`
	Interrupted bool              `json:"interrupted,omitempty"`
}

// Red says whether a build has a fault, or is known to leak and does not.
func (r *Report) Red() bool {
	return len(r.Tight) > 0 || slices.ContainsFunc(r.Results, func(p Result) bool { return p.Red() })
}

// Run runs every case on every build. When ctx ends, the report has what was done until then.
func Run(ctx context.Context, cases []table.Case, subjects []Subject, c Config) *Report {
	begun := time.Now()
	// of this program's own heap: its collector must not look like a module's pause
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	if c.Rounds == 0 {
		c.Rounds = Rounds
	}
	r := runner{Config: c, results: make([]Result, len(cases)*len(subjects)),
		share: make([]float64, len(cases)*len(subjects))}
	var wg sync.WaitGroup
	next := make(chan int)
	modules := make([]*build, len(subjects))
	for i := range subjects {
		modules[i] = &build{Subject: subjects[i]}
	}
	for range max(1, c.Workers) {
		wg.Go(func() {
			for i := range next {
				r.results[i] = r.one(ctx, modules[i/len(cases)], &cases[i%len(cases)], i)
			}
		})
	}
	for i := range r.results {
		next <- i
	}
	close(next)
	wg.Wait()
	for _, b := range modules {
		b.close(ctx)
	}
	return r.report(ctx, subjects, len(cases), begun)
}

type runner struct {
	Config
	results []Result

	mu    sync.Mutex
	share []float64 // of each that is done
}

// build is a subject with what its paths share.
type build struct {
	Subject
	ended atomic.Int32 // paths
	once  sync.Once    // of what follows, in this process
	modules
}

// modules are one module, compiled so that a call can be ended, and without that, as it costs time.
type modules struct{ guarded, timed *host.Module }

func (b *build) compile(ctx context.Context, o host.Options) error {
	o.Environment = slices.Concat(o.Environment, b.Environment)
	b.once.Do(func() {
		if b.Err == nil {
			b.guarded, b.Err = host.Compile(ctx, b.Wasm, o)
		}
		if b.Err == nil {
			o.Deadline = 0
			b.timed, b.Err = host.Compile(ctx, b.Wasm, o)
		}
	})
	return b.Err
}

func (b *build) close(ctx context.Context) {
	for _, module := range []*host.Module{b.guarded, b.timed} {
		if module != nil {
			_ = module.Close(ctx)
		}
	}
}

func (r *runner) report(ctx context.Context, subjects []Subject, cases int, begun time.Time) *Report {
	report := &Report{Results: r.results, Seconds: time.Since(begun).Seconds(), Interrupted: ctx.Err() != nil}
	for i, s := range subjects {
		if s.Leaks == "" {
			continue
		}
		leaks, whole := false, 0
		for j := range r.results[i*cases : (i+1)*cases] {
			p := &r.results[i*cases+j]
			if p.Memory.Verdict == verdict.Leak || p.Memory.Verdict == verdict.Unclear {
				p.Known, leaks = s.Leaks, true
			}
			if p.LeftOut == "" && !p.Cut && p.Failed == "" {
				whole++
			}
		}
		if !leaks && !s.MayNotLeak && whole > 0 && !report.Interrupted {
			if report.Tight == nil {
				report.Tight = map[string]string{}
			}
			report.Tight[s.Name] = s.Leaks
		}
	}
	return report
}

// say reports how far path i is.
func (r *runner) say(i int, share float64, build, id string) {
	if r.Progress == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.share[i] = share
	done := 0.
	for _, s := range r.share {
		done += s
	}
	r.Progress(done/float64(len(r.share)), build+" "+id)
}

// mostEnded is how many paths of a build may end because a call had to be ended. The paths after them are not run.
const mostEnded = 3

func (r *runner) one(ctx context.Context, b *build, c *table.Case, i int) Result {
	result := nothing(b.Name, c)
	defer r.say(i, 1, b.Name, c.ID)
	cyclic := suite.Cyclic(c)
	switch {
	case ctx.Err() != nil:
		result.LeftOut = NotBegun
	case cyclic != nil:
		result.LeftOut = cyclic.Error()
	case b.ended.Load() >= mostEnded:
		result.LeftOut = fmt.Sprintf("%d paths before it were ended: the module did not return in "+
			"time, or took too much memory", mostEnded)
	default:
		var done Done
		found, err := r.path(ctx, b, Way{b.Name, *c, r.Rounds}, func(d Done) {
			done = d
			r.say(i, d.Share, b.Name, c.ID)
		})
		if err == nil {
			result = found
		} else {
			result.failed(ctx, err)
			result.Rounds, result.Requests = done.Rounds, done.Requests
			result.stalled(done, int64(r.Host.MemoryPages)<<16)
		}
		if result.Ended {
			b.ended.Add(1)
		}
	}
	return result
}

// path runs one where the configuration says.
func (r *runner) path(ctx context.Context, b *build, w Way, say func(Done)) (Result, error) {
	if r.Path != nil {
		if b.Err != nil {
			return Result{}, b.Err
		}
		return r.Path(ctx, &b.Subject, w, say)
	}
	if err := b.compile(ctx, r.Host); err != nil {
		return Result{}, err
	}
	return Path(ctx, b.guarded, b.timed, w, r.Host.MemoryPages, say), nil
}

// Path runs a case on a module that was compiled with a deadline and without one: the deadline holds in the first two
// rounds, because for all of them it costs more than they do. The module's memory may have so many pages.
func Path(ctx context.Context, guarded, timed *host.Module, w Way, pages uint32, say func(Done)) Result {
	p := &path{result: nothing(w.Build, &w.Case), rounds: w.Rounds, limit: cmp.Or(int64(pages)<<16, 1<<30), say: say}
	y, err := suite.NewCycle(ctx, guarded, &w.Case, Environment...)
	if err != nil {
		p.failed(ctx, err)
		return p.result
	}
	y.Close(ctx)
	p.run(ctx, timed, &w.Case)
	return p.result
}

// stalled takes what was ended with half of its memory in use for a leak: a collector then runs for every allocation,
// and each time marks all of it.
func (r *Result) stalled(d Done, limit int64) {
	if !r.Ended || d.Rounds == 0 || 2*d.Bytes < limit || limit == 0 {
		return
	}
	rate := float64(d.Bytes-d.Ready) / float64(d.Rounds)
	r.Memory = Memory{Verdict: verdict.Leak, Ready: d.Ready, End: d.Bytes, PerRound: Interval{stats.Exact(rate)},
		Reason: KeptGrows, Ended: "stalled: " + r.Failed}
	r.Failed = ""
}

// nothing is the result of a path before its first round.
func nothing(build string, c *table.Case) Result {
	return Result{Build: build, Case: c.ID, Memory: Memory{PerRound: Interval{stats.None()}}}
}

// failed records why there is no more of the path.
func (r *Result) failed(ctx context.Context, err error) {
	var f *host.Failure
	if errors.As(err, &f) {
		r.Ended = f.Kind == host.DeadlineExceeded || f.Kind == host.OutOfMemory
	}
	if ctx.Err() != nil {
		r.Cut = true
	} else {
		r.Failed = err.Error()
	}
}

// Done says whether any path was run.
func (r *Report) Done() bool {
	return slices.ContainsFunc(r.Results, func(p Result) bool { return p.LeftOut == "" })
}
