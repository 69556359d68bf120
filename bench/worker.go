package bench

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/guest"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/internal/sandbox"
)

// work is all that a worker process does: a task. It tells what it finds.
func work(ctx context.Context, t *task, e host.Expressions, page *sandbox.Page, tell func(finding) error) error {
	w, err := newWorker(t, e, page, tell)
	if err != nil {
		return err
	}
	switch t.Kind {
	case doBatches:
		err = w.batches(ctx)
	case doTails:
		err = w.tails(ctx)
	case doWitnesses:
		err = w.witnesses(ctx)
	case doStartup:
		err = w.startup(ctx)
	case doSoak:
		err = w.soak(ctx)
	case doResident:
		err = w.resident(ctx)
	default:
		err = fmt.Errorf("unknown kind of task %q", t.Kind)
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

type worker struct {
	*task
	options host.Options
	cases   []table.Case
	page    *sandbox.Page // nil: nothing watches this process
	tell    func(finding) error
	random  *rand.Rand
	noted   int // what at has noted last, for the page
}

func newWorker(t *task, e host.Expressions, page *sandbox.Page, tell func(finding) error) (*worker, error) {
	w := &worker{task: t, page: page, tell: tell, random: rand.New(rand.NewPCG(t.Seed, uint64(t.Number))), noted: -1}
	var err error
	if w.options, err = t.Host.options(); err != nil {
		return nil, err
	}
	w.options.CacheDir, w.options.Expressions = t.CacheDir, e
	w.options.CacheFault = func(err error) { _ = tell(finding{CacheFault: err.Error()}) }
	var groups []string
	for _, id := range t.Cases {
		group, _, _ := strings.Cut(id, "/")
		groups = append(groups, group)
	}
	whole, err := table.LoadGroups(t.Folder, groups...)
	if err != nil {
		return nil, err
	}
	selected, err := whole.Select(t.Cases...)
	if err != nil {
		return nil, err
	}
	w.cases = selected.Cases()
	return w, nil
}

// optionsOf are the host's options with a module's environment.
func (w *worker) optionsOf(m moduleFile) host.Options {
	o := w.options
	o.Environment = m.Environment
	return o
}

// note tells the process that waits which module is at work in which scenario (-1: none) until the next note,
// and how long that may take.
func (w *worker) note(module, scenario int, most time.Duration) {
	if w.page == nil {
		return
	}
	w.page.End(w.noted)
	w.noted = w.page.Begin(place(module, scenario))
	w.page.Limit(most)
}

// at notes that a contestant gets so many requests in a scenario.
func (w *worker) at(e *contestant, c *table.Case, requests int) {
	w.note(slices.IndexFunc(w.Modules, func(m moduleFile) bool { return m.Build == e.build }), w.scenario(c),
		w.within(requests))
}

// alone notes the same of the task's only module.
func (w *worker) alone(c *table.Case, requests int) { w.note(0, w.scenario(c), w.within(requests)) }

func (w *worker) scenario(c *table.Case) int { return slices.Index(w.Cases, c.ID) }

// compile compiles one of the task's modules.
func (w *worker) compile(ctx context.Context, module int, wasm []byte, o host.Options) (*host.Module, error) {
	w.note(module, -1, w.compileTime(len(wasm)))
	return host.Compile(ctx, wasm, o)
}

// quiet turns the host's own garbage collector off and keeps this goroutine on its thread, so that neither is timed.
// The collector is called between two measurements.
func quiet() {
	runtime.LockOSThread()
	debug.SetGCPercent(-1)
}

// contestant is a module in a scenario.
type contestant struct {
	name   string // of a build, evidence.Floor or evidence.Twin
	build  string // that a wrong answer is charged to
	module *host.Module
	loop   *suite.Loop
}

// contest is everything that is timed next to each other: the builds, the first of them a second time, and the floor.
type contest struct {
	w           *worker
	contestants []*contestant
	floors      map[string]*host.Module // by case
}

// newContest compiles every module anew, in random order: the address of the code is the largest cause of differences
// between two runs.
func (w *worker) newContest(ctx context.Context) (*contest, error) {
	t := &contest{w: w, floors: map[string]*host.Module{}}
	files := append([]moduleFile{}, w.Modules...)
	original := map[string]string{} // of twins
	for i, build := range w.Twins {
		twin := evidence.TwinOf(build)
		if i == 0 {
			twin = evidence.Twin
		}
		original[twin] = build
		at := slices.IndexFunc(w.Modules, func(m moduleFile) bool { return m.Build == build })
		files = append(files, moduleFile{twin, w.Modules[at].Path, w.Modules[at].Environment})
	}
	for _, i := range w.random.Perm(len(files)) {
		wasm, err := os.ReadFile(files[i].Path)
		if err != nil {
			return nil, fmt.Errorf("read module: %w", err)
		}
		build := cmp.Or(original[files[i].Build], files[i].Build)
		module := slices.IndexFunc(w.Modules, func(m moduleFile) bool { return m.Build == build })
		m, err := w.compile(ctx, module, wasm, w.optionsOf(files[i]))
		if err != nil {
			return nil, fmt.Errorf("load %s: %w", files[i].Build, err)
		}
		e := &contestant{name: files[i].Build, build: build, module: m}
		t.contestants = append(t.contestants, e)
	}
	for i := range w.cases {
		wasm, ok := guest.Floor(w.cases[i].ID)
		if !ok {
			continue
		}
		m, err := host.Compile(ctx, wasm, w.options)
		if err != nil {
			return nil, fmt.Errorf("load floor of %s: %w", w.cases[i].ID, err)
		}
		t.floors[w.cases[i].ID] = m
	}
	return t, nil
}

func (t *contest) close(ctx context.Context) {
	for _, e := range t.contestants {
		_ = e.module.Close(ctx)
	}
	for _, m := range t.floors {
		_ = m.Close(ctx)
	}
}

// enter starts a VM of every contestant in a scenario. One that answers wrongly is refused, and takes no part.
func (t *contest) enter(ctx context.Context, c *table.Case, o suite.ObserveOptions) ([]*contestant, error) {
	all := append([]*contestant{}, t.contestants...)
	if m := t.floors[c.ID]; m != nil {
		all = append(all, &contestant{name: evidence.Floor, build: evidence.Floor, module: m})
	}
	t.w.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	var entered []*contestant
	for _, e := range all {
		t.w.at(e, c, repetitions(c))
		loop, err := suite.NewLoop(ctx, e.module, c, o)
		if err != nil {
			if err := t.w.refuse(e, c, err); err != nil {
				return nil, err
			}
			continue
		}
		e.loop = loop
		entered = append(entered, e)
	}
	return entered, nil
}

// repetitions are how many requests a case has before its last step is repeated.
func repetitions(c *table.Case) (n int) {
	for i := range c.Steps {
		n += max(1, c.Steps[i].Times)
	}
	return n
}

// leave ends the VMs of a scenario.
func (w *worker) leave(ctx context.Context, contestants []*contestant, c *table.Case) {
	for _, e := range contestants {
		w.at(e, c, 1)
		e.loop.Close(ctx)
	}
}

// refuse reports that a contestant answered wrongly. A floor that does so is a fault of this program: an error.
func (w *worker) refuse(e *contestant, c *table.Case, err error) error {
	if e.name == evidence.Floor {
		return fmt.Errorf("%s of %s: %w", e.name, c.ID, err)
	}
	return w.tell(finding{Refused: &evidence.Refused{Build: e.build, Scenario: c.ID, Reason: err.Error()}})
}

// drop refuses a contestant that answered wrongly and returns the others; with an error, all of them.
func (w *worker) drop(ctx context.Context, contestants []*contestant, e *contestant, c *table.Case,
	wrong error) ([]*contestant, error) {
	if err := w.refuse(e, c, wrong); err != nil {
		return contestants, err
	}
	e.loop.Close(ctx)
	return slices.DeleteFunc(contestants, func(other *contestant) bool { return other == e }), nil
}
