package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/guest"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// Work is the whole of a worker process: it reads a Task and writes what it Found, a JSON value a line.
func Work(ctx context.Context, in io.Reader, out io.Writer) error {
	var t Task
	if err := json.NewDecoder(in).Decode(&t); err != nil {
		return fmt.Errorf("read task: %w", err)
	}
	w, err := newWorker(&t, out)
	if err != nil {
		return err
	}
	switch t.Kind {
	case Speed:
		err = w.speed(ctx)
	case Tails:
		err = w.tails(ctx)
	case Witnesses:
		err = w.witnesses(ctx)
	case Startup:
		err = w.startup(ctx)
	case Soak:
		err = w.soak(ctx)
	case Resident:
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
	*Task
	options host.Options
	cases   []table.Case
	out     *json.Encoder
	random  *rand.Rand
}

func newWorker(t *Task, out io.Writer) (*worker, error) {
	w := &worker{Task: t, out: json.NewEncoder(out), random: rand.New(rand.NewPCG(t.Seed, uint64(t.Number)))}
	var err error
	if w.options, err = t.Host.options(); err != nil {
		return nil, err
	}
	w.options.CacheDir = t.CacheDir
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

func (w *worker) tell(f Found) error { return w.out.Encode(f) }

// quiet keeps the host's own garbage collector and the scheduler out of what is timed. Between two measurements the
// collector is called by hand.
func quiet() {
	runtime.LockOSThread()
	debug.SetGCPercent(-1)
}

// entrant is a module in a scenario.
type entrant struct {
	name   string // of a build, evidence.Floor or evidence.Twin
	build  string // whose fault a wrong answer is
	module *host.Module
	loop   *suite.Loop
}

// field is everything that is timed next to each other: the builds, the first of them once more, and the floor.
type field struct {
	w        *worker
	entrants []*entrant
	floors   map[string]*host.Module // by case
}

// newField compiles every module anew, in random order: where code comes to lie in memory is the largest part of what
// makes two runs differ.
func (w *worker) newField(ctx context.Context) (*field, error) {
	f := &field{w: w, floors: map[string]*host.Module{}}
	files := append([]File{}, w.Modules...)
	if w.Kind != Witnesses {
		files = append(files, File{evidence.Twin, w.Modules[0].Path})
	}
	for _, i := range w.random.Perm(len(files)) {
		wasm, err := os.ReadFile(files[i].Path)
		if err != nil {
			return nil, fmt.Errorf("read module: %w", err)
		}
		m, err := host.Compile(ctx, wasm, w.options)
		if err != nil {
			return nil, fmt.Errorf("load %s: %w", files[i].Build, err)
		}
		e := &entrant{name: files[i].Build, build: files[i].Build, module: m}
		if e.name == evidence.Twin {
			e.build = w.Modules[0].Build
		}
		f.entrants = append(f.entrants, e)
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
		f.floors[w.cases[i].ID] = m
	}
	return f, nil
}

func (f *field) close(ctx context.Context) {
	for _, e := range f.entrants {
		_ = e.module.Close(ctx)
	}
	for _, m := range f.floors {
		_ = m.Close(ctx)
	}
}

// enter starts a VM of every entrant in a scenario. One that answers wrongly is told of, and takes no part.
func (f *field) enter(ctx context.Context, c *table.Case, o suite.ObserveOptions) ([]*entrant, error) {
	all := append([]*entrant{}, f.entrants...)
	if m := f.floors[c.ID]; m != nil {
		all = append(all, &entrant{name: evidence.Floor, build: evidence.Floor, module: m})
	}
	f.w.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	var entered []*entrant
	for _, e := range all {
		loop, err := suite.NewLoop(ctx, e.module, c, o)
		if err != nil {
			if err := f.w.refuse(e, c, err); err != nil {
				return nil, err
			}
			continue
		}
		e.loop = loop
		entered = append(entered, e)
	}
	return entered, nil
}

func leave(ctx context.Context, entrants []*entrant) {
	for _, e := range entrants {
		e.loop.Close(ctx)
	}
}

// refuse tells that an entrant answered wrongly. A floor that does is a fault of this program.
func (w *worker) refuse(e *entrant, c *table.Case, err error) error {
	if e.name == evidence.Floor {
		return fmt.Errorf("%s of %s: %w", e.name, c.ID, err)
	}
	return w.tell(Found{Refused: &evidence.Refused{Build: e.build, Scenario: c.ID, Reason: err.Error()}})
}

// drop refuses an entrant that answered wrongly and gives those that are left; with an error, all of them still.
func (w *worker) drop(ctx context.Context, entrants []*entrant, e *entrant, c *table.Case, wrong error) ([]*entrant, error) {
	if err := w.refuse(e, c, wrong); err != nil {
		return entrants, err
	}
	e.loop.Close(ctx)
	return slices.DeleteFunc(entrants, func(other *entrant) bool { return other == e }), nil
}
