package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
)

// choose finds everything that is wrong with the call before anything is made or measured.
func (b *benchmark) choose(ctx context.Context) (err error) {
	if b.full && b.speed {
		return usagef("--full and --speed: expected one of them")
	}
	if b.envoy != "" || b.short {
		return usagef("--envoy and --short: expected --engine envoy with them")
	}
	if err := b.failOn.check(b.against); err != nil {
		return err
	}
	if err := b.find(); err != nil {
		return err
	}
	if b.options, err = b.hostOptions(b.stderr); err != nil {
		return err
	}
	whole, folder, err := b.loadTable()
	if err != nil {
		return err
	}
	b.given = len(b.patterns) > 0 && !slices.Equal(b.patterns, nameList{"typical"})
	if len(b.patterns) == 0 {
		if b.patterns, err = scenariosOf(whole); err != nil {
			return err
		}
	}
	if b.table, err = whole.Select(b.patterns...); err != nil {
		return usagef("%v", err)
	}
	for _, c := range b.table.Cases() {
		if err := suite.Repeatable(&c); err != nil {
			return usagef("%s: case %s can't be timed: %v", c.Position, c.ID, err)
		}
	}
	b.folder = folder
	if err := b.references(ctx); err != nil {
		return err
	}
	if b.dirGiven = b.dir != ""; !b.dirGiven {
		b.dir = filepath.Join(b.root, "dist", "bench")
	}
	return nil
}

// prepare makes the folder of the reports, and the modules.
func (b *benchmark) prepare(ctx context.Context) (err error) {
	if err := b.makeDir(); err != nil {
		return err
	}
	b.tested, err = b.modules(ctx, b.stderr)
	return err
}

// makeDir makes the folder of the reports.
func (b *benchmark) makeDir() error {
	err := os.MkdirAll(b.dir, 0o755)
	if err == nil {
		err = tryWriting(b.dir)
	}
	switch {
	case unwritable(err):
		return fmt.Errorf("the folder of the reports: %w: expected one that can be written, choose it with --dir", err)
	case err != nil:
		return usagef("--dir: %v", err)
	}
	return nil
}

// scenariosMost is how many scenarios are taken by default: with many more a run takes an hour.
const scenariosMost = 12

// scenariosOf are the cases that are timed by default: the group typical, else all that can be timed.
func scenariosOf(t *table.Table) (patterns nameList, err error) {
	for _, g := range t.Groups {
		if g.Name == "typical" {
			return nameList{g.Name}, nil
		}
	}
	for _, c := range t.Cases() {
		if suite.Repeatable(&c) == nil {
			patterns = append(patterns, c.ID)
		}
	}
	if len(patterns) == 0 || len(patterns) > scenariosMost {
		return nil, usagef("%d cases could be timed and no group is called typical: expected 1 to %d, choose with --case",
			len(patterns), scenariosMost)
	}
	return patterns, nil
}

// references reads what the results are compared with: limits and an earlier report.
func (b *benchmark) references(ctx context.Context) (err error) {
	file := b.budgets
	if own := filepath.Join(b.root, "budgets.yaml"); file == "" && b.usual() {
		if _, err := os.Stat(own); !errors.Is(err, fs.ErrNotExist) { // a plugin of one's own may have none
			file = own
		}
	}
	if file != "" && file != "none" {
		if b.limits, err = waiting(ctx, func() (*verdict.Budgets, error) { return verdict.LoadBudgets(file) }); err != nil {
			return wrongFile(ctx, err)
		}
	}
	if b.against != "" {
		b.then, err = waiting(ctx, func() (*evidence.Report, error) { return readEvidence(b.against) })
	}
	return err
}

// usual says whether the call measures what the budgets of a folder are about: all of its builds in the usual scenarios
// of its table.
func (b *benchmark) usual() bool {
	return len(b.builds) == 0 && len(b.wasm) == 0 && b.cases == "" && !b.given && !b.speed &&
		b.engine == "wazero" && b.usualHost()
}
