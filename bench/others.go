package bench

import (
	"context"
	"fmt"
	"os"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/load"
)

// The tasks of a worker that need no contest, and counting.

func (w *worker) startup(ctx context.Context) error {
	c, wasm, err := w.single()
	if err != nil {
		return err
	}
	w.note(0, w.scenario(c), w.compileTime(len(wasm))+w.within(1))
	s, mended, err := measureStartup(ctx, wasm, w.optionsOf(w.Modules[0]), c, w.Cached, w.CacheDir)
	switch {
	case err != nil:
		return w.refuseBuild(err)
	case mended: // it was compiled, and took the time of a cold start-up
		return w.tell(finding{Mended: true})
	}
	s.Build, s.Sample = w.Modules[0].Build, w.Number
	return w.tell(finding{Startup: &s})
}

func (w *worker) soak(ctx context.Context) error {
	wasm, err := os.ReadFile(w.Modules[0].Path)
	if err != nil {
		return err
	}
	m, err := w.compile(ctx, 0, wasm, w.optionsOf(w.Modules[0]))
	if err != nil {
		return err
	}
	defer m.Close(ctx)
	c, most := &w.cases[0], w.Plan.SoakRequests
	if w.options.Allocator == load.EnvoyOrder {
		most *= longest
	}
	tell := func(found evidence.Memory, share float64) error {
		found.Build, found.Allocator = w.Modules[0].Build, w.Host.Allocator
		return w.tell(finding{Memory: &found, Share: share})
	}
	w.alone(c, repetitions(c))
	found, err := soak(ctx, m, c, w.Plan.SoakRequests, most, func() { w.alone(c, stretch) }, func(found evidence.Memory) {
		_ = tell(found, min(1, float64(found.Requests)/float64(w.Plan.SoakRequests)))
	})
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return w.tell(finding{Refused: &evidence.Refused{Build: w.Modules[0].Build, Scenario: c.ID,
			Reason: fmt.Sprintf("%s: %v", w.Kind, err)}})
	}
	return tell(found, 0)
}

func (w *worker) resident(ctx context.Context) error {
	c, wasm, err := w.single()
	if err != nil {
		return err
	}
	w.note(0, w.scenario(c), w.compileTime(len(wasm)))
	found, err := resident(ctx, wasm, w.optionsOf(w.Modules[0]), c, w.Plan.ResidentVMs, func() { w.alone(c, warmUp) })
	if err != nil {
		return w.refuseBuild(err)
	}
	found.Build, found.Sample = w.Modules[0].Build, w.Number
	return w.tell(finding{Resident: &found})
}

// witnesses counts calls and bytes of one request. Two requests in a row must have the same counts.
func (w *worker) witnesses(ctx context.Context) error {
	t, err := w.newContest(ctx)
	if err != nil {
		return err
	}
	defer t.close(ctx)
	for i := range w.cases {
		c := &w.cases[i]
		contestants, err := t.enter(ctx, c, suite.ObserveOptions{Trace: func(suite.StepTrace) {}})
		if err != nil {
			return err
		}
		for _, e := range contestants {
			if err := w.witness(ctx, e, c); err != nil {
				w.leave(ctx, contestants, c)
				return err
			}
		}
		w.leave(ctx, contestants, c)
	}
	return nil
}

func (w *worker) witness(ctx context.Context, e *contestant, c *table.Case) error {
	w.at(e, c, warmBatches*w.Plan.Requests)
	var counted [2]evidence.Witness
	for i := range counted {
		before := e.loop.VM().Traffic()
		if err := e.loop.Run(1); err != nil {
			return w.refuse(e, c, err)
		}
		after := e.loop.VM().Traffic()
		counted[i] = evidence.Witness{Build: e.name, Scenario: c.ID,
			ToGuest: after.ToGuest - before.ToGuest, ToHost: after.ToHost - before.ToHost,
			BytesToGuest: after.BytesToGuest - before.BytesToGuest, BytesToHost: after.BytesToHost - before.BytesToHost}
	}
	if counted[0] != counted[1] {
		return w.refuse(e, c, fmt.Errorf("two requests in a row differ: %+v and %+v", counted[0], counted[1]))
	}
	// untraced: traces of thousands of requests would fill the host's memory
	warm, err := suite.NewLoop(ctx, e.module, c, suite.ObserveOptions{})
	if err != nil {
		return w.refuse(e, c, err)
	}
	defer warm.Close(ctx)
	if err := warm.Run(warmBatches * w.Plan.Requests); err != nil {
		return w.refuse(e, c, err)
	}
	counted[0].Pages = int(warm.VM().Memory() >> 16)
	return w.tell(finding{Witness: &counted[0]})
}

// single is the one case and the one module of a task on start-up or resident memory.
func (w *worker) single() (c *table.Case, wasm []byte, err error) {
	if c, err = single(w.cases); err != nil {
		return nil, nil, err
	}
	wasm, err = os.ReadFile(w.Modules[0].Path)
	return c, wasm, err
}

// refuseBuild reports that a build has none of these numbers.
func (w *worker) refuseBuild(err error) error {
	return w.tell(finding{Refused: &evidence.Refused{Build: w.Modules[0].Build,
		Reason: fmt.Sprintf("%s: %v", w.Kind, err)}})
}

// single is the first case of one request: a start-up ends with it, and VMs are warmed with it.
func single(cases []table.Case) (*table.Case, error) {
	for i := range cases {
		if _, err := newExchange(&cases[i]); err == nil {
			return &cases[i], nil
		}
	}
	return nil, fmt.Errorf("%d cases, expected one of a single request among them", len(cases))
}

// allowedAndRefused are the first case that is allowed and the first that is refused, both of one request and without a
// configuration. Where one of them is missing, the other is returned twice.
func allowedAndRefused(cases []table.Case) (allow, refuse *table.Case, err error) {
	for i := range cases {
		e, err := newExchange(&cases[i])
		switch {
		case err != nil || cases[i].Config != nil:
		case e.refused && refuse == nil:
			refuse = &cases[i]
		case !e.refused && allow == nil:
			allow = &cases[i]
		}
	}
	switch {
	case allow == nil && refuse == nil:
		return nil, nil, fmt.Errorf("%d cases, expected one of a single request without a configuration among them",
			len(cases))
	case allow == nil:
		allow = refuse
	case refuse == nil:
		refuse = allow
	}
	return allow, refuse, nil
}
