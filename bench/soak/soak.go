// Package soak is the long run: every case of a table that can be repeated, a hundred thousand rounds of it in one VM.
// Each answer is compared as a whole with the first one; memory and pauses are watched by round. path.go runs one case
// on one build, stay.go and judge.go judge its memory, pauses.go its pauses; this file runs all cases on all builds.
package soak

import (
	"context"
	"runtime/debug"
	"slices"
	"sync"
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

// Estimate is about how long so many steps take on two cores, each as often as there are rounds: the project's own paths take that
// long.
func Estimate(steps, rounds int) time.Duration {
	const step = 6 * time.Microsecond
	return time.Duration(steps) * time.Duration(rounds) * step / 2
}

// Subject is one build.
type Subject struct {
	Name  string
	Wasm  []byte
	Err   error  // why there is no module; nil: there is one
	Leaks string // why it is known to leak; "": it is not
	// MayNotLeak: it is no finding when the build does not leak, because Leaks is about another host.
	MayNotLeak bool
}

// Config says how a run goes.
type Config struct {
	Host     host.Options // its Deadline holds in the first two rounds of each path: for all it costs more than they do
	Workers  int
	Rounds   int
	Progress func(done float64, what string)
}

// Result is one case on one build: a path.
type Result struct {
	Build    string  `json:"build"`
	Case     string  `json:"case"`
	Rounds   int     `json:"rounds"`   // that were done, each answered correctly
	Requests int     `json:"requests"` // of each round
	Memory   Memory  `json:"memory"`
	Pauses   Pauses  `json:"pauses"`
	Seconds  float64 `json:"seconds"`

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
	return r.Wrong != nil || r.Failed != "" || r.Known == "" && (r.Memory.Verdict == verdict.Leak || r.Memory.Verdict == verdict.Unclear && !r.Cut)
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
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // of this program's own heap: its collector must not look like a module's pause
	if c.Rounds == 0 {
		c.Rounds = Rounds
	}
	r := runner{Config: c, results: make([]Result, len(cases)*len(subjects)), share: make([]float64, len(cases)*len(subjects))}
	var wg sync.WaitGroup
	next := make(chan int)
	modules := make([]*compiled, len(subjects))
	for i := range subjects {
		modules[i] = &compiled{Subject: subjects[i]}
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
	for _, m := range modules {
		m.close(ctx)
	}
	return r.report(ctx, subjects, len(cases), begun)
}

type runner struct {
	Config
	results []Result

	mu    sync.Mutex
	share []float64 // of each that is done
}

// compiled is a module that its first path compiles: guarded, so that a call can be ended, and without that, as it
// costs time.
type compiled struct {
	Subject
	once            sync.Once
	guarded, module *host.Module
}

func (m *compiled) compile(ctx context.Context, o host.Options) error {
	m.once.Do(func() {
		if m.Err == nil {
			m.guarded, m.Err = host.Compile(ctx, m.Wasm, o)
		}
		if m.Err == nil {
			o.Deadline = 0
			m.module, m.Err = host.Compile(ctx, m.Wasm, o)
		}
	})
	return m.Err
}

func (m *compiled) close(ctx context.Context) {
	for _, module := range []*host.Module{m.guarded, m.module} {
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

func (r *runner) one(ctx context.Context, m *compiled, c *table.Case, i int) Result {
	result := Result{Build: m.Name, Case: c.ID, Memory: Memory{PerRound: Interval{stats.None()}}}
	defer r.say(i, 1, m.Name, c.ID)
	if ctx.Err() != nil {
		result.LeftOut = NotBegun
		return result
	}
	if err := m.compile(ctx, r.Host); err != nil {
		result.Failed = err.Error()
		return result
	}
	if err := suite.Cyclic(c); err != nil {
		result.LeftOut = err.Error()
		return result
	}
	p := &path{result: result, rounds: r.Rounds, limit: int64(r.Host.MemoryPages) << 16, say: func(share float64) { r.say(i, share, m.Name, c.ID) }}
	if p.limit == 0 {
		p.limit = 1 << 30
	}
	if y, err := suite.NewCycle(ctx, m.guarded, c, Environment...); err != nil {
		p.failed(ctx, err)
		return p.result
	} else {
		y.Close(ctx)
	}
	p.run(ctx, m.module, c)
	return p.result
}

// Done says whether any path was run.
func (r *Report) Done() bool {
	return slices.ContainsFunc(r.Results, func(p Result) bool { return p.LeftOut == "" })
}
