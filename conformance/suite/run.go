package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/report"
)

// Limits for each module unless the options set others. A module that never returns, or grows without end, loses its
// own cases; it takes no more time and memory than this from the others.
const (
	Deadline    = 5 * time.Second // for each call into the module
	MemoryPages = 4096            // of 64 KiB: 256 MiB

	// MaxEnded is how many cases of a build may end because a call had to be ended. The cases after them are not run.
	MaxEnded = 3

	// maxSame is how many cases of a build may end with the same failure of the VM, where they are three quarters of the
	// cases so far. The cases after them are not run.
	maxSame = 20
)

// Subject is one build under test.
type Subject struct {
	report.Build // its Name at least
	Wasm         []byte
	Err          error // why there is no module; nil: there is one
	Known        []Known
	Environment  []host.Variable // of its VMs, besides those of the host
	// Engine makes the engine that the cases are run with; nil: that of package host.
	Engine func(ctx context.Context, t *table.Table, wasm []byte) (Engine, error)
}

// RunOptions say how a run goes.
type RunOptions struct {
	Host     host.Options
	Workers  int                                     // cases that run at once; 0: 1
	Progress func(done, total int, build, id string) // called after each case, never twice at once; nil: not called
}

// NewReport is a report of a table's contract and cases, without results.
func NewReport(t *table.Table) *report.Report {
	r := &report.Report{Schema: report.Schema, Table: report.Table{Name: t.Contract.Name, Digest: t.Digest}}
	for _, c := range t.Contract.Clauses {
		r.Table.Clauses = append(r.Table.Clauses, report.Clause{ID: c.ID, Text: c.Text})
	}
	for _, g := range t.Groups {
		r.Table.Groups = append(r.Table.Groups, report.Group{Name: g.Name, Breaks: g.Breaks})
		for _, c := range g.Cases {
			r.Cases = append(r.Cases, report.Case{ID: c.ID, Group: g.Name, Clauses: c.Clauses, Why: c.Why,
				File: c.Position.File, Line: c.Position.Line})
		}
	}
	return r
}

// Run runs every case on every build, compares the builds with each other, and reports it. The result is the same for
// any number of workers. What the report says of the command, the host and the machine is left to the caller.
func Run(ctx context.Context, t *table.Table, subjects []Subject, o RunOptions) *report.Report {
	r := runner{RunOptions: o, table: t, cases: t.Cases(), subjects: make([]subject, len(subjects))}
	for i := range subjects {
		r.subjects[i] = subject{Subject: subjects[i], results: make([]result, len(r.cases)), done: make([]bool, len(r.cases)),
			left: len(r.cases)}
	}
	r.each(len(subjects), func(i int) { r.compile(ctx, &r.subjects[i]) })
	r.each(len(subjects)*len(r.cases), func(i int) { r.one(ctx, &r.subjects[i/len(r.cases)], i%len(r.cases)) })
	for i := range r.subjects {
		r.subjects[i].markNotRun()
	}
	r.each(len(subjects), func(i int) { r.trace(ctx, &r.subjects[i]) })
	out := NewReport(t)
	for i := range r.subjects {
		s := &r.subjects[i]
		if s.module != nil {
			_ = s.module.Close(ctx)
		}
		out.Builds = append(out.Builds, s.Build)
		for _, result := range s.results {
			out.Results = append(out.Results, result.Result)
		}
	}
	out.Divergences = r.divergences()
	return out
}

type runner struct {
	RunOptions
	table    *table.Table
	cases    []table.Case
	subjects []subject

	mu   sync.Mutex // for done, and for the subjects' ended and left
	done int
}

type subject struct {
	Subject
	engine  Engine
	module  *host.Module // of package host's engine; nil with another
	results []result
	done    []bool // of each
	counted tally
	left    int // cases
}

// each calls do for 0 to n-1, in that order, with as many workers as there are.
func (r *runner) each(n int, do func(i int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range max(1, r.Workers) {
		wg.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

func (r *runner) compile(ctx context.Context, s *subject) {
	switch {
	case s.Err != nil:
	case s.Engine != nil:
		s.engine, s.Err = s.Engine(ctx, r.table, s.Wasm)
	default:
		o := r.Host
		o.Environment = slices.Concat(o.Environment, s.Environment)
		s.module, s.Err = Compile(ctx, s.Wasm, o)
		s.engine = hostEngine{s.module}
	}
}

// Compile is host.Compile under the suite's limits.
func Compile(ctx context.Context, wasm []byte, o host.Options) (*host.Module, error) {
	if o.Deadline == 0 {
		o.Deadline = Deadline
	}
	if o.MemoryPages == 0 {
		o.MemoryPages = MemoryPages
	}
	return host.Compile(ctx, wasm, o)
}

func (r *runner) one(ctx context.Context, s *subject, i int) {
	c := &r.cases[i]
	r.mu.Lock()
	enough := s.counted.enough
	r.mu.Unlock()
	var result result
	switch {
	case ctx.Err() != nil && (s.Err == nil || errors.Is(s.Err, ctx.Err())):
		result = notJudged(c, interrupted)
	case s.Err != nil:
		result = notJudged(c, s.Err.Error())
	case enough != "":
		result = notJudged(c, "") // markNotRun gives the reason
	default:
		begin := time.Now()
		if result = runCase(ctx, s.engine, r.table, c, s.Known); ctx.Err() != nil && result.Outcome.Red() {
			result = notJudged(c, interrupted) // the interrupt may have ended a call
		}
		result.Seconds = time.Since(begin).Round(time.Microsecond).Seconds()
	}
	result.Build = s.Name
	s.results[i] = result
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	for s.done[i] = true; s.counted.cases < len(s.done) && s.done[s.counted.cases]; {
		s.counted.add(&s.results[s.counted.cases])
	}
	if s.left--; s.left == 0 && s.engine != nil {
		s.engine.Close() // another engine may hold processes, which the subjects to come need the memory of
	}
	if r.Progress != nil {
		r.Progress(r.done, len(r.cases)*len(r.subjects), s.Name, c.ID)
	}
}

// traced is how many failures of a build get their crossings. A module that fails every case would otherwise run every
// case twice.
const traced = 20

func (r *runner) trace(ctx context.Context, s *subject) {
	left := traced
	tracer, can := s.engine.(Tracer)
	for i := range s.results {
		if result := &s.results[i]; can && left > 0 && ctx.Err() == nil && result.traceable() {
			left--
			result.Trace = tracer.Trace(ctx, &r.cases[i], Good(&r.table.Contract, &r.cases[i]), result.first)
		}
	}
}

// tally counts how a build fails, in the order of the table and not in that of the workers, so that two runs report the
// same.
type tally struct {
	cases  int // so far
	ended  int // of them
	same   map[string]int
	enough string // why the cases from here on are not run; "": they are
}

func (f *tally) add(r *result) {
	f.cases++
	if f.enough != "" {
		return
	}
	if r.ended {
		if f.ended++; f.ended == MaxEnded {
			f.enough = fmt.Sprintf("not run: in %d cases before it the module did not return in time, or took too much memory",
				f.ended)
		}
	}
	if r.failure == "" {
		return
	}
	if f.same == nil {
		f.same = map[string]int{}
	}
	if f.same[r.failure]++; f.same[r.failure] >= maxSame && 4*f.same[r.failure] >= 3*f.cases {
		f.enough = fmt.Sprintf("not run: %d of the %d cases before it ended with the same failure: %s", f.same[r.failure],
			f.cases, r.failure)
	}
}

// markNotRun marks the cases after so many failures, which another worker may have run meanwhile.
func (s *subject) markNotRun() {
	var f tally
	for i := range s.results {
		r := &s.results[i]
		if f.enough != "" {
			*r = result{Result: report.Result{Build: r.Build, Case: r.Case, Outcome: report.Error, Reason: f.enough}}
			continue
		}
		f.add(r)
	}
}

// divergences compares the builds that conform. A build that does not has mismatches, which
// would only be repeated here.
func (r *runner) divergences() []report.Divergence {
	var found []report.Divergence
	for i := range r.cases {
		var seen []Seen
		for n := range r.subjects {
			if result := &r.subjects[n].results[i]; result.Outcome == report.Pass || result.Outcome == report.XPass {
				seen = append(seen, Seen{result.Build, *result.seen})
			}
		}
		for _, d := range Diff(withoutActions(&r.cases[i], seen)) {
			d.Case = r.cases[i].ID
			found = append(found, d)
		}
	}
	return found
}
