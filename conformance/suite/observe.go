package suite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// Options say how much of a case is run and what is kept of it. The zero value runs all of it once.
type Options struct {
	Good   *table.Request // sent after the case in the same VM, and must be allowed; nil: none
	Repeat int            // most repetitions of a step; 0: as many as the case says
	Until  Place          // the last one to be run; zero: the end of the case
	Trace  func(Passage)  // is given each part of the case with what crossed the border; nil: nothing is traced
}

// Passage is what crossed the border between host and guest in one repetition of a step.
type Passage struct {
	Place
	Crossings []Crossing
}

// Crossing is one call over the border, and its result.
type Crossing struct {
	ToGuest bool
	Depth   int // 0: the host called of its own accord
	Text    string
}

// Good is the request that must be allowed after the case; nil if it wants none.
func Good(contract *table.Contract, c *table.Case) *table.Request {
	switch {
	case c.GoodNone, !c.Start.Accepted:
		return nil
	case c.Good != nil:
		return c.Good
	}
	return contract.Good
}

// deadlineExceeded is the Kind of a Failure that says nothing about the rest of the case.
var deadlineExceeded = host.DeadlineExceeded.String()

// epoch is when every case begins, so that no clock makes two runs differ.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Observe runs a case in a VM of its own, with a clock that stands still and random numbers that are always the same.
//
// The error says why the case could not be run; whatever the plugin does once it is asked to configure itself is in the
// Observation, a trap too.
func Observe(ctx context.Context, m *host.Module, c *table.Case, o Options) (_ Observation, err error) {
	r := run{options: o, steps: len(c.Steps), metrics: metrics{set: host.NewMetrics()}}
	config := host.VMConfig{
		Clock:   host.NewManualClock(epoch),
		Random:  rand.NewChaCha8([32]byte{}),
		Log:     r.log,
		Metrics: r.metrics.set,
		Trace:   o.Trace != nil,
	}
	if slices.ContainsFunc(c.Steps, func(s table.Step) bool { return len(s.Faults) > 0 }) {
		config.Intercept = r.faults.intercept // only then: host calls take longer with it
	}
	if r.vm, err = m.NewVM(ctx, config); err != nil {
		return Observation{}, fmt.Errorf("start virtual machine: %w", err)
	}
	defer r.vm.Close(ctx)
	if err := r.start(ctx, c); err != nil {
		return Observation{}, err
	}
	for i := range c.Steps {
		if !r.step(i+1, &c.Steps[i]) {
			return r.seen, nil
		}
	}
	if r.plugin != nil && o.Good != nil {
		r.place = Place{r.steps + 1, 1}
		good := r.exchange(NewExchanger(o.Good))
		r.passed()
		r.seen.Good = &good
	}
	return r.seen, nil
}

// run is one case being observed.
type run struct {
	options Options
	steps   int
	vm      *host.VM
	plugin  *host.Plugin
	seen    Observation
	place   Place
	traced  int // crossings handed over so far

	logs    []Log // since the last effects
	logged  int   // bytes of them
	calls   int   // seen so far
	metrics metrics
	faults  faults
}

func (r *run) start(ctx context.Context, c *table.Case) (err error) {
	r.plugin, err = r.vm.NewPlugin(ctx, host.PluginConfig{Name: "plugin", Configuration: c.Config})
	r.seen.Start = Start{Accepted: err == nil, Effects: r.effects()}
	r.passed()
	if err == nil || errors.Is(err, host.ErrConfigureRefused) || r.seen.Failure != nil {
		return nil
	}
	return fmt.Errorf("start plugin: %w", err)
}

// step runs a step as often as it says, and reports whether the case goes on.
func (r *run) step(number int, s *table.Step) bool {
	if r.plugin == nil || r.seen.Failure != nil {
		return false
	}
	var exchanger *Exchanger
	if s.Request != nil {
		exchanger = NewExchanger(s.Request)
	}
	times := max(1, s.Times)
	if r.options.Repeat > 0 {
		times = min(times, r.options.Repeat)
	}
	r.faults = s.Faults
	defer func() { r.faults = nil }()
	before := r.vm.Memory()
	var step Step
	goesOn := true
	for i := 1; i <= times && goesOn; i++ {
		r.place = Place{number, i}
		var e Exchange
		if exchanger != nil {
			e = r.exchange(exchanger)
		} else {
			_ = r.vm.Advance(s.Advance) // the VM's failure, which passed looks for
			e.Effects = r.effects()
		}
		step.add(e)
		r.passed()
		goesOn = r.seen.Failure == nil && r.place != r.options.Until
		step.Growth = int(r.vm.Memory()) - int(before)
		if s.Want.MemoryBounded && step.Growth > s.Want.MemoryGrowth {
			break // linear memory never shrinks: the verdict stands, and a leak makes what follows slow
		}
	}
	r.seen.Steps = append(r.seen.Steps, step)
	return goesOn
}

// add notes one more repetition.
func (s *Step) add(e Exchange) {
	if last := len(s.Runs) - 1; last >= 0 && reflect.DeepEqual(s.Runs[last].Exchange, e) {
		s.Runs[last].Times++
		return
	}
	s.Runs = append(s.Runs, Equal{1, e})
}

func (r *run) exchange(e *Exchanger) Exchange {
	// Raw: the table speaks to the plugin, not to Envoy's codecs, which would keep some hostile requests from it.
	s := r.plugin.NewStream(host.StreamConfig{Raw: true})
	e.Drive(s)
	seen := snapshot(s)
	s.Release()
	seen.Effects = r.effects()
	return seen
}

// passed hands over what crossed since the last time, and notes the end of the VM.
func (r *run) passed() {
	if f := r.vm.Failure(); f != nil && r.seen.Failure == nil {
		r.seen.Failure = &Failure{Kind: f.Kind.String(), In: f.In, Reason: f.Reason, Place: r.place}
	}
	if r.options.Trace == nil {
		return
	}
	p := Passage{Place: r.place}
	all := r.vm.Crossings()
	for _, c := range all[r.traced:] {
		p.Crossings = append(p.Crossings, Crossing{c.ToGuest, c.Depth, strings.TrimLeft(c.String(), " ")})
	}
	r.traced = len(all)
	r.options.Trace(p)
}
