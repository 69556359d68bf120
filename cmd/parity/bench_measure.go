package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/header-auth/header-auth/bench"
	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
)

// measure makes the report. When it is interrupted the report has what was measured until then.
func (b *benchmark) measure(ctx context.Context) (*evidence.Report, error) {
	work, done, err := b.workFolder()
	if err != nil {
		return nil, err
	}
	defer done()
	line := newProgress(b.stderr)
	c, r, err := b.configuration(b.plan(), work, line)
	if err != nil {
		return nil, err
	}
	key, err := b.key(c.Worker[0], c.Plan)
	if err != nil {
		return nil, err
	}
	if c.Journal, err = bench.OpenJournal(filepath.Join(work, "journal"), key, b.resume); err != nil {
		return nil, usagef("--resume: %v", err)
	}
	b.describe(ctx, r, c.Journal.Begun)
	watch, begin := bench.WatchMachine(), time.Now()
	err = bench.Run(ctx, c, r)
	if err == nil {
		err = b.sizesAndCosts(ctx, r, c.Plan, line)
	}
	if err == nil && c.Plan.Builds {
		err = bench.Count(ctx, c, r, work, line.say)
	}
	line.clear()
	r.Run.Seconds, r.Machine, r.Run.Complete = time.Since(begin).Seconds(), watch.Machine(), err == nil
	if err == nil {
		err = c.Journal.Remove()
	} else {
		_ = c.Journal.Close()
	}
	return r, err
}

// configuration is what bench.Run is told, and a report that has only the builds' names. The modules are copied to the
// folder work, so that a build during the run does not change what is measured.
func (b *benchmark) configuration(plan evidence.Plan, work string, line *progress) (c bench.Config,
	r *evidence.Report, err error) {
	program, err := os.Executable()
	if err != nil {
		return c, nil, err
	}
	cache := b.options.CacheDir // start-up is measured with it too
	if cache == "" || os.MkdirAll(cache, 0o755) != nil || tryWriting(cache) != nil {
		cache = filepath.Join(work, "wazero")
	}
	c = bench.Config{Plan: bench.Filled(plan, len(b.tested), b.table.Len()), Seed: b.seed, Folder: b.folder,
		Table: b.table, Host: b.options, CacheDir: cache, Worker: sandboxProgram(), Counted: []string{program, workerCommand},
		Periods: verdict.Periods, Judge: runTable, Hang: b.hang}
	c.Progress = func(p bench.Progress) { line.share(p.Done, p.Left, p.What) }
	r = &evidence.Report{Schema: evidence.Schema}
	for _, m := range b.tested {
		path := filepath.Join(work, m.Name+".wasm")
		if m.Err == nil {
			if err := replaceFile(path, m.Wasm); err != nil {
				return c, nil, err
			}
		}
		c.Subjects = append(c.Subjects, bench.Subject{Subject: m.Subject, Path: path})
		r.Builds = append(r.Builds, m.measured())
	}
	return c, r, nil
}

// describe records where the numbers come from.
func (b *benchmark) describe(ctx context.Context, r *evidence.Report, begun time.Time) {
	b.describeRun(ctx, begun, &r.Run.RunHead, &r.Table)
	r.Host = evidence.Host{Wazero: wazeroVersion(), Engine: engineName(b.options), Profile: b.options.Profile.String(),
		Allocator: b.options.Allocator.String()}
}

// describeRun records the call and the table.
func (b *benchmark) describeRun(ctx context.Context, begun time.Time, run *evidence.RunHead, t *evidence.Table) {
	run.Command, run.Started = b.command, begun
	if b.root != "" {
		run.Revision, run.Dirty = revision(ctx, b.root)
	}
	*t = evidence.Table{Name: b.table.Contract.Name, Folder: b.folder, Digest: b.table.Digest}
}
