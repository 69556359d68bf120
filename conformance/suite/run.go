package suite

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// Limits under which a module is held against the table unless the configuration says otherwise. A module that never
// returns, or grows without end, costs its own cases no more than this and the other builds nothing.
const (
	Deadline    = 5 * time.Second // for each call into the module
	MemoryPages = 4096            // of 64 KiB: 256 MiB

	patience = 3 // calls that did not return, until the rest of a build's cases is not run
)

const interrupted = "not run: interrupted"

// Subject is one build under test.
type Subject struct {
	Name  string
	Wasm  []byte
	Err   error // why there is no module; nil: there is one
	Known []Known
}

// Config says how a run goes.
type Config struct {
	Host     host.Options
	Workers  int                                     // cases that run at once; 0: 1
	Progress func(done, total int, build, id string) // after each case; nil: nobody listens. Calls don't overlap
}

// Verdict is what a run came to.
type Verdict struct {
	Results     []Result // build by build, each in the table's order
	Divergences []CaseDivergence
}

// CaseDivergence is a divergence and the case that showed it.
type CaseDivergence struct {
	Case string
	Divergence
}

// Run holds every build against every case. The result is the same whatever the number of workers.
func Run(ctx context.Context, t *table.Table, subjects []Subject, c Config) Verdict {
	r := runner{Config: c, table: t, cases: t.Cases(), subjects: make([]subject, len(subjects))}
	for i := range subjects {
		r.subjects[i] = subject{Subject: subjects[i], results: make([]Result, len(r.cases))}
	}
	r.each(len(subjects), func(i int) { r.compile(ctx, &r.subjects[i]) })
	r.each(len(subjects)*len(r.cases), func(i int) { r.one(ctx, &r.subjects[i/len(r.cases)], i%len(r.cases)) })
	r.each(len(subjects), func(i int) { r.explain(ctx, &r.subjects[i]) })
	var v Verdict
	for i := range r.subjects {
		s := &r.subjects[i]
		if s.module != nil {
			_ = s.module.Close(ctx)
		}
		s.giveUp()
		v.Results = append(v.Results, s.results...)
	}
	v.Divergences = r.divergences()
	return v
}

type runner struct {
	Config
	table    *table.Table
	cases    []table.Case
	subjects []subject

	mu   sync.Mutex // of what follows
	done int
}

type subject struct {
	Subject
	module    *host.Module
	results   []Result
	deadlines int
}

// each calls do for 0 to n-1, begun in that order, by as many workers as there are.
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
	if s.Err != nil {
		return
	}
	o := r.Host
	if o.Deadline == 0 {
		o.Deadline = Deadline
	}
	if o.MemoryPages == 0 {
		o.MemoryPages = MemoryPages
	}
	s.module, s.Err = host.Compile(ctx, s.Wasm, o)
}

func (r *runner) one(ctx context.Context, s *subject, i int) {
	c := &r.cases[i]
	r.mu.Lock()
	late := s.deadlines
	r.mu.Unlock()
	result := Result{Build: s.Name, Case: c.ID, Outcome: Error}
	switch {
	case s.Err != nil:
		result.Reason = s.Err.Error()
	case ctx.Err() != nil:
		result.Reason = interrupted
	case late >= patience: // giveUp says so
	default:
		result = r.observe(ctx, s, c)
	}
	s.results[i] = result
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	if result.deadline {
		s.deadlines++
	}
	if r.Progress != nil {
		r.Progress(r.done, len(r.cases)*len(r.subjects), s.Name, c.ID)
	}
}

func (r *runner) observe(ctx context.Context, s *subject, c *table.Case) (result Result) {
	defer func() {
		if p := recover(); p != nil {
			result = Result{Build: s.Name, Case: c.ID, Outcome: Error,
				Reason: fmt.Sprintf("fault of this program, not of the module: %v\n%s", p, debug.Stack())}
		}
	}()
	o := Options{Good: Good(&r.table.Contract, c)}
	seen, err := Observe(ctx, s.module, c, o)
	if ctx.Err() != nil { // it is no fault of the module that its call was ended
		return Result{Build: s.Name, Case: c.ID, Outcome: Error, Reason: interrupted}
	}
	if err != nil {
		var failure *host.Failure
		late := errors.As(err, &failure) && failure.Kind == host.DeadlineExceeded
		return Result{Build: s.Name, Case: c.ID, Outcome: Error, Reason: err.Error(), deadline: late}
	}
	return judge(s.Name, c, seen, s.Known)
}

// explained is how many failures of a build get their crossings; a module that fails everything would otherwise run
// everything twice, and nobody reads a thousand traces.
const explained = 20

func (r *runner) explain(ctx context.Context, s *subject) {
	left := explained
	for i := range s.results {
		result := &s.results[i]
		if left == 0 || result.Outcome != Fail || !result.Mismatches[0].crossed() {
			continue
		}
		left--
		c := &r.cases[i]
		result.Crossings = crossings(ctx, s.module, c, Options{Good: Good(&r.table.Contract, c)}, result.Mismatches[0].Place)
	}
}

// crossings runs a case once more, traced, so that tracing costs the cases that pass nothing.
func crossings(ctx context.Context, m *host.Module, c *table.Case, o Options, at Place) []Crossing {
	var last Passage
	o.Until = at
	o.Trace = func(p Passage) {
		if p.Step <= at.Step {
			last = p
		}
	}
	if _, err := Observe(ctx, m, c, o); err != nil {
		return nil
	}
	return shorten(last.Crossings)
}

// shorten leaves the middle out of what nobody would read.
func shorten(all []Crossing) []Crossing {
	const ends = 60
	if len(all) <= 2*ends {
		return all
	}
	left := Crossing{Text: fmt.Sprintf("… %d crossings left out …", len(all)-2*ends)}
	return slices.Concat(all[:ends:ends], []Crossing{left}, all[len(all)-ends:])
}

// giveUp marks the cases that come after so many calls that did not return. They are counted in the table's order,
// not in that of the workers, so that two runs say the same.
func (s *subject) giveUp() {
	late := 0
	for i := range s.results {
		r := &s.results[i]
		if late >= patience {
			*r = Result{Build: r.Build, Case: r.Case, Outcome: Error,
				Reason: fmt.Sprintf("not run: in %d cases before it the module did not return in time", late)}
		} else if r.deadline {
			late++
		}
	}
}

// divergences compares the builds that keep to the contract. One that does not has its mismatches already, and would
// only repeat them here.
func (r *runner) divergences() []CaseDivergence {
	var found []CaseDivergence
	for i := range r.cases {
		var seen []Seen
		for n := range r.subjects {
			result := &r.subjects[n].results[i]
			if result.Outcome == Pass || result.Outcome == XPass {
				seen = append(seen, Seen{result.Build, *result.seen})
			}
		}
		for _, d := range Diff(seen) {
			found = append(found, CaseDivergence{r.cases[i].ID, d})
		}
	}
	return slices.Clip(found)
}
