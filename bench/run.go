// Package bench measures builds of a plugin next to each other: speed, latency, start-up, memory and size. It produces
// evidence (package evidence); package verdict judges it. METHODOLOGY.md says how and why.
package bench

import (
	"cmp"
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
	Worker   []string // the command that serves Jobs; package sandbox adds an argument
	Counted  []string // the command that calls Serve with the two arguments that follow
	Journal  *Journal // of what was found so far; nil: nothing is kept

	// Periods finds, in the tails of a report, how many requests lie from one collection to the next, by scenario and
	// contestant. nil: every batch is as long as the plan says.
	Periods  func(*evidence.Report) map[string]map[string]float64
	Progress func(Progress)

	// Hang says why a build does not come back in a scenario, from so many requests of one VM: the callback and the
	// reason. nil: it came back this time, or it is not asked.
	Hang func(ctx context.Context, s Subject, c *table.Case, requests int) error

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
	r.Refused = append(r.Refused, q.refused...)
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
		r.Scenarios = append(r.Scenarios, evidence.Scenario{ID: c.ID, Why: c.Why, Decision: string(last.Decision),
			Status: status(&c)})
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
		t := task{Kind: kind, Number: number, Seed: c.Seed, Plan: c.Plan, Folder: c.Folder, Host: hostOf(c.Host),
			CacheDir: c.CacheDir, Deadline: cmp.Or(c.Host.Deadline, suite.Deadline)}
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

// soaked are the cases that are soaked under an order of allocators. The specification's is there to compare Envoy's
// with, and one allowed and one refused request are enough for that.
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

	refusing sync.Mutex

	mu      sync.Mutex                   // for tasks, too, as soon as one has begun
	results map[string][]finding         // by task
	refused []evidence.Refused           // builds that did not come back
	redo    bool                         // tasks before the one that runs
	share   map[string]float64           // of tasks that run
	took    map[taskKind][]time.Duration // by tasks of this run
}

func newQueue(c *Config, r *evidence.Report, tasks []task) *queue {
	q := &queue{config: c, report: r, tasks: tasks, begun: time.Now(), results: map[string][]finding{},
		share: map[string]float64{}, took: map[taskKind][]time.Duration{}}
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
	for i := 0; i < len(q.tasks); i++ {
		if q.tasks[i].Kind.timed() {
			wg.Wait()
		}
		q.mu.Lock()
		t := q.tasks[i]
		_, done := q.results[t.id()]
		q.mu.Unlock()
		if done {
			continue
		}
		if t.Kind == doBatches && !prepared {
			q.prepare()
			t, prepared = q.tasks[i], true
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
			if err := q.one(ctx, &t); err != nil {
				q.mu.Lock()
				failed = errors.Join(failed, err)
				q.mu.Unlock()
				cancel()
			}
		})
		if t.Kind.timed() {
			wg.Wait()
			if q.again() {
				i = -1
			}
		}
	}
	wg.Wait()
	if failed == nil {
		failed = ctx.Err()
	}
	return failed
}

// one does a task. A build that does not come back in it is refused, and the task is done without it.
func (q *queue) one(ctx context.Context, t *task) error {
	q.say(t, 0)
	begin, id := time.Now(), t.id()
	found, err := q.start(ctx, t)
	for h := (*hung)(nil); errors.As(err, &h); {
		q.refuse(ctx, t, h)
		if *t = t.without(h.build); len(t.Modules) == 0 {
			found, err = nil, nil
			break
		}
		h = nil
		found, err = q.start(ctx, t)
	}
	if err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.results[id] = found
	q.took[t.Kind] = append(q.took[t.Kind], time.Since(begin))
	delete(q.share, id)
	if q.config.Journal != nil {
		return q.config.Journal.add(id, found)
	}
	return nil
}

// start is start; what needs the cache of compiled code is done again when that was mended. A cache that can't
// be used gives no sample.
func (q *queue) start(ctx context.Context, t *task) (found []finding, err error) {
	fault := func(text string) {
		if q.config.Host.CacheFault != nil {
			q.config.Host.CacheFault(errors.New(text))
		}
	}
	for range 2 {
		found, err = start(ctx, q.config.Worker, t, func(share float64) { q.say(t, share) }, fault)
		if err != nil || len(found) != 1 || !found[0].Mended {
			return found, err
		}
	}
	return nil, nil
}

// refuse takes a build that did not come back out of the run.
func (q *queue) refuse(ctx context.Context, t *task, h *hung) {
	q.refusing.Lock() // another task may have found the same beside this one
	defer q.refusing.Unlock()
	if slices.ContainsFunc(q.refused, func(f evidence.Refused) bool { return f.Build == h.build }) {
		return
	}
	why := error(h)
	if q.config.Hang != nil && h.scenario != "" {
		for i := range q.config.Subjects {
			cases := q.config.Table.Cases()
			at := slices.IndexFunc(cases, func(c table.Case) bool { return c.ID == h.scenario })
			if q.config.Subjects[i].Name != h.build || at < 0 {
				continue
			}
			if err := q.config.Hang(ctx, q.config.Subjects[i], &cases[at], t.requests()); err != nil && ctx.Err() == nil {
				why = fmt.Errorf("%s: %w", h.scenario, err)
			}
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.refused = append(q.refused, evidence.Refused{Build: h.build, Reason: why.Error()})
	for i := range q.tasks {
		other := &q.tasks[i]
		_, done := q.results[other.id()]
		switch {
		case len(other.Modules) > 1 && !done:
			*other = other.without(h.build)
		case len(other.Modules) > 1 && len(other.Twins) > 0 && other.Twins[0] == h.build:
			// the others' A/A check was of this build
			*other = other.without(h.build)
			delete(q.results, other.id())
			q.redo = true
		case len(other.Modules) == 1 && other.Modules[0].Build == h.build && !done:
			q.results[other.id()] = nil
		}
	}
}

// again says whether tasks that were done are to be done once more.
func (q *queue) again() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	redo := q.redo
	q.redo = false
	return redo
}

// found are all findings, in the order of the tasks.
func (q *queue) found() []finding {
	var all []finding
	for i := range q.tasks {
		all = append(all, q.results[q.tasks[i].id()]...)
	}
	return all
}
