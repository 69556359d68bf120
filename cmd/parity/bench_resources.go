package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/header-auth/header-auth/bench"
	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/build"
)

// sizesAndCosts measures what needs no repetition: sizes, and the cost of making a build.
func (b *benchmark) sizesAndCosts(ctx context.Context, r *evidence.Report, p evidence.Plan, line *progress) error {
	if p.Name == bench.SpeedPlan().Name {
		return nil
	}
	measured, err := b.buildsMeasured()
	if err != nil {
		return err
	}
	for _, m := range b.tested {
		if m.Err != nil {
			continue
		}
		line.say("size of " + m.Name)
		size, err := bench.Size(ctx, m.Name, m.Language, m.Wasm, b.compileInto(m.Wasm))
		if err != nil {
			r.Run.Notes = append(r.Run.Notes, fmt.Sprintf("size of %s: %v", m.Name, err))
		} else {
			r.Sizes = append(r.Sizes, size)
		}
		made, ok := measured[m.Name]
		if !ok {
			continue
		}
		line.say("cost of making " + m.Name)
		cost, err := bench.Cost(ctx, b.root, made, p.Builds)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			r.Run.Notes = append(r.Run.Notes, err.Error())
			continue
		}
		r.Costs = append(r.Costs, cost)
	}
	if !p.Builds {
		r.Run.Notes = append(r.Run.Notes, "build times: only with --full")
	}
	return nil
}

// compileInto compiles a module in a process, with a folder for compiled code.
func (b *benchmark) compileInto(wasm []byte) func(context.Context, string) error {
	return func(ctx context.Context, folder string) error {
		o := b.options
		o.CacheDir = folder
		runner := newRunner(o, 1)
		defer runner.Close()
		_, err := runner.Compile(ctx, wasm, nil)
		return err
	}
}

// buildsMeasured are the builds of builds.yaml that take part, by name.
func (b *benchmark) buildsMeasured() (map[string]build.Build, error) {
	found := map[string]build.Build{}
	if !b.usesBuilds() {
		return found, nil
	}
	list, err := build.Load(filepath.Join(b.root, build.File))
	if err != nil {
		return nil, err
	}
	chosen, err := list.Select(b.builds)
	for _, made := range chosen {
		found[made.Name] = made
	}
	return found, err
}
