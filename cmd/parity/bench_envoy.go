package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/header-auth/header-auth/bench"
	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/envoy/cost"
	"github.com/header-auth/header-auth/envoy/obtain"
)

// envoyFile is the name of the data of a run on a real Envoy, beside bench.json.
const envoyFile = "envoy.json"

// asksEnvoy says whether --engine names a real Envoy.
func (b *benchmark) asksEnvoy() bool {
	return b.engine == "envoy" || strings.HasPrefix(b.engine, "envoy@")
}

// onEnvoy is the command with --engine envoy: what builds cost on a real Envoy, beside other ways of doing the same
// check.
func (b *benchmark) onEnvoy(ctx context.Context) (code int, err error) {
	if err := b.chooseOnEnvoy(); err != nil {
		return 0, err
	}
	if b.list {
		return 0, b.printPlanOnEnvoy()
	}
	found, err := b.prepareOnEnvoy(ctx)
	if err != nil {
		return 0, err
	}
	r, broken := b.measureOnEnvoy(ctx, found)
	if r == nil || broken != nil && len(r.Work) == 0 && !errors.Is(broken, context.Canceled) {
		return 0, broken
	}
	code, err = b.deliverOnEnvoy(r)
	if broken != nil && err == nil {
		why := broken.Error()
		if errors.Is(broken, context.Canceled) {
			why = "interrupted"
		}
		fmt.Fprintf(b.stderr, "parity bench: %s; what was measured is kept in %s\n", why, b.unfinished())
		code = 3
	}
	return code, err
}

// unfinished is the folder of a run that was interrupted.
func (b *benchmark) unfinished() string { return filepath.Join(b.dir, "interrupted") }

// measureOnEnvoy makes the report. When it is interrupted the report has what was measured until then; without a report
// nothing could be measured.
func (b *benchmark) measureOnEnvoy(ctx context.Context, found obtain.Envoy) (*evidence.OnEnvoy, error) {
	work, done, err := b.workFolder()
	if err != nil {
		return nil, err
	}
	defer done()
	if work, err = filepath.Abs(work); err != nil {
		return nil, err
	}
	digest := sha256.New()
	if err := addFile(digest, found.Path); err != nil {
		return nil, err
	}
	begin, watch := time.Now(), bench.WatchMachine()
	origin, _, _ := strings.Cut(found.Origin, ", in ") // a folder of this machine tells a reader nothing
	r := &evidence.OnEnvoy{Schema: evidence.OnEnvoySchema, Envoy: evidence.EnvoyProgram{Version: found.Version,
		Origin: origin, SHA256: fmt.Sprintf("%x", digest.Sum(nil))}}
	b.describeRun(ctx, begin.UTC().Truncate(time.Second), &r.Run.RunHead, &r.Table)
	c, err := b.configurationOnEnvoy(r, found, work)
	if err != nil {
		return nil, err
	}
	line := newProgress(b.stderr)
	c.Progress = func(what string, done float64, left time.Duration) { line.share(done, left, what) }
	c.Save = func(r *evidence.OnEnvoy) error {
		r.Run.Seconds, r.Machine = time.Since(begin).Seconds(), watch.Machine()
		return writeOnEnvoy(b.unfinished(), r)
	}
	err = cost.Run(ctx, c, r)
	line.clear()
	r.Run.Seconds, r.Machine, r.Run.Complete = time.Since(begin).Seconds(), watch.Machine(), err == nil
	return r, err
}

// configurationOnEnvoy is what cost.Run is told. The report gets the scenarios and the builds; the modules are copied
// to the folder work.
func (b *benchmark) configurationOnEnvoy(r *evidence.OnEnvoy, found obtain.Envoy, work string) (cost.Config, error) {
	c := cost.Config{Plan: b.planOnEnvoy(), Seed: b.seed, Envoy: found, Cases: b.table.Cases(), Dir: work}
	for _, one := range c.Cases {
		last := one.Steps[len(one.Steps)-1].Want
		r.Scenarios = append(r.Scenarios, evidence.Scenario{ID: one.ID, Why: one.Why, Decision: string(last.Decision)})
	}
	for _, m := range b.tested {
		r.Builds = append(r.Builds, m.measured())
		if m.Err != nil {
			r.Refused = append(r.Refused, evidence.Refused{Build: m.Name, Reason: m.Err.Error()})
			continue
		}
		path := filepath.Join(work, "envoy-"+m.Name+".wasm")
		if err := replaceFile(path, m.Wasm); err != nil {
			return c, err
		}
		c.Builds = append(c.Builds, cost.Build{Name: m.Name, Path: path})
	}
	return c, nil
}
