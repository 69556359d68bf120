package envoy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/proxy"
)

// epoch is when every case begins that does not say otherwise.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// run is one case being observed.
type run struct {
	lane   *lane
	table  *table.Case
	name   string // what the lane knows it by
	vmName string
	sets   map[string]int // numbers of the sets of faults, by their text
	faulty bool           // faults are in force

	names     proxy.Names
	packer    packer
	carries   bool                // the plugins of carry stand in the listeners
	listeners []proxy.Listener    // of plugin contexts, in the order in which they were made
	streams   []*exchange         // that are open, with a name
	known     map[string][2]int64 // metrics: kind and value
	seen      suite.Observation

	// Guarded by the lane's lock.
	answers        suite.Answers
	machines       []*machine // the first is that of the module under test
	opening        *exchange
	configuring    string  // the plugin whose context comes next
	roots          []*root // plugin contexts, in the order in which they were made
	newest         *root   // of the plugins under test
	started        bool    // the plugin under test has
	calls          []*call // that were made, in order
	callbacks      int     // of calls
	grpc           []*grpcCall
	told, mainTold []table.Effect   // since the last effects; by the main thread, while the plugin starts
	queues         map[int64]string // names by number
	taken          int              // calls that effects have given
	failure        *suite.Failure
	reported       bool
	place          suite.Place // that is being run
}

// machine is the VM of a module on the worker: of the module under test, or of another one of the chain.
type machine struct {
	module string          // as the case names it; "": the module under test
	path   string          // of its file
	roots  map[int64]*root // plugin contexts by their number
	parts  map[int64]*part // stream contexts by theirs
}

// root is a plugin context on the worker.
type root struct {
	plugin     string
	chained    bool          // of a plugin of the chain, and not of the one under test
	period     time.Duration // of ticks; 0: none
	due        time.Duration // of the next, in steady time
	seen       time.Duration // the period that was reported last
	configured bool
	accepts    bool
}

// call is one that the plugin has made.
type call struct {
	table.Call
	vm    *machine
	body  []byte
	made  time.Duration // steady time
	due   time.Duration // steady time at which it must fail without the table moving the clock; 0: it need not
	visit *visit        // at the service; nil: it has not arrived
}

// observe runs a case. The error says why the case could not be run to its end; with errWorker the observation has the
// failure, which is the plugin's.
func (l *lane) observe(ctx context.Context, c *table.Case, good *table.Request, sets map[string]int) (
	seen suite.Observation, err error) {
	l.cases++
	r := &run{lane: l, table: c, name: "c" + strconv.Itoa(l.cases), sets: sets, answers: suite.NewAnswers(c.Clusters),
		queues: map[int64]string{}, known: map[string][2]int64{}}
	r.vmName = cmp.Or(c.World.VM.ID, r.name)
	if r.names, err = names(c, good); err != nil {
		return seen, err
	}
	if r.packer, r.carries = pack, carries(c, good); r.carries {
		r.packer = carry
	}
	if err := r.makeMachines(); err != nil {
		return seen, err
	}
	defer r.end()
	defer func() {
		if errors.Is(err, errWorker) {
			seen.Failure = r.hangs()
		}
	}()
	if err := r.begin(ctx); err != nil {
		return r.seen, err
	}
	if !r.seen.Start.Accepted || r.seen.Failure != nil {
		return r.seen, nil
	}
	for i := range c.Steps {
		if err := r.step(ctx, i+1, &c.Steps[i]); err != nil {
			return r.seen, fmt.Errorf("step %d: %w", i+1, err)
		}
		if r.seen.Failure != nil {
			return r.seen, nil
		}
	}
	if good == nil {
		return r.seen, nil
	}
	if err := r.useClusters(ctx, nil); err != nil {
		return r.seen, err
	}
	r.place = suite.Place{Step: len(c.Steps) + 1, Repetition: 1}
	e, err := r.whole(ctx, table.Main, good)
	if err != nil {
		return r.seen, fmt.Errorf("good request: %w", err)
	}
	after := r.record(e)
	after.Effects = r.effects()
	r.seen.Good = &after
	if r.seen.Metrics, err = r.metrics(ctx); err != nil {
		return r.seen, err
	}
	r.seen.Failure = r.died()
	return r.seen, nil
}

// makeMachines makes the machines, which are known when Envoy makes their VMs.
func (r *run) makeMachines() (err error) {
	under := other{path: r.lane.modules[0]}
	if fails(r.table) {
		under.path = r.lane.modules[1]
	}
	for _, o := range append([]other{under}, r.lane.others...) {
		m := &machine{module: o.name, path: o.path, roots: map[int64]*root{}, parts: map[int64]*part{}}
		if random := r.table.World.Random; random != nil {
			if m.path, err = r.lane.withRandom(o.path, r.name, random); err != nil {
				return err
			}
		}
		r.machines = append(r.machines, m)
	}
	return nil
}

// machine is that of a module, as the case names it.
func (r *run) machine(module string) *machine {
	return r.machines[slices.IndexFunc(r.machines, func(m *machine) bool { return m.module == module })]
}

// fails says whether a case has faults of host functions.
func fails(c *table.Case) bool {
	return len(c.Start.Faults) > 0 || slices.ContainsFunc(c.Steps, func(s table.Step) bool { return len(s.Faults) > 0 })
}

// faultKey tells sets of faults apart.
func faultKey(set []table.HostFault) string {
	key := ""
	for _, f := range set {
		key += fmt.Sprintf("%s %d %q %t %d;", f.Function, f.Status, f.Bytes, f.Bytes != nil, f.Nth)
	}
	return key
}

// begin starts the plugin.
func (r *run) begin(ctx context.Context) error {
	l := r.lane
	begin := r.table.Clock
	if begin.IsZero() {
		begin = epoch
	}
	l.clock.SetTime(begin)
	if err := r.prepare(ctx); err != nil {
		return err
	}
	if err := r.force(ctx, r.table.Start.Faults); err != nil {
		return err
	}
	refused, err := r.configure(ctx, &table.Configure{Config: r.table.Config})
	if err != nil {
		return err
	}
	if err := r.force(ctx, nil); err != nil {
		return err
	}
	r.seen.Start.Accepted = !refused
	l.mu.Lock()
	r.started = true
	l.mu.Unlock()
	r.seen.Start.Effects = r.effects()
	if !refused {
		if r.seen.Start.Metrics, err = r.metrics(ctx); err != nil {
			return err
		}
	}
	r.seen.Failure = r.died()
	return nil
}

// prepare gives the lane to the case.
func (r *run) prepare(ctx context.Context) error {
	l := r.lane
	if err := r.useClusters(ctx, r.table.Clusters); err != nil {
		return err
	}
	// A VM of the case before keeps its metrics for as long as it lives.
	if err := l.until(ctx, func() bool { return l.vms <= l.baseVMs }); err != nil && !errors.Is(err, errPatience) {
		return err
	}
	var workers, mains []crossings
	for _, m := range r.machines {
		workers, mains = append(workers, onWorker{r, m}), append(mains, onMain{r, m})
	}
	l.mu.Lock()
	l.worker.begin(r.vmName, workers...)
	l.main.begin(r.vmName, mains...)
	l.mu.Unlock()
	return r.forgotten(ctx)
}

// end takes the case's listeners away.
func (r *run) end() {
	l := r.lane
	for _, e := range r.streams {
		e.leave()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.worker.begin("")
	l.main.begin("")
	for _, s := range l.services {
		s.run = nil
	}
	clear(l.upstream.waiting)
	clear(l.verdicts)
	_ = l.setListeners() // an Envoy that is gone shows itself at the next case
}
