// Package bench measures builds of a plugin next to each other: speed, latency, start-up, memory and size. It produces
// evidence (package evidence); package verdict judges it. METHODOLOGY.md says how and why.
package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/internal/clock"
	"github.com/header-auth/header-auth/report"
)

// Subject is a build under test.
type Subject struct {
	suite.Subject
	Path string // of its file
}

// Config says what is measured and how.
type Config struct {
	Plan     evidence.Plan
	Seed     uint64
	Folder   string       // of the table
	Table    *table.Table // the cases that are scenarios
	Subjects []Subject
	Host     host.Options
	CacheDir string   // of compiled code; a cold start-up uses none
	Worker   []string // the command that calls Work on its standard input and output
	Journal  *Journal // of what was found so far; nil: nothing is kept

	// Periods finds, in the tails of a report, how many requests lie from one collection to the next, by scenario and
	// contestant. nil: every batch is as long as the plan says.
	Periods  func(*evidence.Report) map[string]map[string]float64
	Progress func(Progress)

	// Judge runs the table before anything is timed; nil: suite.Run, in this process.
	Judge func(context.Context, *table.Table, []suite.Subject, suite.RunOptions) *report.Report
}

// Progress is how far a run is.
type Progress struct {
	What string
	Done float64       // share, 0 to 1
	Left time.Duration // an estimate; 0: none yet
}

// Run measures and fills in the report: scenarios, refusals and every list of samples that comes from a process. When
// it is interrupted the report has what was measured, and the error is the context's.
func Run(ctx context.Context, c Config, r *evidence.Report) error {
	if err := scenarios(c.Table, r); err != nil {
		return err
	}
	r.Run.Plan, r.Run.Seed, r.Run.Clock = c.Plan, c.Seed, clock.Name
	c.Plan = possible(c.Plan, c.Table, r)
	able := excludeNonConformant(ctx, &c, r)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if len(able) == 0 {
		return nil // everything is refused, and the report says why
	}
	q := newQueue(&c, r, tasks(&c, able))
	err := q.run(ctx)
	for _, found := range q.found() {
		collect(r, found)
	}
	arrange(r)
	r.Run.Complete = err == nil
	return err
}

// scenarios notes the cases that are timed.
func scenarios(t *table.Table, r *evidence.Report) error {
	r.Scenarios = nil
	for _, c := range t.Cases() {
		if err := suite.Repeatable(&c); err != nil {
			return fmt.Errorf("%s: case %s can't be timed: %w", c.Position, c.ID, err)
		}
		last := c.Steps[len(c.Steps)-1].Want
		r.Scenarios = append(r.Scenarios, evidence.Scenario{ID: c.ID, Why: c.Why, Decision: string(last.Decision), Status: status(&c)})
	}
	return nil
}

// status is what the client gets in a case's last step.
func status(c *table.Case) int {
	last := &c.Steps[len(c.Steps)-1]
	if last.Want.Reply != nil {
		return last.Want.Reply.Status
	}
	for _, h := range last.Request.Response.Headers {
		if h.Name == ":status" {
			n, _ := strconv.Atoi(h.Value)
			return n
		}
	}
	return 0
}

// possible is the plan without what the table has no case for; it notes why.
func possible(p evidence.Plan, t *table.Table, r *evidence.Report) evidence.Plan {
	if _, err := single(t.Cases()); err != nil {
		r.Run.Notes = append(r.Run.Notes, "start-up and resident memory: "+err.Error())
		p.StartupSamples, p.ResidentSamples = 0, 0
	}
	return p
}

// excludeNonConformant runs the scenarios as the conformance suite does before anything is timed. A build has no
// number in a scenario that it fails. It returns the builds with a scenario left to time.
func excludeNonConformant(ctx context.Context, c *Config, r *evidence.Report) []Subject {
	subjects := make([]suite.Subject, len(c.Subjects))
	for i, s := range c.Subjects {
		subjects[i] = s.Subject
	}
	judge := c.Judge
	if judge == nil {
		judge = suite.Run
	}
	v := judge(ctx, c.Table, subjects, suite.RunOptions{Host: c.Host, Workers: runtime.GOMAXPROCS(0)})
	wrong := map[string]int{}
	for _, result := range v.Results {
		if result.Outcome == report.Pass {
			continue
		}
		reason := "not conformant: " + result.Reason
		if len(result.Mismatches) > 0 {
			m := result.Mismatches[0]
			reason = fmt.Sprintf("not conformant: %s: wanted %s, got %s", m.Field, m.Wanted, m.Got)
		}
		wrong[result.Build]++
		r.Refused = append(r.Refused, evidence.Refused{Build: result.Build, Scenario: result.Case, Reason: reason})
	}
	var able []Subject
	for _, s := range c.Subjects {
		if wrong[s.Name] < c.Table.Len() {
			able = append(able, s)
		}
	}
	return able
}

// tasks are all tasks of a run, in their order. Repetitions of one measurement are far apart in time, so that a slow
// minute does not hit one build alone.
func tasks(c *Config, able []Subject) []task {
	newTask := func(kind taskKind, number int, subjects ...Subject) task {
		t := task{Kind: kind, Number: number, Seed: c.Seed, Plan: c.Plan, Folder: c.Folder, Host: hostOf(c.Host), CacheDir: c.CacheDir}
		for _, s := range subjects {
			t.Modules = append(t.Modules, moduleFile{s.Name, s.Path, s.Environment})
		}
		if kind == doBatches || kind == doTails {
			t.Twins = []string{subjects[0].Name}
		}
		for _, c := range c.Table.Cases() {
			t.Cases = append(t.Cases, c.ID)
		}
		return t
	}
	var all []task
	if c.Plan.Name != SpeedPlan().Name {
		all = append(all, newTask(doWitnesses, 0, able...))
	}
	// Latencies come first: they tell how long the batches of a build with a collector have to be.
	for n := range c.Plan.TailProcesses {
		all = append(all, newTask(doTails, n, able...))
	}
	for n := range c.Plan.Processes {
		all = append(all, newTask(doBatches, n, able...))
	}
	random := rand.New(rand.NewPCG(c.Seed, 0))
	for n := range c.Plan.StartupSamples {
		for _, i := range random.Perm(2 * len(able)) {
			t := newTask(doStartup, n, able[i/2])
			t.Cached = i%2 == 1
			all = append(all, t)
		}
	}
	if c.Plan.SoakRequests > 0 {
		for _, s := range able {
			for _, order := range []load.AllocatorOrder{load.EnvoyOrder, load.SpecOrder} {
				for n, id := range soaked(newTask(doSoak, 0).Cases, c.Table, order) { // a VM for each
					t := newTask(doSoak, n, s)
					t.Host.Allocator, t.Cases = order.String(), []string{id}
					t.Plan.SoakRequests = max(1, c.Plan.SoakRequests/c.Table.Len())
					all = append(all, t)
				}
			}
		}
	}
	for n := range c.Plan.ResidentSamples {
		for _, s := range able {
			all = append(all, newTask(doResident, n, s))
		}
	}
	return all
}

// soaked are the cases that are soaked under an order of allocators. The specification's is there to compare Envoy's with, and
// one allowed and one refused request are enough for that.
func soaked(ids []string, t *table.Table, order load.AllocatorOrder) []string {
	allow, refuse, err := allowedAndRefused(t.Cases())
	if order != load.SpecOrder || err != nil {
		return ids
	}
	return slices.Compact([]string{allow.ID, refuse.ID})
}

func collect(r *evidence.Report, f finding) {
	switch {
	case f.Batches != nil:
		r.Batches = append(r.Batches, *f.Batches)
	case f.Tail != nil:
		r.Tails = append(r.Tails, *f.Tail)
	case f.Startup != nil:
		r.Startups = append(r.Startups, *f.Startup)
	case f.Memory != nil:
		r.Memory = append(r.Memory, *f.Memory)
	case f.Resident != nil:
		r.Resident = append(r.Resident, *f.Resident)
	case f.Witness != nil:
		r.Witnesses = append(r.Witnesses, *f.Witness)
	case f.Refused != nil:
		known := slices.ContainsFunc(r.Refused, func(known evidence.Refused) bool {
			return known.Build == f.Refused.Build && known.Scenario == f.Refused.Scenario
		})
		if !known { // the first reason is enough
			r.Refused = append(r.Refused, *f.Refused)
		}
	}
}

// queue does tasks: those that time something one by one, the others side by side.
type queue struct {
	config *Config
	report *evidence.Report // builds and scenarios
	tasks  []task
	begun  time.Time

	mu      sync.Mutex
	results map[string][]finding         // by task
	share   map[string]float64           // of tasks that run
	took    map[taskKind][]time.Duration // by tasks of this run
}

func newQueue(c *Config, r *evidence.Report, tasks []task) *queue {
	q := &queue{config: c, report: r, tasks: tasks, begun: time.Now(), results: map[string][]finding{}, share: map[string]float64{},
		took: map[taskKind][]time.Duration{}}
	if c.Journal != nil {
		for _, t := range tasks {
			if found, ok := c.Journal.done[t.id()]; ok {
				q.results[t.id()] = found
			}
		}
	}
	return q
}

func (q *queue) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	room := make(chan struct{}, runtime.NumCPU())
	var wg sync.WaitGroup
	var failed error
	prepared := false
	for i := range q.tasks {
		t := &q.tasks[i]
		if _, done := q.results[t.id()]; done {
			continue
		}
		if t.Kind.timed() {
			wg.Wait()
		}
		if t.Kind == doBatches && !prepared {
			q.prepare()
			prepared = true
		}
		room <- struct{}{}
		q.mu.Lock()
		stop := failed != nil || ctx.Err() != nil
		q.mu.Unlock()
		if stop {
			break
		}
		wg.Go(func() {
			defer func() { <-room }()
			if err := q.one(ctx, t); err != nil {
				q.mu.Lock()
				failed = errors.Join(failed, err)
				q.mu.Unlock()
				cancel()
			}
		})
		if t.Kind.timed() {
			wg.Wait()
		}
	}
	wg.Wait()
	if failed == nil {
		failed = ctx.Err()
	}
	return failed
}

func (q *queue) one(ctx context.Context, t *task) error {
	q.say(t, 0)
	begin := time.Now()
	found, err := start(ctx, q.config.Worker, t, soakPatience, func(share float64) { q.say(t, share) })
	if err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.results[t.id()] = found
	q.took[t.Kind] = append(q.took[t.Kind], time.Since(begin))
	delete(q.share, t.id())
	if q.config.Journal != nil {
		return q.config.Journal.add(t.id(), found)
	}
	return nil
}

// found are all findings, in the order of the tasks.
func (q *queue) found() []finding {
	var all []finding
	for i := range q.tasks {
		all = append(all, q.results[q.tasks[i].id()]...)
	}
	return all
}
