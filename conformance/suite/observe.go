package suite

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/process"
	"github.com/header-auth/header-auth/report"
)

// ObserveOptions say how much of a case is run. The zero value runs all of it once, without a trace.
type ObserveOptions struct {
	Good   *table.Request  // sent after the case in the same VM, and must be allowed; nil: none
	Repeat int             // most repetitions of a step; 0: as many as the case says
	Until  Place           // the last that is run; zero: the end of the case
	Trace  func(StepTrace) // called after each repetition of a step; nil: nothing is traced
}

// StepTrace is all calls between host and guest in one repetition of a step.
type StepTrace struct {
	Place
	Lines []report.TraceLine
}

// Good is the request that must be allowed after the case; nil if the case wants none.
func Good(contract *table.Contract, c *table.Case) *table.Request {
	switch {
	case c.GoodNone, !c.Start.Accepted:
		return nil
	case c.Good != nil:
		return c.Good
	}
	return contract.Good
}

// deadlineExceeded is the Kind of a Failure of a call that took too long.
var deadlineExceeded = host.DeadlineExceeded.String()

// epoch is when every case begins, so that no clock makes two runs differ.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Observe runs a case in a VM of its own, with a clock that stands still and random numbers that are always the same.
//
// The error says why the case could not be run. Everything from on_configure on is in the Observation, a trap too.
func Observe(ctx context.Context, m *host.Module, c *table.Case, o ObserveOptions) (_ Observation, err error) {
	r, err := newRun(ctx, m, c, o)
	if err != nil {
		return Observation{}, err
	}
	defer r.close(ctx)
	if err := r.start(ctx, c); err != nil {
		return Observation{}, err
	}
	for i := range c.Steps {
		if !r.step(ctx, i+1, &c.Steps[i]) {
			return r.seen, nil
		}
	}
	if len(r.plugins) > 0 && o.Good != nil {
		r.place = Place{r.steps + 1, 1}
		good := r.exchange(r.plugins[0], o.Good)
		good.Effects = r.effects()
		r.seen.Good, r.seen.Metrics, r.seen.Failure = &good, r.metrics.changed(), r.failure()
		r.passed()
	}
	return r.seen, nil
}

// newRun makes the VM of a case.
func newRun(ctx context.Context, m *host.Module, c *table.Case, o ObserveOptions, environment ...host.Variable) (r *run,
	err error) {
	r = &run{options: o, steps: len(c.Steps), metrics: metrics{set: process.NewMetrics()},
		upstreams: upstreams{Answers: NewAnswers(c.Clusters)}, policy: policyOf(c.FailurePolicy),
		bodyWhileHeld: c.BodyWhileHeld, world: &c.World}
	begin := epoch
	if !c.Clock.IsZero() {
		begin = c.Clock
	}
	config := host.VMConfig{
		ID:            c.World.VM.ID,
		Configuration: c.World.VM.Config,
		Environment:   slices.Concat(environment, variables(c.World.VM.Environment)),
		Node:          nodeOf(c.World.Node),
		Clock:         host.NewManualClock(begin),
		Random:        randomOf(c.World.Random),
		Log:           r.log,
		Effect:        r.tell,
		Clusters:      r.upstreams.state,
		Upstream:      r.upstreams.answer,
		GrpcUpstream:  r.upstreams.answerGRPC,
		Metrics:       r.metrics.set,
		Trace:         o.Trace != nil,
	}
	if len(c.Start.Faults) > 0 || slices.ContainsFunc(c.Steps, func(s table.Step) bool { return len(s.Faults) > 0 }) {
		config.Intercept = r.faults.intercept // only then: host calls take longer with it
	}
	if err := r.makeMachines(ctx, m.Options(), c, &config); err != nil {
		r.close(ctx)
		return nil, err
	}
	if r.vm, err = m.NewVM(ctx, config); err != nil {
		r.close(ctx)
		return nil, fmt.Errorf("start virtual machine: %w", err)
	}
	return r, nil
}

// run is one case being observed.
type run struct {
	options       ObserveOptions
	steps         int
	policy        host.FailurePolicy
	bodyWhileHeld bool
	world         *table.World
	vm            *host.VM
	machines      []*machine // VMs of the chain's other modules
	chain         chain
	plugins       []*plugin // that take new streams; the first is the case's own
	streams       []*stream // that are open, with a name
	nameless      stream    // the last that had no name
	seen          Observation
	place         Place
	failed        *host.Failure // the last that was seen
	traced        int           // crossings handed over so far

	logs      []table.Log    // since the last effects
	logged    int            // bytes of them
	calls     int            // seen so far
	told      []table.Effect // since the last effects
	grpc      grpcCalls
	grpcMade  int  // gRPC calls so far
	deaf      bool // effects are not noted
	metrics   metrics
	faults    faults
	upstreams upstreams
}

func (r *run) start(ctx context.Context, c *table.Case) error {
	r.faults.begin(c.Start.Faults)
	err := r.startAll(ctx, c)
	r.faults.begin(nil)
	r.seen.Start = Start{Accepted: err == nil, Effects: r.effects(), Metrics: r.metrics.changed()}
	r.seen.Failure = r.failure()
	r.passed()
	if err == nil || errors.Is(err, host.ErrConfigureRefused) || r.seen.Failure != nil {
		return nil
	}
	return fmt.Errorf("start plugin: %w", err)
}

// step runs a step as often as it says, and reports whether the case goes on.
func (r *run) step(ctx context.Context, number int, s *table.Step) bool {
	if len(r.plugins) == 0 || r.seen.Failure != nil {
		return false
	}
	times := max(1, s.Times)
	if r.options.Repeat > 0 {
		times = min(times, r.options.Repeat)
	}
	before := r.vm.Memory()
	var step Step
	goesOn := true
	for i := 1; i <= times && goesOn; i++ {
		r.place = Place{number, i}
		r.faults.begin(s.Faults)
		r.upstreams.Step(s.Clusters)
		e := r.do(ctx, s)
		r.faults.begin(nil)
		r.upstreams.Step(nil)
		if failure := r.failure(); s.Want.Trap != "" {
			e.Failure = failure
		} else {
			r.seen.Failure = failure
		}
		step.add(e)
		r.passed()
		goesOn = r.seen.Failure == nil && r.place != r.options.Until
		step.Growth = int(r.vm.Memory()) - int(before)
		if s.Want.MemoryBounded && step.Growth > s.Want.MemoryGrowth {
			break // linear memory never shrinks, so the mismatch stays; and a leak makes the rest slow
		}
	}
	step.Metrics = r.metrics.changed()
	r.seen.Steps = append(r.seen.Steps, step)
	return goesOn
}

// do does a step once.
func (r *run) do(ctx context.Context, s *table.Step) (e Exchange) {
	m := r.move(ctx, s)
	defer m.release()
	e = m.record()
	e.Others = r.others(s.StreamName())
	e.Effects = r.effects()
	return e
}

// add notes one more repetition.
func (s *Step) add(e Exchange) {
	if last := len(s.Runs) - 1; last >= 0 && reflect.DeepEqual(s.Runs[last].Exchange, e) {
		s.Runs[last].Times++
		return
	}
	s.Runs = append(s.Runs, RepeatedRun{1, e})
}

// failure is that of the VM, if it is new.
func (r *run) failure() *Failure {
	for _, m := range r.machines {
		if f := m.failure(); f != nil {
			f.Place = r.place
			return f
		}
	}
	f := r.vm.Failure()
	if f == nil || f == r.failed {
		return nil
	}
	r.failed = f
	details := append(r.upstreams.lacks(), f.Details()...)
	return &Failure{Kind: f.Kind.String(), In: f.In, Reason: f.Reason, Details: details, Place: r.place}
}

// passed gives the crossings since the last call to options.Trace.
func (r *run) passed() {
	if r.options.Trace == nil {
		return
	}
	p := StepTrace{Place: r.place}
	all := r.vm.Crossings()
	for _, c := range all[r.traced:] {
		p.Lines = append(p.Lines, report.TraceLine{ToGuest: c.ToGuest, Depth: c.Depth,
			Text: strings.TrimLeft(c.String(), " ")})
	}
	r.traced = len(all)
	r.options.Trace(p)
}
