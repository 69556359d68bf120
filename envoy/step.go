package envoy

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
)

// step runs a step as often as it says.
func (r *run) step(ctx context.Context, number int, s *table.Step) error {
	var step suite.Step
	for i := 1; i <= max(1, s.Times) && r.seen.Failure == nil; i++ {
		r.place = suite.Place{Step: number, Repetition: i}
		if err := r.force(ctx, s.Faults); err != nil {
			return err
		}
		r.lane.mu.Lock()
		r.answers.Step(s.Clusters)
		r.lane.mu.Unlock()
		if err := r.useClusters(ctx, s.Clusters); err != nil {
			return err
		}
		e, err := r.do(ctx, s)
		if err != nil {
			return err
		}
		e.Effects = r.effects()
		if failure := r.died(); s.Want.Trap != "" {
			e.Failure = failure
		} else {
			r.seen.Failure = failure
		}
		add(&step, e)
		if err := r.force(ctx, nil); err != nil {
			return err
		}
	}
	r.lane.mu.Lock()
	r.answers.Step(nil)
	r.lane.mu.Unlock()
	var err error
	step.Metrics, err = r.metrics(ctx)
	r.seen.Steps = append(r.seen.Steps, step)
	return err
}

// add notes one more repetition.
func add(s *suite.Step, e suite.Exchange) {
	if last := len(s.Runs) - 1; last >= 0 && reflect.DeepEqual(s.Runs[last].Exchange, e) {
		s.Runs[last].Times++
		return
	}
	s.Runs = append(s.Runs, suite.RepeatedRun{Times: 1, Exchange: e})
}

// do does a step once.
func (r *run) do(ctx context.Context, s *table.Step) (seen suite.Exchange, err error) {
	var e *exchange
	switch {
	case s.Request != nil && s.Stream == "":
		if e, err = r.whole(ctx, cmp.Or(s.Plugin, table.Main), s.Request); err != nil {
			return seen, err
		}
	case s.Request != nil:
		e, err = r.open(ctx, cmp.Or(s.Plugin, table.Main), s.Stream, s.Request)
		if err != nil {
			return seen, err
		}
		r.streams = append(r.streams, e)
		if !s.HeadersOnly {
			e.upload()
		}
		err = r.settle(ctx)
	case s.Exchanges():
		e, err = r.carryOn(ctx, s)
	case s.Answer != nil:
		if s.Answer.GRPC {
			seen.Problem = r.answerGRPC(s.Answer)
		} else {
			seen.Problem = r.answer(s.Answer)
		}
		err = r.settle(ctx)
	case s.Configure != nil:
		seen.Refused, err = r.configure(ctx, s.Configure)
	case s.Jump != 0:
		r.lane.clock.SetTime(r.lane.clock.Time().Add(s.Jump))
		err = r.settle(ctx)
	default:
		err = r.advance(ctx, s.Advance)
	}
	if err != nil {
		return seen, err
	}
	problem, refused := seen.Problem, seen.Refused
	if e != nil {
		seen = r.record(e)
	} else if s.Exchanges() {
		problem = "the stream was never opened"
	}
	seen.Problem, seen.Refused = problem, refused
	seen.Others = r.others(s.StreamName())
	return seen, nil
}

// whole takes a request through everything and to its end.
func (r *run) whole(ctx context.Context, plugin string, request *table.Request) (*exchange, error) {
	e, err := r.open(ctx, plugin, "", request)
	if err != nil {
		return nil, err
	}
	for _, part := range []func(){e.upload, e.respond} {
		part()
		if err := r.settle(ctx); err != nil {
			return nil, err
		}
	}
	return e, r.leave(ctx, e)
}

// open begins an exchange.
func (r *run) open(ctx context.Context, plugin, name string, request *table.Request) (*exchange, error) {
	l := r.lane
	e := &exchange{lane: l, name: name, plugin: plugin, request: request, packer: r.packer,
		packed: l.groups || packs(request)}
	l.mu.Lock()
	e.id = fmt.Sprintf("%s-%d", r.name, len(l.upstream.waiting))
	l.upstream.waiting[e.id] = e
	r.opening = e
	l.mu.Unlock()
	if err := e.send(r.listener(plugin)); err != nil {
		return nil, err
	}
	return e, r.settle(ctx)
}

// leave ends an exchange for its client, and takes down how it was.
func (r *run) leave(ctx context.Context, e *exchange) error {
	e.leave()
	err := r.settle(ctx)
	r.lane.mu.Lock()
	defer r.lane.mu.Unlock()
	e.last = r.look(e)
	return err
}

// carryOn does what a step says to a stream that is open.
func (r *run) carryOn(ctx context.Context, s *table.Step) (*exchange, error) {
	at := slices.IndexFunc(r.streams, func(e *exchange) bool { return e.name == s.StreamName() })
	if at < 0 {
		return nil, nil
	}
	e := r.streams[at]
	if s.Upload != "" || s.Finish != "" {
		e.upload()
		if err := r.settle(ctx); err != nil {
			return nil, err
		}
	}
	if s.Respond != "" || s.Finish != "" {
		e.respond()
		if err := r.settle(ctx); err != nil {
			return nil, err
		}
	}
	if s.Finish != "" || s.Close != "" {
		r.streams = slices.Delete(r.streams, at, at+1)
		r.lane.mu.Lock()
		r.opening = e
		r.lane.mu.Unlock()
		return e, r.leave(ctx, e)
	}
	return e, r.settle(ctx)
}

// answer answers a call that waits; it says why it could not.
func (r *run) answer(a *table.Answered) string {
	r.lane.mu.Lock()
	defer r.lane.mu.Unlock()
	number := 0
	for _, c := range r.calls {
		if c.vm != r.machines[0] {
			continue
		}
		number++
		waits := c.visit != nil && !c.visit.ended
		switch {
		case a.Call == number && !waits:
			return "the call is done already"
		case a.Call == number, a.Call == 0 && waits:
			c.visit.answer(&a.Answer)
			return ""
		}
	}
	return "no such call waits"
}

// force puts the faults of a step in force.
func (r *run) force(ctx context.Context, set []table.HostFault) error {
	if len(set) == 0 && !r.faulty {
		return nil
	}
	r.faulty = len(set) > 0
	return r.lane.force(ctx, r.sets[faultKey(set)])
}
