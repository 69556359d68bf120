// Package soak is the long run: every case of a table that can be repeated, a hundred thousand rounds of it in one VM,
// each answer held against the first one whole, memory and pauses watched by round. path.go runs one case on one build,
// stay.go and judge.go say what became of its memory, this file runs them all.
package soak

import (
	"context"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/header-auth/header-auth/bench/stats"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// How many rounds a path is done: Rounds, and until it is known whether it leaks up to Longest times as many.
const (
	Rounds      = 100_000
	ShortRounds = 20_000
	Longest     = 4
)

// Environment is what every VM gets as its environment. A heap of mainline Go is collected when a fifth was added to it
// instead of as much again, so that its garbage does not hide for long what stays; no other runtime here reads it.
var Environment = []host.Variable{{Name: "GOGC", Value: "20"}}

// Subject is one build.
type Subject struct {
	Name  string
	Wasm  []byte
	Err   error  // why there is no module; nil: there is one
	Leaks string // why it is known to leak; "": it is not
	// MayHold: that it does not leak is fine too, as what is known is about another host.
	MayHold bool
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
	Rounds   int     `json:"rounds"`   // that were done, each of them right
	Requests int     `json:"requests"` // of each round
	Memory   Memory  `json:"memory"`
	Pauses   Pauses  `json:"pauses"`
	Seconds  float64 `json:"seconds"`

	Wrong   *Wrong `json:"wrong,omitempty"`    // an answer that was not what the first was
	Failed  string `json:"failed,omitempty"`   // why it could not be gone on with: the VM died, or did not return
	LeftOut string `json:"left_out,omitempty"` // why nothing of it was done
	Cut     bool   `json:"cut,omitempty"`      // the run was interrupted in it
	Known   string `json:"known,omitempty"`    // why its leak is known
}

// Wrong is an answer that differs from the first.
type Wrong struct {
	Round  int    `json:"round"` // from 1
	What   string `json:"what"`
	Wanted string `json:"wanted"`
	Got    string `json:"got"`
}

// NotBegun is why a path that an interrupted run did not come to was left out.
const NotBegun = "interrupted before it began"

// Red says whether the path is a finding that a build has to be mended for.
func (r *Result) Red() bool {
	return r.Wrong != nil || r.Failed != "" || r.Known == "" && (r.Memory.Verdict == Leak || r.Memory.Verdict == Unclear && !r.Cut)
}

// Report is what came of a run.
type Report struct {
	Results []Result `json:"results"` // build by build, in the table's order
	// Tight are builds that are known to leak and did not, with the reason that was given.
	Tight       map[string]string `json:"tight,omitempty"`
	Seconds     float64           `json:"seconds"`
	Interrupted bool              `json:"interrupted,omitempty"`
}

// Red says whether a build has to be mended, or what is known of it.
func (r *Report) Red() bool {
	return len(r.Tight) > 0 || slices.ContainsFunc(r.Results, func(p Result) bool { return p.Red() })
}

// Run does every case on every build. When ctx ends, the report has what was done by then.
func Run(ctx context.Context, cases []table.Case, subjects []Subject, c Config) *Report {
	begun := time.Now()
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // of this program's own heap: its collector is no pause of a module
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

// compiled is a module that its first path compiles: once so that its calls can be ended, and once without.
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
			if p.Memory.Verdict == Leak || p.Memory.Verdict == Unclear {
				p.Known, leaks = s.Leaks, true
			}
			if p.LeftOut == "" && !p.Cut && p.Failed == "" {
				whole++
			}
		}
		if !leaks && !s.MayHold && whole > 0 && !report.Interrupted {
			if report.Tight == nil {
				report.Tight = map[string]string{}
			}
			report.Tight[s.Name] = s.Leaks
		}
	}
	return report
}

// say tells how far path i is.
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

// Done says whether anything was.
func (r *Report) Done() bool {
	return slices.ContainsFunc(r.Results, func(p Result) bool { return p.LeftOut == "" })
}
