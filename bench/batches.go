package bench

import (
	"context"
	"runtime"
	"slices"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"

	"github.com/header-auth/header-auth/internal/clock"
)

// warmBatches is how many batches run before the first that counts: by then a garbage collector's heap has grown.
const warmBatches = 3

// batches times batches of whole requests. Every contestant runs once a round, in a new order each round, so that other
// work on the machine slows all of them alike.
func (w *worker) batches(ctx context.Context) error {
	quiet()
	for instance := range w.Plan.Instances {
		t, err := w.newContest(ctx)
		if err != nil {
			return err
		}
		for n, i := range w.random.Perm(len(w.cases)) {
			if ctx.Err() != nil {
				break
			}
			if err := w.batchesOf(ctx, t, &w.cases[i], instance); err != nil {
				t.close(ctx)
				return err
			}
			share := float64(instance*len(w.cases)+n+1) / float64(w.Plan.Instances*len(w.cases))
			if err := w.tell(finding{Share: share}); err != nil {
				t.close(ctx)
				return err
			}
		}
		t.close(ctx)
	}
	return nil
}

func (w *worker) batchesOf(ctx context.Context, t *contest, c *table.Case, instance int) error {
	contestants, err := t.enter(ctx, c, suite.ObserveOptions{})
	if err != nil {
		return err
	}
	defer func() { w.leave(ctx, contestants, c) }()
	nanos := map[*contestant][]float64{}
	for round := range warmBatches + w.Plan.Rounds {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if round == warmBatches {
			runtime.GC()
		}
		w.random.Shuffle(len(contestants), func(i, j int) { contestants[i], contestants[j] = contestants[j], contestants[i] })
		for _, e := range slices.Clone(contestants) {
			requests := w.batch(c.ID, e.name)
			w.at(e, c, requests)
			begin := clock.Now()
			err := e.loop.Run(requests)
			took := clock.Now() - begin
			if err == nil {
				err = e.loop.Check(ctx)
			}
			if err != nil {
				if contestants, err = w.drop(ctx, contestants, e, c, err); err != nil {
					return err
				}
				delete(nanos, e)
				continue
			}
			if round >= warmBatches {
				nanos[e] = append(nanos[e], float64(took.Nanoseconds())/float64(requests))
			}
		}
	}
	for _, e := range contestants {
		s := evidence.Batches{Scenario: c.ID, Contestant: e.name, Process: w.Number, Instance: instance, Nanos: nanos[e]}
		if n := w.batch(c.ID, e.name); n != w.Plan.Requests {
			s.Requests = n
		}
		if err := w.tell(finding{Batches: &s}); err != nil {
			return err
		}
	}
	return nil
}
