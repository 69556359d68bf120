package apart

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/internal/sandbox"
	"github.com/header-auth/header-auth/report"
)

// Limits of a process, besides those of package suite.
const (
	// memory is what a process may have besides the linear memory that a module may have.
	memory = 768 << 20

	// A case may take so many deadlines of one call, and so long for each repetition.
	caseDeadlines, repetitionTime = 4, time.Millisecond

	// Compilation may take a deadline, and so many more for each MiB: twenty times what the code of Go's own compiler
	// takes.
	mebibyteDeadlines = 2

	// A module of more bytes is compiled in one process at a time, which then gives back what it no longer needs.
	largeModule = 1 << 20

	// A module whose cases take longer than usual, each by less than its limit, gets so much for all of them together.
	usual, patience = time.Second, time.Minute
)

// Runner has processes that run cases.
type Runner struct {
	pool    *sandbox.Pool
	options host.Options
	timed   bool
	large   sync.Mutex // held while a large module is compiled
}

// New makes a runner for modules under these options. command starts this program in a process that serves Jobs;
// processes is how many run at once.
func New(command []string, processes int, o host.Options) *Runner {
	o.Deadline = cmp.Or(o.Deadline, suite.Deadline)
	o.MemoryPages = cmp.Or(o.MemoryPages, suite.MemoryPages)
	c := sandbox.Config{Command: command, Processes: processes, Memory: memory + int64(o.MemoryPages)<<16}
	return &Runner{pool: sandbox.New(c), options: o}
}

// NewTimed is New for work that measures time: each module is compiled once more without a deadline. What does not end
// there is ended all the same, with its process.
func NewTimed(command []string, processes int, o host.Options) *Runner {
	r := New(command, processes, o)
	r.timed = true
	return r
}

// cacheFault passes on what a process tells while it compiles.
func (r *Runner) cacheFault(read func(any) error) {
	var text string
	if r.options.CacheFault != nil && read(&text) == nil {
		r.options.CacheFault(errors.New(text))
	}
}

// Close ends the processes.
func (r *Runner) Close() { r.pool.Close() }

// Module is a module that runs in the runner's processes.
type Module struct {
	runner  *Runner
	key     string
	request module

	mu   sync.Mutex
	over time.Duration // by which its cases took longer than usual
}

// Compile compiles a module in a process. The error is that of host.Compile, or a *host.Failure when that took too long
// or too much memory.
func (r *Runner) Compile(ctx context.Context, wasm []byte, environment []host.Variable) (*Module, error) {
	o := r.options
	o.Environment = slices.Concat(o.Environment, environment)
	return r.compile(ctx, wasm, o)
}

// CompileAs is Compile for another Envoy than that of the runner's options.
func (r *Runner) CompileAs(ctx context.Context, p profile.Profile, wasm []byte) (*Module, error) {
	o := r.options
	o.Profile = p
	return r.compile(ctx, wasm, o)
}

func (r *Runner) compile(ctx context.Context, wasm []byte, h host.Options) (*Module, error) {
	return r.compileWith(ctx, wasm, optionsOf(h))
}

func optionsOf(h host.Options) options {
	return options{Profile: h.Profile.String(), Interpreter: h.Interpreter, Allocator: h.Allocator,
		MemoryPages: h.MemoryPages, CacheDir: h.CacheDir, Environment: h.Environment, Deadline: int64(h.Deadline)}
}

// callTooLong begins the reason of a call that was ended with its process.
const callTooLong = "the call took longer than "

func (r *Runner) compileWith(ctx context.Context, wasm []byte, o options) (*Module, error) {
	m := &Module{runner: r, request: module{wasm, o, r.timed}, key: fmt.Sprintf("%x %+v", sha256.Sum256(wasm), o)}
	err := m.use(ctx, func(*sandbox.Process) error { return nil })
	if f := m.failure(err); f != nil {
		err = f
	}
	return m, err
}

// use lends do a process that holds the module.
func (m *Module) use(ctx context.Context, do func(*sandbox.Process) error) error {
	holds := func(p *sandbox.Process) bool { return p.Holds == m.key }
	return m.runner.pool.Use(ctx, holds, func(p *sandbox.Process) error {
		if !holds(p) {
			p.Holds = ""
			var f *failed
			limit := CompileTime(len(m.request.Wasm), m.deadline())
			whole := limit + time.Second
			if m.request.Timed {
				whole += limit
			}
			err := m.runner.alone(len(m.request.Wasm), func() error {
				return p.Do(ctx, sandbox.Job{Kind: compileJob, Request: m.request, Answer: &f, Told: m.runner.cacheFault,
					Call: limit, Whole: whole})
			})
			if err == nil {
				err = f.err()
			}
			if err != nil {
				return err
			}
			p.Holds = m.key
		}
		return do(p)
	})
}

// alone compiles a module of so many bytes. Of the large ones one at a time may take most of the memory that there is.
func (r *Runner) alone(bytes int, compile func() error) error {
	if bytes > largeModule {
		r.large.Lock()
		defer r.large.Unlock()
	}
	return compile()
}

// CompileTime is how long the compilation of a module of so many bytes may take, where a call may take deadline.
func CompileTime(bytes int, deadline time.Duration) time.Duration {
	return (deadline + mebibyteDeadlines*deadline*time.Duration(bytes)/(1<<20)).Round(time.Millisecond)
}

// Do gives a job to a process that holds the module. Job.Call is the runner's deadline unless it is set. The error is a
// *host.Failure when the process had to be ended.
func (m *Module) Do(ctx context.Context, j sandbox.Job) error {
	j.Call = cmp.Or(j.Call, m.deadline()+m.grace())
	err := m.use(ctx, func(p *sandbox.Process) error { return p.Do(ctx, j) })
	if f := m.failure(err); f != nil {
		return f
	}
	return err
}

// job is a job on a case.
func (m *Module) job(kind string, r one, answer any) sandbox.Job {
	return sandbox.Job{Kind: kind, Request: r, Answer: answer, Call: m.deadline() + m.grace(),
		Whole: caseDeadlines*m.deadline() + repetitionTime*time.Duration(repetitions(&r.Case))}
}

func (m *Module) deadline() time.Duration { return time.Duration(m.request.Options.Deadline) }

// grace is how much longer than its deadline a call may take: the host ends a loop itself, and knows more of it.
func (m *Module) grace() time.Duration { return min(m.deadline(), 500*time.Millisecond) }

func repetitions(c *table.Case) (n int) {
	for i := range c.Steps {
		n += c.Steps[i].Times
	}
	return n
}

// failure is an error of a process that was killed as the failure of the module; any other is nil.
func (m *Module) failure(err error) *host.Failure {
	var e *sandbox.Ended
	if !errors.As(err, &e) || e.Why == sandbox.Died {
		return nil
	}
	f := &host.Failure{Kind: host.DeadlineExceeded, In: cmp.Or(e.In, "the host")}
	switch {
	case e.Why != sandbox.OutOfMemory && e.In == host.Compilation:
		f.Reason = fmt.Sprintf("it took longer than %v", e.Limit)
	case e.Why == sandbox.CallTooLong:
		f.Reason = fmt.Sprintf(callTooLong+"%v", m.deadline())
	case e.Why == sandbox.StepTooLong:
		f.Reason = fmt.Sprintf("a part of the case took longer than %v, and no call longer than %v", e.Limit, m.deadline())
	case e.Why == sandbox.WholeTooLong:
		f.Reason = fmt.Sprintf("the case took longer than %v", e.Limit)
	case e.Why == sandbox.OutOfMemory:
		f.Kind, f.Reason = host.OutOfMemory, fmt.Sprintf("the module takes more than %d MiB of this program's memory",
			(memory+int64(m.request.Options.MemoryPages)<<16)>>20)
	}
	return f
}

// Observe is suite.Observe in a process. Of a case whose process was killed only the failure is known.
func (m *Module) Observe(ctx context.Context, c *table.Case, good *table.Request) (suite.Observation, error) {
	if m.slow(0) {
		return suite.Observation{Failure: &suite.Failure{Kind: host.DeadlineExceeded.String(), In: "all callbacks",
			Reason: fmt.Sprintf("the cases before it took %v longer than usual", patience),
			Place:  suite.Place{Step: suite.Unplaced}}}, nil
	}
	begun := time.Now()
	var s seen
	err := m.use(ctx, func(p *sandbox.Process) error {
		begun = time.Now()
		return p.Do(ctx, m.job(observeJob, one{Case: *c, Good: good}, &s))
	})
	m.slow(time.Since(begun) - usual - repetitionTime*time.Duration(repetitions(c)))
	return m.seen(s, err)
}

// slow counts time beyond the usual, and says whether it is too much.
func (m *Module) slow(over time.Duration) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.over += max(0, over)
	return m.over > patience
}

func (m *Module) seen(s seen, err error) (suite.Observation, error) {
	if f := m.failure(err); f != nil {
		return suite.Observation{Failure: &suite.Failure{Kind: f.Kind.String(), In: f.In, Reason: f.Reason,
			Place: suite.Place{Step: suite.Unplaced}}}, nil
	}
	if err != nil {
		return suite.Observation{}, err
	}
	return s.Observation, s.Failed.err()
}

// TraceAll runs a case with a trace, each step at most repeat times. step gets what was traced until the case ended,
// however it did; of the Observation only the Failure is there.
func (m *Module) TraceAll(ctx context.Context, c *table.Case, good *table.Request, repeat int,
	step func(suite.StepTrace)) (suite.Observation, error) {
	var s seen
	err := m.use(ctx, func(p *sandbox.Process) error {
		j := m.job(traceJob, one{Case: *c, Good: good, Repeat: repeat}, &s)
		j.Told = func(read func(any) error) {
			var t suite.StepTrace
			if read(&t) == nil {
				step(t)
			}
		}
		return p.Do(ctx, j)
	})
	return m.seen(s, err)
}

// Engine is what suite.Run runs the module's cases on.
func (r *Runner) Engine(environment []host.Variable) func(context.Context, *table.Table, []byte) (suite.Engine, error) {
	return func(ctx context.Context, _ *table.Table, wasm []byte) (suite.Engine, error) {
		h := r.options
		h.Environment = slices.Concat(h.Environment, environment)
		o := optionsOf(h)
		o.Unchecked = true
		m, err := r.compileWith(ctx, wasm, o)
		if err != nil {
			return nil, err
		}
		return engine{m}, nil
	}
}

// engine runs cases without the deadline of the host, which looks at each loop of the guest whether it is over: that
// takes more than half of the time of a table. A call that takes too long is ended with its process, and then the case
// is run again with the deadline, which tells more of it.
type engine struct{ *Module }

func (e engine) Observe(ctx context.Context, c *table.Case, good *table.Request) (suite.Observation, error) {
	o, err := e.Module.Observe(ctx, c, good)
	if f := o.Failure; err != nil || f == nil || !strings.HasPrefix(f.Reason, callTooLong) {
		return o, err
	}
	if checked, err := e.checked(ctx); err == nil {
		if again, err := checked.Observe(ctx, c, good); err == nil {
			return again, nil
		}
	}
	return o, ctx.Err()
}

// checked is the module with the deadline of the host.
func (e engine) checked(ctx context.Context) (*Module, error) {
	o := e.request.Options
	o.Unchecked = false
	return e.runner.compileWith(ctx, e.request.Wasm, o)
}

// Trace runs a case again, and gives the calls around a failure.
func (e engine) Trace(ctx context.Context, c *table.Case, good *table.Request, at suite.Place) []report.TraceLine {
	m, err := e.checked(ctx)
	if err != nil {
		return nil
	}
	var lines []report.TraceLine
	err = m.use(ctx, func(p *sandbox.Process) error {
		return p.Do(ctx, m.job(linesJob, one{Case: *c, Good: good, At: at}, &lines))
	})
	if err != nil {
		return nil // it was red without them
	}
	return lines
}

// Close leaves the processes to the runner.
func (e engine) Close() {}
