package envoy

import (
	"context"
	"errors"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/obtain"
	"github.com/header-auth/header-auth/envoy/rewrite"
)

// Engine runs cases of one module on Envoys of its own.
type Engine struct {
	program          string
	watched, failing []byte
	sets             map[string]int
	lanes            chan *lane // idle ones; nil: may be started
}

// New makes an engine that runs as many cases at once as it has Envoys. They are started when they are needed first.
func New(e obtain.Envoy, t *table.Table, wasm []byte, envoys int) (*Engine, error) {
	g := &Engine{program: e.Path, sets: map[string]int{"": 0}, lanes: make(chan *lane, envoys)}
	var sets [][]table.HostFault
	note := func(set []table.HostFault) {
		if key := faultKey(set); len(set) > 0 && g.sets[key] == 0 {
			sets = append(sets, set)
			g.sets[key] = len(sets)
		}
	}
	for _, c := range t.Cases() {
		note(c.Start.Faults)
		for _, s := range c.Steps {
			note(s.Faults)
		}
	}
	var err error
	if g.watched, err = rewrite.Watch(wasm); err != nil {
		return nil, err
	}
	if len(sets) > 0 {
		if g.failing, err = rewrite.Fail(wasm, sets); err != nil {
			return nil, err
		}
	}
	for range envoys {
		g.lanes <- nil
	}
	return g, nil
}

// Observe runs a case, as suite.Engine says. An Envoy that ends meanwhile is a *proxy.ExitError, and another one takes its place.
func (g *Engine) Observe(ctx context.Context, c *table.Case, good *table.Request) (suite.Observation, error) {
	var l *lane
	select {
	case l = <-g.lanes:
	case <-ctx.Done():
		return suite.Observation{}, ctx.Err()
	}
	defer func() { g.lanes <- l }()
	if l == nil {
		started, err := newLane(ctx, g.program, g.watched, g.failing)
		if err != nil {
			return suite.Observation{}, err
		}
		l = started
	}
	seen, err := l.observe(ctx, c, good, g.sets)
	if err == nil {
		return seen, nil
	}
	if errors.Is(err, errWorker) { // its reason is in the observation
		err = nil
	}
	l.close()
	l = nil
	return seen, err
}

// Close ends all Envoys. No case may be running.
func (g *Engine) Close() {
	for range cap(g.lanes) {
		if l := <-g.lanes; l != nil {
			l.close()
		}
	}
}
