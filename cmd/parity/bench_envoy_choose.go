package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/envoy/cost"
	"github.com/header-auth/header-auth/envoy/obtain"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/internal/units"
	compilers "github.com/header-auth/header-auth/toolchain"
)

// chooseOnEnvoy finds everything that is wrong with the call.
func (b *benchmark) chooseOnEnvoy() error {
	for flag, given := range map[string]bool{"--speed": b.speed, "--resume": b.resume, "--budgets": b.budgets != "",
		"--against": b.against != "", "--fail-on-regression": b.failOn.set,
		"--profile": b.profile != profile.Default.String(), "--allocator": b.allocate != "envoy"} {
		if given {
			return usagef("--engine %s: expected no %s with it", b.engine, flag)
		}
	}
	if version, asked := b.envoyVersion(); asked && !obtain.Known(version) {
		return usagef("--engine %s: expected envoy@ and one of %s, or its first two numbers", b.engine,
			strings.Join(obtain.Versions(), ", "))
	}
	if err := b.find(); err != nil {
		return err
	}
	if err := b.chooseCasesOnEnvoy(); err != nil {
		return err
	}
	b.dirGiven = b.dir != ""
	switch {
	case !b.dirGiven && b.usualOnEnvoy():
		b.dir = filepath.Join(b.root, "dist", "bench")
	case !b.dirGiven:
		b.dir = filepath.Join(b.root, "dist", "bench", "own")
	}
	return nil
}

// usualScenarios are those that are timed on Envoy when the call names none.
var usualScenarios = nameList{"typical/allow", "typical/refuse-missing"}

// chooseCasesOnEnvoy reads the table and takes the cases that are timed.
func (b *benchmark) chooseCasesOnEnvoy() error {
	whole, folder, err := b.loadTable()
	if err != nil {
		return err
	}
	b.folder = folder
	switch {
	case len(b.patterns) > 0:
	case whole.Contract.Name == ourTable:
		b.patterns = usualScenarios
	default:
		for _, c := range whole.Cases() {
			if cost.Fits(&c) == nil && len(b.patterns) < len(usualScenarios) {
				b.patterns = append(b.patterns, c.ID)
			}
		}
	}
	if len(b.patterns) == 0 {
		return usagef("no case of the table can be timed on Envoy: expected one with a single request of headers alone, " +
			"and no configuration")
	}
	if b.table, err = whole.Select(b.patterns...); err != nil {
		return usagef("%v", err)
	}
	for _, c := range b.table.Cases() {
		if err := cost.Fits(&c); err != nil {
			return usagef("%s: case %s can't be timed on Envoy: %v", c.Position, c.ID, err)
		}
	}
	return nil
}

// envoyVersion is that of --engine envoy@VERSION.
func (b *benchmark) envoyVersion() (version string, asked bool) {
	_, version, asked = strings.Cut(b.engine, "@")
	return version, asked
}

// usualOnEnvoy says whether all builds of the repository are measured, in the usual scenarios.
func (b *benchmark) usualOnEnvoy() bool {
	return b.root != "" && len(b.builds) == 0 && len(b.wasm) == 0 && b.cases == "" && !b.short &&
		slices.Equal(b.patterns, usualScenarios)
}

// planOnEnvoy is the plan that the flags ask for.
func (b *benchmark) planOnEnvoy() evidence.EnvoyPlan {
	p := cost.DefaultPlan()
	switch {
	case b.full:
		p = cost.FullPlan()
	case b.short:
		p = cost.ShortPlan()
	}
	p.AlternativesToo = b.table.Contract.Name == ourTable // they do its check, and no other
	return p
}

// printPlanOnEnvoy prints what would be measured.
func (b *benchmark) printPlanOnEnvoy() error {
	printCases(b.stdout, b.table.Cases())
	fmt.Fprintln(b.stdout)
	if _, err := b.listModules(b.stdout); err != nil {
		return err
	}
	p := b.planOnEnvoy()
	fmt.Fprintf(b.stdout, "\nThe plan %s on a real Envoy: %d processes, %d rounds of %s requests in each", p.Name,
		p.Processes, p.Rounds, units.Count(p.Requests))
	if p.AlternativesToo {
		fmt.Fprint(b.stdout, "; beside the builds RBAC, Lua, a dynamic module and ext_authz")
	}
	fmt.Fprintf(b.stdout, ".\n%s for six builds; while it runs, it shows the time that is left.\n", aboutSo(cost.Usual(p)))
	return nil
}

// prepareOnEnvoy finds an Envoy, and makes the folder of the reports and the modules.
func (b *benchmark) prepareOnEnvoy(ctx context.Context) (found obtain.Envoy, err error) {
	version, _ := b.envoyVersion()
	if err := b.makeDir(); err != nil {
		return found, err
	}
	found, err = obtain.Find(ctx, obtain.Options{Root: b.root, File: b.envoy, Version: version, Log: b.stderr})
	var missing *compilers.MissingError
	if err != nil && !errors.As(err, &missing) {
		return found, usagef("--envoy: %v", err)
	}
	if err != nil {
		return found, err
	}
	b.tested, err = b.modules(ctx, b.stderr)
	return found, err
}
