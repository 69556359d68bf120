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

// warmBatches is how many batches run before the first that counts: a collector's heap has grown by then.
const warmBatches = 3

// speed times batches of whole requests. Every entrant runs once a round, in a new order each round, so that whatever
// else the machine does hits all of them alike.
func (w *worker) speed(ctx context.Context) error {
	quiet()
	for instance := range w.Plan.Instances {
		f, err := w.newField(ctx)
		if err != nil {
			return err
		}
		for n, i := range w.random.Perm(len(w.cases)) {
			if ctx.Err() != nil {
				break
			}
			if err := w.speedOf(ctx, f, &w.cases[i], instance); err != nil {
				f.close(ctx)
				return err
			}
			share := float64(instance*len(w.cases)+n+1) / float64(w.Plan.Instances*len(w.cases))
			if err := w.tell(Found{Share: share}); err != nil {
				f.close(ctx)
				return err
			}
		}
		f.close(ctx)
	}
	return nil
}

func (w *worker) speedOf(ctx context.Context, f *field, c *table.Case, instance int) error {
	entrants, err := f.enter(ctx, c, suite.ObserveOptions{})
	if err != nil {
		return err
	}
	defer func() { leave(ctx, entrants) }()
	nanos := map[*entrant][]float64{}
	for round := range warmBatches + w.Plan.Rounds {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if round == warmBatches {
			runtime.GC()
		}
		w.random.Shuffle(len(entrants), func(i, j int) { entrants[i], entrants[j] = entrants[j], entrants[i] })
		for _, e := range slices.Clone(entrants) {
			begin := clock.Now()
			err := e.loop.Run(w.Plan.Requests)
			took := clock.Now() - begin
			if err == nil {
				err = e.loop.Check(ctx)
			}
			if err != nil {
				if entrants, err = w.drop(ctx, entrants, e, c, err); err != nil {
					return err
				}
				delete(nanos, e)
				continue
			}
			if round >= warmBatches {
				nanos[e] = append(nanos[e], float64(took.Nanoseconds())/float64(w.Plan.Requests))
			}
		}
	}
	for _, e := range entrants {
		s := evidence.Speed{Scenario: c.ID, Entrant: e.name, Process: w.Number, Instance: instance, Nanos: nanos[e]}
		if err := w.tell(Found{Speed: &s}); err != nil {
			return err
		}
	}
	return nil
}
