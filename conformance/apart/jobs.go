package apart

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/internal/sandbox"
	"github.com/header-auth/header-auth/report"
)

// The kinds of jobs.
const (
	compileJob = "compile"
	observeJob = "observe"
	traceJob   = "trace"
	linesJob   = "trace of a failure"
)

// Work is a job of a user of this package, for Module.Do. It reads the request into a value, and may tell how far it
// is.
type Work func(ctx context.Context, c *Compiled, request func(any) error, tell func(any) error) (answer any, err error)

// Compiled is the module that a process holds.
type Compiled struct {
	Module *host.Module // under the deadline of the runner's options
	Timed  *host.Module // without a deadline, which costs time in each call; nil unless the runner was made by NewTimed
}

// Jobs are what a process of a Runner does, for sandbox.Serve: those of this package, and others by their kinds. The
// expressions take the place of those in the options of the Runner, which can't be sent to another process.
func Jobs(e host.Expressions, others map[string]Work) map[string]sandbox.Handler {
	p := process{expressions: e}
	all := map[string]sandbox.Handler{compileJob: p.compile, observeJob: p.observe, traceJob: p.trace, linesJob: p.lines}
	for kind, work := range others {
		all[kind] = func(ctx context.Context, _ *sandbox.Page, request func(any) error, tell func(any) error) (any, error) {
			return work(ctx, &p.Compiled, request, tell)
		}
	}
	return all
}

// process is what the jobs of one share.
type process struct {
	expressions host.Expressions
	Compiled
}

// module is a request to compile.
type module struct {
	Wasm    []byte
	Options options
	Timed   bool // compile it once more without a deadline
}

// options are host.Options as data.
type options struct {
	Profile     string
	Interpreter bool
	Allocator   load.AllocatorOrder
	MemoryPages uint32
	CacheDir    string
	Environment []host.Variable
	Deadline    int64
	Unchecked   bool // the host does not look at the deadline, only the runner does
}

// failed is what went wrong, as data.
type failed struct {
	Text   string
	Faults []load.Fault  // of a *load.Error
	VM     *host.Failure // of a *host.Failure
}

// failedOf is nil when nothing went wrong.
func failedOf(err error) *failed {
	if err == nil {
		return nil
	}
	f := &failed{Text: err.Error()}
	var refused *load.Error
	if errors.As(err, &refused) {
		f.Faults = refused.Faults
	}
	errors.As(err, &f.VM)
	return f
}

// err is the error again, of the same type and text.
func (f *failed) err() error {
	switch {
	case f == nil:
		return nil
	case f.VM != nil:
		return &textError{f.Text, f.VM}
	case f.Faults != nil:
		return &textError{f.Text, &load.Error{Faults: f.Faults}}
	}
	return errors.New(f.Text)
}

type textError struct {
	text string
	err  error
}

func (e *textError) Error() string { return e.text }
func (e *textError) Unwrap() error { return e.err }

func (p *process) compile(ctx context.Context, page *sandbox.Page, request func(any) error,
	tell func(any) error) (any, error) {
	for _, m := range []*host.Module{p.Module, p.Timed} {
		if m != nil {
			_ = m.Close(ctx)
		}
	}
	p.Compiled = Compiled{}
	var m module
	if err := request(&m); err != nil {
		return nil, err
	}
	o, err := hostOptions(m.Options, page)
	if err != nil {
		return nil, err
	}
	o.CacheFault = func(err error) { _ = tell(err.Error()) }
	o.Expressions = p.expressions
	p.Module, err = host.Compile(ctx, m.Wasm, o)
	if err == nil && m.Timed {
		o.Deadline = 0
		p.Timed, err = host.Compile(ctx, m.Wasm, o)
	}
	if len(m.Wasm) > largeModule {
		debug.FreeOSMemory()
	}
	return failedOf(err), nil
}

// one is a request that concerns a case.
type one struct {
	Case   table.Case
	Good   *table.Request
	Repeat int
	At     suite.Place
}

// seen is the answer to it.
type seen struct {
	Observation suite.Observation
	Failed      *failed
}

func (p *process) observe(ctx context.Context, _ *sandbox.Page, request func(any) error,
	_ func(any) error) (any, error) {
	var r one
	if err := request(&r); err != nil {
		return nil, err
	}
	o, err := suite.Observe(ctx, p.Module, &r.Case, suite.ObserveOptions{Good: r.Good})
	return seen{o, failedOf(err)}, nil
}

func (p *process) trace(ctx context.Context, _ *sandbox.Page, request func(any) error,
	tell func(any) error) (any, error) {
	var r one
	if err := request(&r); err != nil {
		return nil, err
	}
	var lost error
	options := suite.ObserveOptions{Good: r.Good, Repeat: r.Repeat}
	options.Trace = func(s suite.StepTrace) { lost = errors.Join(lost, tell(s)) }
	o, err := suite.Observe(ctx, p.Module, &r.Case, options)
	if lost != nil {
		return nil, fmt.Errorf("hand over the trace: %w", lost)
	}
	return seen{suite.Observation{Failure: o.Failure}, failedOf(err)}, nil
}

func (p *process) lines(ctx context.Context, _ *sandbox.Page, request func(any) error, _ func(any) error) (any, error) {
	var r one
	if err := request(&r); err != nil {
		return nil, err
	}
	lines := suite.Trace(ctx, p.Module, &r.Case, r.Good, r.At)
	return append([]report.TraceLine{}, lines...), nil
}

func hostOptions(o options, page *sandbox.Page) (host.Options, error) {
	p, err := profile.Parse(o.Profile)
	if o.Unchecked {
		o.Deadline = 0
	}
	return host.Options{Profile: p, Interpreter: o.Interpreter, Allocator: o.Allocator, MemoryPages: o.MemoryPages,
		CacheDir: o.CacheDir, Environment: o.Environment, Deadline: time.Duration(o.Deadline), Watch: page}, err
}
