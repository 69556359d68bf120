package envoy

import (
	"context"
	"errors"
	"strings"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/obtain"
	"github.com/header-auth/header-auth/envoy/proxy"
	"github.com/header-auth/header-auth/envoy/rewrite"
	"github.com/header-auth/header-auth/toolchain"
)

// Engine runs cases of one module on Envoys of its own.
type Engine struct {
	// ListenerUpdates makes a step that configures a plugin again replace its listener (LDS), and not the plugin's
	// configuration alone (ECDS). It is set before the first case.
	ListenerUpdates bool

	program          string
	groups           bool // the HTTP/2 codec puts headers of one name together, so all go past it
	watched, failing []byte
	sets             map[string]int
	others           []other
	lanes            chan *lane // idle ones; nil: may be started
}

// Lacks is what the machine must have besides an Envoy and has not, as a *toolchain.MissingError; nil: it has all.
func Lacks() error {
	_, err := proxy.Compiler()
	if err == nil {
		return nil
	}
	return &toolchain.MissingError{Findings: []toolchain.Finding{{Name: "cc", Problem: err.Error(), Commands: []string{
		"# any C compiler; on Debian and Ubuntu:",
		"sudo apt-get install -y --no-install-recommends gcc libc6-dev",
	}}}}
}

// New makes an engine that runs as many cases at once as it has Envoys. They are started when they are needed first.
func New(e obtain.Envoy, t *table.Table, wasm []byte, envoys int) (*Engine, error) {
	g := &Engine{program: e.Path, groups: strings.HasPrefix(e.Version, "1.36."), sets: map[string]int{"": 0},
		others: otherModules(t), lanes: make(chan *lane, envoys)}
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

// Observe runs a case, as suite.Engine says. An Envoy that ends meanwhile is a *proxy.ExitError, and another one takes
// its place.
func (g *Engine) Observe(ctx context.Context, c *table.Case, good *table.Request) (seen suite.Observation, err error) {
	if err := notShown(c, good); err != nil {
		return seen, err
	}
	for _, p := range c.Chain.All() {
		if o := findOther(g.others, p.Module); o != nil && o.err != nil {
			return seen, o.err
		}
	}
	var l *lane
	select {
	case l = <-g.lanes:
	case <-ctx.Done():
		return seen, ctx.Err()
	}
	defer func() { g.lanes <- l }()
	if alone(c) {
		return g.observeAlone(ctx, c, good)
	}
	if l == nil {
		if l, err = newLane(ctx, g, nil); err != nil {
			return seen, err
		}
	}
	seen, ended, err := g.on(ctx, l, c, good)
	if ended {
		l.close()
		l = nil
	}
	return seen, err
}

// observeAlone runs a case on an Envoy of its own.
func (g *Engine) observeAlone(ctx context.Context, c *table.Case, good *table.Request) (seen suite.Observation,
	err error) {
	node, err := nodeOf(c.World.Node)
	if err != nil {
		return seen, err
	}
	l, err := newLane(ctx, g, node)
	if err != nil {
		return seen, err
	}
	defer l.close()
	seen, _, err = g.on(ctx, l, c, good)
	return seen, err
}

// on runs a case on a lane, and says whether the lane can't be used any more.
func (g *Engine) on(ctx context.Context, l *lane, c *table.Case, good *table.Request) (seen suite.Observation,
	ended bool, err error) {
	seen, err = l.observe(ctx, c, good, g.sets)
	ended = err != nil
	if errors.Is(err, errWorker) { // its reason is in the observation
		err = nil
	}
	return seen, ended, err
}

// Close ends all Envoys. No case may be running.
func (g *Engine) Close() {
	for range cap(g.lanes) {
		if l := <-g.lanes; l != nil {
			l.close()
		}
	}
}
