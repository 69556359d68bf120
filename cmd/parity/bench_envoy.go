package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/header-auth/header-auth/bench"
	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/envoy/cost"
	"github.com/header-auth/header-auth/envoy/obtain"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/internal/input"
	"github.com/header-auth/header-auth/internal/units"
	benchreport "github.com/header-auth/header-auth/report/bench"
	compilers "github.com/header-auth/header-auth/toolchain"
)

// envoyFile is the name of the data of a run on a real Envoy, beside bench.json.
const envoyFile = "envoy.json"

// asksEnvoy says whether --engine names a real Envoy.
func (b *benchmark) asksEnvoy() bool {
	return b.engine == "envoy" || strings.HasPrefix(b.engine, "envoy@")
}

// onEnvoy is the command with --engine envoy: what builds cost on a real Envoy, beside other ways of doing the same check.
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
	work, done, err := b.workFolder()
	if err != nil {
		return 0, err
	}
	defer done()
	if work, err = filepath.Abs(work); err != nil {
		return 0, err
	}
	program, err := os.Open(found.Path)
	if err != nil {
		return 0, err
	}
	defer program.Close()
	digest := sha256.New()
	if _, err := io.Copy(digest, program); err != nil {
		return 0, err
	}
	begin, watch := time.Now(), bench.WatchMachine()
	origin, _, _ := strings.Cut(found.Origin, ", in ") // a folder of this machine tells a reader nothing
	r := &evidence.OnEnvoy{Schema: evidence.OnEnvoySchema, Envoy: evidence.EnvoyProgram{Version: found.Version, Origin: origin,
		SHA256: fmt.Sprintf("%x", digest.Sum(nil))}}
	r.Run.Command, r.Run.Started = b.command, begin.UTC().Truncate(time.Second)
	if b.root != "" {
		r.Run.Revision, r.Run.Dirty = revision(ctx, b.root)
	}
	r.Table = evidence.Table{Name: b.table.Contract.Name, Folder: b.folder, Digest: b.table.Digest}
	c := cost.Config{Plan: b.planOnEnvoy(), Seed: b.seed, Envoy: found, Cases: b.table.Cases(), Dir: work}
	for _, one := range c.Cases {
		last := one.Steps[len(one.Steps)-1].Want
		r.Scenarios = append(r.Scenarios, evidence.Scenario{ID: one.ID, Why: one.Why, Decision: string(last.Decision)})
	}
	for _, m := range b.tested {
		r.Builds = append(r.Builds, evidence.Build{Name: m.Name, File: m.File, SHA256: m.SHA256, Language: m.Language,
			Toolchain: m.Toolchain, SDK: m.SDK, What: m.what, Label: m.Label})
		if m.Err != nil {
			r.Refused = append(r.Refused, evidence.Refused{Build: m.Name, Reason: m.Err.Error()})
			continue
		}
		path := filepath.Join(work, "envoy-"+m.Name+".wasm")
		if err := replaceFile(path, m.Wasm); err != nil {
			return 0, err
		}
		c.Builds = append(c.Builds, cost.Build{Name: m.Name, Path: path})
	}
	line := newProgress(b.stderr)
	c.Progress = func(what string, done float64, left time.Duration) {
		line.say(fmt.Sprintf("%3.0f %%  %s left  %s", 100*done, left.Round(time.Second), what))
	}
	unfinished := filepath.Join(b.dir, "interrupted")
	c.Save = func(r *evidence.OnEnvoy) error {
		r.Run.Seconds, r.Machine = time.Since(begin).Seconds(), watch.Machine()
		return writeOnEnvoy(unfinished, r)
	}
	broken := cost.Run(ctx, c, r)
	line.clear()
	r.Run.Seconds, r.Machine, r.Run.Complete = time.Since(begin).Seconds(), watch.Machine(), broken == nil
	if broken != nil && len(r.Work) == 0 && !errors.Is(broken, context.Canceled) {
		return 0, broken
	}
	code, err = b.deliverOnEnvoy(r)
	if broken != nil && err == nil {
		why := broken.Error()
		if errors.Is(broken, context.Canceled) {
			why = "interrupted"
		}
		fmt.Fprintf(b.stderr, "parity bench: %s; what was measured is kept in %s\n", why, unfinished)
		code = 3
	}
	return code, err
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

// chooseOnEnvoy finds everything that is wrong with the call.
func (b *benchmark) chooseOnEnvoy() error {
	for flag, given := range map[string]bool{"--speed": b.speed, "--resume": b.resume, "--budgets": b.budgets != "", "--against": b.against != "",
		"--fail-on-regression": b.failOn.set, "--profile": b.profile != profile.Default.String(), "--allocator": b.allocate != "envoy"} {
		if given {
			return usagef("--engine %s: expected no %s with it", b.engine, flag)
		}
	}
	if version, asked := b.envoyVersion(); asked && !obtain.Known(version) {
		return usagef("--engine %s: expected envoy@ and one of %s, or its first two numbers", b.engine, strings.Join(obtain.Versions(), ", "))
	}
	if err := b.find(); err != nil {
		return err
	}
	whole, folder, err := b.loadTable()
	if err != nil {
		return err
	}
	b.folder = folder
	if len(b.patterns) == 0 {
		b.patterns = nameList{"typical/allow", "typical/refuse-missing"}
		if whole.Contract.Name != ourTable {
			b.patterns = nil
			for _, c := range whole.Cases() {
				if cost.Fits(&c) == nil && len(b.patterns) < 2 {
					b.patterns = append(b.patterns, c.ID)
				}
			}
		}
	}
	if len(b.patterns) == 0 {
		return usagef("no case of the table can be timed on Envoy: expected one with a single request of headers alone, and no configuration")
	}
	if b.table, err = whole.Select(b.patterns...); err != nil {
		return usagef("%v", err)
	}
	for _, c := range b.table.Cases() {
		if err := cost.Fits(&c); err != nil {
			return usagef("%s: case %s can't be timed on Envoy: %v", c.Position, c.ID, err)
		}
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

// envoyVersion is that of --engine envoy@VERSION.
func (b *benchmark) envoyVersion() (version string, asked bool) {
	_, version, asked = strings.Cut(b.engine, "@")
	return version, asked
}

// printPlanOnEnvoy prints what would be measured.
func (b *benchmark) printPlanOnEnvoy() error {
	printCases(b.stdout, b.table.Cases())
	fmt.Fprintln(b.stdout)
	if _, err := b.listModules(b.stdout); err != nil {
		return err
	}
	p := b.planOnEnvoy()
	fmt.Fprintf(b.stdout, "\nThe plan %s on a real Envoy: %d processes, %d rounds of %s requests in each", p.Name, p.Processes, p.Rounds, units.Count(p.Requests))
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

// usualOnEnvoy says whether all builds of the repository are measured, in the usual scenarios.
func (b *benchmark) usualOnEnvoy() bool {
	return b.root != "" && len(b.builds) == 0 && len(b.wasm) == 0 && b.cases == "" && !b.short &&
		slices.Equal(b.patterns, nameList{"typical/allow", "typical/refuse-missing"})
}

// writeOnEnvoy writes the data to a folder, which is made if it is not there.
func writeOnEnvoy(dir string, r *evidence.OnEnvoy) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var content bytes.Buffer
	if err := evidence.WriteOnEnvoy(&content, r); err != nil {
		return err
	}
	return replaceFile(filepath.Join(dir, envoyFile), content.Bytes())
}

// readOnEnvoy reads an envoy.json.
func readOnEnvoy(file string) (*evidence.OnEnvoy, error) {
	text, err := input.Read(file, mostResult)
	if err != nil {
		return nil, usagef("read report: %v", err)
	}
	return parseOnEnvoy(file, text)
}

func parseOnEnvoy(file string, text []byte) (*evidence.OnEnvoy, error) {
	r, err := evidence.ParseOnEnvoy(text)
	if err != nil {
		return nil, usagef("%s: %v", file, err)
	}
	return r, nil
}

// withEnvoy adds to the findings of a run on wazero what the envoy.json in a folder says of the same modules.
func withEnvoy(f *verdict.Findings, r *evidence.Report, dir string) {
	file := filepath.Join(dir, envoyFile)
	if _, err := os.Stat(file); err != nil {
		return
	}
	on, err := readOnEnvoy(file)
	if err != nil {
		return // of another version; the run on wazero has its report without it
	}
	same := slices.ContainsFunc(on.Builds, func(b evidence.Build) bool {
		return slices.ContainsFunc(r.Builds, func(other evidence.Build) bool { return b.Name == other.Name && b.SHA256 == other.SHA256 })
	})
	if same {
		f.Envoy = verdict.JudgeOnEnvoy(on, r, f)
	}
}

// deliverOnEnvoy writes the data and the report, makes the report of the run on wazero anew that lies beside it, and prints what was
// found.
func (b *benchmark) deliverOnEnvoy(r *evidence.OnEnvoy) (code int, err error) {
	dir := b.dir
	if !r.Run.Complete {
		dir = filepath.Join(b.dir, "interrupted")
	}
	if err := writeOnEnvoy(dir, r); err != nil {
		return 0, err
	}
	if r.Run.Complete {
		_ = os.Remove(filepath.Join(b.dir, "interrupted", envoyFile)) // there may be none
	}
	page := ""
	j := verdict.JudgeOnEnvoy(r, nil, nil)
	if beside, err := readEvidence(filepath.Join(dir, "bench.json")); err == nil {
		_, f := judged([]*evidence.Report{beside}, nil, nil, "")
		withEnvoy(f, beside, dir)
		if f.Envoy != nil {
			if err := writeForms(dir, beside, f); err != nil {
				return 0, err
			}
			j, page = f.Envoy, filepath.Join(dir, "report.html")
		}
	}
	var document bytes.Buffer
	if err := benchreport.EnvoyMarkdown(&document, j); err != nil {
		return 0, err
	}
	if err := replaceFile(filepath.Join(dir, "envoy.md"), document.Bytes()); err != nil {
		return 0, err
	}
	if err := benchreport.EnvoyText(b.stdout, j, benchreport.TextOptions{Color: colours(b.stdout), Width: width(b.stdout)}); err != nil {
		return 0, err
	}
	fmt.Fprintf(b.stdout, "\n%s\n", filepath.Join(dir, "envoy.md"))
	if page != "" {
		fmt.Fprintln(b.stdout, page)
	} else {
		fmt.Fprintln(b.stdout, "make bench puts both into one page")
	}
	switch {
	case slices.ContainsFunc(r.Refused, func(f evidence.Refused) bool {
		return slices.ContainsFunc(r.Builds, func(m evidence.Build) bool { return m.Name == f.Build })
	}):
		return 1, nil
	case !j.Gate.Passed:
		return 3, nil
	}
	return 0, nil
}
