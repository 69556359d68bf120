package envoy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/proxy"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/headermap"
)

// epoch is when every case begins that does not say otherwise.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// run is one case being observed.
type run struct {
	lane   *lane
	table  *table.Case
	vm     string
	module string
	sets   map[string]int // numbers of the sets of faults, by their text
	faulty bool           // faults are in force

	listeners []proxy.Listener    // of plugin contexts, in the order in which they were made
	streams   []*exchange         // that are open, with a name
	known     map[string][2]int64 // metrics: kind and value
	seen      suite.Observation

	// Guarded by the lane's lock.
	ofCase, ofStep []*script
	exchanges      map[int64]*exchange // by the plugin's context
	opening        *exchange
	configuring    string          // the plugin whose context comes next
	roots          map[int64]*root // plugin contexts by their number
	newest         *root
	calls          []*call // that were made, in order
	callbacks      int     // of calls
	taken          int     // calls that effects have given
	failure        *suite.Failure
	reported       bool
	place          suite.Place // that is being run
}

// root is a plugin context on the worker.
type root struct {
	plugin     string
	period     time.Duration // of ticks; 0: none
	due        time.Duration // of the next, in steady time
	seen       time.Duration // the period that was reported last
	configured bool
	accepts    bool
}

// call is one that the plugin has made.
type call struct {
	table.Call
	body  []byte
	made  time.Duration // steady time
	due   time.Duration // steady time at which it must fail without the table moving the clock; 0: it need not
	visit *visit        // at the service; nil: it has not arrived
}

// observe runs a case. The error says why the case could not be run to its end; with errWorker the observation has the
// failure, which is the plugin's.
func (l *lane) observe(ctx context.Context, c *table.Case, good *table.Request, sets map[string]int) (seen suite.Observation, err error) {
	l.cases++
	r := &run{lane: l, table: c, vm: "c" + strconv.Itoa(l.cases), module: l.modules[0], sets: sets, ofCase: scripts(c.Clusters),
		exchanges: map[int64]*exchange{}, roots: map[int64]*root{}, known: map[string][2]int64{}}
	if fails(c) {
		r.module = l.modules[1]
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
	refused, err := r.configure(ctx, table.Main, r.table.Config)
	if err != nil {
		return err
	}
	if err := r.force(ctx, nil); err != nil {
		return err
	}
	r.seen.Start.Accepted = !refused
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
	// A VM of the case before keeps its metrics for as long as it lives.
	if err := l.until(ctx, func() bool { return l.vms <= l.baseVMs }); err != nil && !errors.Is(err, errPatience) {
		return err
	}
	if err := r.useClusters(ctx, r.table.Clusters); err != nil {
		return err
	}
	l.mu.Lock()
	l.worker.begin(r.vm, onWorker{r})
	l.main.begin(r.vm, onMain{r})
	l.mu.Unlock()
	stats, err := r.counters(ctx)
	r.known = stats
	return err
}

// end takes the case's listeners away.
func (r *run) end() {
	l := r.lane
	for _, e := range r.streams {
		e.leave()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.worker.begin("", nil)
	l.main.begin("", nil)
	for _, s := range l.services {
		s.run = nil
	}
	clear(l.upstream.waiting)
	clear(l.verdicts)
	_ = l.setListeners() // an Envoy that is gone shows itself at the next case
}

// useClusters makes the clusters those of a step over those of the case.
func (r *run) useClusters(ctx context.Context, clusters []table.Cluster) error {
	all := slices.Clone(clusters)
	for _, c := range r.table.Clusters {
		if !slices.ContainsFunc(clusters, func(o table.Cluster) bool { return o.Name == c.Name }) {
			all = append(all, c)
		}
	}
	same := func(a, b table.Cluster) bool { return a.Name == b.Name && a.State == b.State && silent(a) == silent(b) }
	slices.SortFunc(all, func(a, b table.Cluster) int { return cmp.Compare(a.Name, b.Name) })
	if !slices.EqualFunc(all, r.lane.clusters, same) {
		if err := r.lane.setClusters(ctx, all); err != nil {
			return err
		}
		if err := r.lane.mark(ctx); err != nil {
			return err
		}
		r.lane.clusters = all
	}
	r.lane.mu.Lock()
	defer r.lane.mu.Unlock()
	for _, s := range r.lane.services {
		s.run = r
	}
	for _, c := range all {
		r.openOrRefuse(c.Name)
	}
	return nil
}

// force puts the faults of a step in force.
func (r *run) force(ctx context.Context, set []table.HostFault) error {
	if len(set) == 0 && !r.faulty {
		return nil
	}
	r.faulty = len(set) > 0
	return r.lane.force(ctx, r.sets[faultKey(set)])
}

// configure makes a plugin context, or gives the one of that name another configuration.
func (r *run) configure(ctx context.Context, plugin string, config []byte) (refused bool, err error) {
	l := r.lane
	// A configuration that is refused never comes to the worker: the VM that has refused it was one of the main thread.
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if lines := l.main.logs; refused {
			l.worker.logs = append(l.worker.logs, lines...)
		}
		l.main.logs = nil
	}()
	filter := proxy.Filter{Module: r.module, Plugin: plugin, VM: r.vm, Config: config, FailurePolicy: cmp.Or(r.table.FailurePolicy, "fail_closed"),
		BodyWhileHeld: r.table.BodyWhileHeld}
	name := r.listener(plugin)
	l.mu.Lock()
	delete(l.verdicts, filterVerdict)
	r.configuring = plugin
	l.mu.Unlock()
	if slices.ContainsFunc(r.listeners, func(o proxy.Listener) bool { return o.Name == name }) {
		return r.update(ctx, name, filter)
	}
	filters := []proxy.Filter{{Lua: packLua + outerLua}, filter, {Lua: packLua + innerLua}}
	if r.updated(plugin) {
		filters[1].Updated = true
		if err := l.process.SetFilter(name, 1, filter); err != nil {
			return false, err
		}
	}
	more := append(slices.Clone(r.listeners), proxy.Listener{Name: name, Filters: filters, Cluster: upstreamCluster})
	if err := l.setListeners(more...); err != nil {
		return false, err
	}
	verdict, err := l.await(ctx, name)
	if err != nil {
		return false, err
	}
	if verdict != accepted {
		return true, l.settle(ctx, nil)
	}
	r.listeners = more
	return false, r.settle(ctx)
}

// update gives a listener's plugin another configuration, as extension configuration discovery does.
func (r *run) update(ctx context.Context, listener string, filter proxy.Filter) (refused bool, err error) {
	l := r.lane
	l.mu.Lock()
	before := len(r.roots)
	l.mu.Unlock()
	if err := l.process.SetFilter(listener, 1, filter); err != nil {
		return false, err
	}
	err = l.until(ctx, func() bool {
		refused = l.verdicts[filterVerdict] != ""
		return refused || len(r.roots) > before && r.newest.configured
	})
	if err != nil && !errors.Is(err, errPatience) {
		return false, err
	}
	return refused, r.settle(ctx)
}

// updated says whether a later step configures the plugin anew.
func (r *run) updated(plugin string) bool {
	n := 0
	if plugin == table.Main {
		n = 1
	}
	for _, s := range r.table.Steps {
		if s.Configure != nil && cmp.Or(s.Configure.Plugin, table.Main) == plugin {
			n++
		}
	}
	return n > 1
}

func (r *run) listener(plugin string) string { return r.vm + "-" + plugin }

// waits says whether something is on its way. The lock is held.
func (r *run) waits() bool {
	if r.failure != nil {
		return false
	}
	over, made := 0, 0
	for _, c := range r.calls {
		switch {
		case c.due > r.lane.clock.Steady():
		case c.visit == nil:
			made++
		case c.visit.ended:
			over++
		}
	}
	if over+made > r.callbacks {
		return true
	}
	if r.opening != nil && r.opening.waits() {
		return true
	}
	return slices.ContainsFunc(r.streams, (*exchange).waits)
}

// settle waits until nothing moves any more. A call that must time out without the table saying how long it takes is
// given the time: timers go on, and the time of day stays.
func (r *run) settle(ctx context.Context) error {
	for {
		if err := r.lane.settle(ctx, r.waits); err != nil {
			return err
		}
		r.lane.mu.Lock()
		now := r.lane.clock.Steady()
		by := time.Duration(0)
		for _, c := range r.calls {
			if c.due > now && (by == 0 || c.due-now < by) {
				by = c.due - now
			}
		}
		r.lane.clock.AdvanceTimers(by)
		r.ticked()
		r.lane.mu.Unlock()
		if by == 0 {
			return nil
		}
	}
}

// ticked notes that the ticks that have fallen due are over. The lock is held.
func (r *run) ticked() {
	for _, root := range r.roots {
		if root.period > 0 && root.due <= r.lane.clock.Steady() {
			root.due += root.period
		}
	}
}

// step runs a step as often as it says.
func (r *run) step(ctx context.Context, number int, s *table.Step) error {
	var step suite.Step
	for i := 1; i <= max(1, s.Times) && r.seen.Failure == nil; i++ {
		r.place = suite.Place{Step: number, Repetition: i}
		if err := r.force(ctx, s.Faults); err != nil {
			return err
		}
		r.lane.mu.Lock()
		r.ofStep = scripts(s.Clusters)
		r.lane.mu.Unlock()
		if err := r.useClusters(ctx, s.Clusters); err != nil {
			return err
		}
		e, err := r.do(ctx, s)
		if err != nil {
			return err
		}
		e.Effects = r.effects()
		if failure := r.died(); s.Want.Trap != "" {
			e.Failure = failure
		} else {
			r.seen.Failure = failure
		}
		add(&step, e)
		if err := r.force(ctx, nil); err != nil {
			return err
		}
	}
	r.lane.mu.Lock()
	r.ofStep = nil
	r.lane.mu.Unlock()
	var err error
	step.Metrics, err = r.metrics(ctx)
	r.seen.Steps = append(r.seen.Steps, step)
	return err
}

// add notes one more repetition.
func add(s *suite.Step, e suite.Exchange) {
	if last := len(s.Runs) - 1; last >= 0 && reflect.DeepEqual(s.Runs[last].Exchange, e) {
		s.Runs[last].Times++
		return
	}
	s.Runs = append(s.Runs, suite.RepeatedRun{Times: 1, Exchange: e})
}

// do does a step once.
func (r *run) do(ctx context.Context, s *table.Step) (seen suite.Exchange, err error) {
	var e *exchange
	switch {
	case s.Request != nil && s.Stream == "":
		if e, err = r.whole(ctx, cmp.Or(s.Plugin, table.Main), s.Request); err != nil {
			return seen, err
		}
	case s.Request != nil:
		e, err = r.open(ctx, cmp.Or(s.Plugin, table.Main), s.Stream, s.Request)
		if err != nil {
			return seen, err
		}
		r.streams = append(r.streams, e)
		if !s.HeadersOnly {
			e.upload()
		}
		err = r.settle(ctx)
	case s.Exchanges():
		e, err = r.carryOn(ctx, s)
	case s.Answer != nil:
		seen.Problem = r.answer(s.Answer)
		err = r.settle(ctx)
	case s.Configure != nil:
		seen.Refused, err = r.configure(ctx, cmp.Or(s.Configure.Plugin, table.Main), s.Configure.Config)
	case s.Jump != 0:
		r.lane.clock.SetTime(r.lane.clock.Time().Add(s.Jump))
		err = r.settle(ctx)
	default:
		err = r.advance(ctx, s.Advance)
	}
	if err != nil {
		return seen, err
	}
	problem, refused := seen.Problem, seen.Refused
	if e != nil {
		seen = r.record(e)
	} else if s.Exchanges() {
		problem = "the stream was never opened"
	}
	seen.Problem, seen.Refused = problem, refused
	seen.Others = r.others(s.StreamName())
	return seen, nil
}

// whole takes a request through everything and to its end.
func (r *run) whole(ctx context.Context, plugin string, request *table.Request) (*exchange, error) {
	e, err := r.open(ctx, plugin, "", request)
	if err != nil {
		return nil, err
	}
	for _, part := range []func(){e.upload, e.respond} {
		part()
		if err := r.settle(ctx); err != nil {
			return nil, err
		}
	}
	return e, r.leave(ctx, e)
}

// leave ends an exchange for its client, and takes down how it was.
func (r *run) leave(ctx context.Context, e *exchange) error {
	e.leave()
	err := r.settle(ctx)
	r.lane.mu.Lock()
	defer r.lane.mu.Unlock()
	e.last = r.look(e)
	return err
}

// open begins an exchange.
func (r *run) open(ctx context.Context, plugin, name string, request *table.Request) (*exchange, error) {
	l := r.lane
	e := &exchange{lane: l, name: name, plugin: plugin, request: request, packed: packs(request)}
	l.mu.Lock()
	e.id = fmt.Sprintf("%s-%d", r.vm, len(l.upstream.waiting))
	l.upstream.waiting[e.id] = e
	r.opening = e
	l.mu.Unlock()
	if err := e.send(r.listener(plugin)); err != nil {
		return nil, err
	}
	return e, r.settle(ctx)
}

// carryOn does what a step says to a stream that is open.
func (r *run) carryOn(ctx context.Context, s *table.Step) (*exchange, error) {
	at := slices.IndexFunc(r.streams, func(e *exchange) bool { return e.name == s.StreamName() })
	if at < 0 {
		return nil, nil
	}
	e := r.streams[at]
	if s.Upload != "" || s.Finish != "" {
		e.upload()
		if err := r.settle(ctx); err != nil {
			return nil, err
		}
	}
	if s.Respond != "" || s.Finish != "" {
		e.respond()
		if err := r.settle(ctx); err != nil {
			return nil, err
		}
	}
	if s.Finish != "" || s.Close != "" {
		r.streams = slices.Delete(r.streams, at, at+1)
		r.lane.mu.Lock()
		r.opening = e
		r.lane.mu.Unlock()
		return e, r.leave(ctx, e)
	}
	return e, r.settle(ctx)
}

// answer answers a call that waits; it says why it could not.
func (r *run) answer(a *table.Answered) string {
	r.lane.mu.Lock()
	defer r.lane.mu.Unlock()
	for i, c := range r.calls {
		waits := c.visit != nil && !c.visit.ended
		switch {
		case a.Call == i+1 && !waits:
			return "the call is done already"
		case a.Call == i+1, a.Call == 0 && waits:
			c.visit.answer(&a.Answer)
			return ""
		}
	}
	return "no such call waits"
}

// advance moves the clock from one thing that falls due to the next: timers that are late fire once, not as often as
// they would have.
func (r *run) advance(ctx context.Context, by time.Duration) error {
	l := r.lane
	for by > 0 {
		l.mu.Lock()
		now, next := l.clock.Steady(), by
		for _, root := range r.roots {
			if root.period > 0 {
				next = min(next, max(root.due-now, 0))
			}
		}
		for _, c := range r.calls {
			if c.visit != nil && !c.visit.ended && c.TimeoutMS > 0 {
				if due := c.made + time.Duration(c.TimeoutMS)*time.Millisecond; due > now {
					next = min(next, due-now)
				}
			}
		}
		l.clock.Advance(next)
		r.ticked()
		l.mu.Unlock()
		by -= next
		if err := r.settle(ctx); err != nil {
			return err
		}
	}
	return nil
}

// others are the open streams that changed, but for one.
func (r *run) others(but string) []suite.Other {
	var changed []suite.Other
	for _, e := range r.streams {
		before := e.last
		if e.name != but && !reflect.DeepEqual(before, r.record(e)) {
			changed = append(changed, suite.Other{Stream: e.name, Exchange: e.last})
		}
	}
	return changed
}

// record is how an exchange is now, or was when its client left.
func (r *run) record(e *exchange) suite.Exchange {
	if !e.closed {
		r.lane.mu.Lock()
		e.last = r.look(e)
		r.lane.mu.Unlock()
	}
	return e.last
}

// look takes down what can be seen of an exchange. The lock is held.
func (r *run) look(e *exchange) suite.Exchange {
	seen := suite.Exchange{RequestAction: cmp.Or(e.requestAction, "Continue"), ResponseAction: cmp.Or(e.responseAction, "Continue"), Reply: e.reply,
		Upstream: e.upstream, Client: e.seen(), Failed: e.answeredByEnvoy && e.reply == nil && e.client.Headers != nil}
	sent := e.arrived != nil
	switch {
	case sent && e.reply != nil:
		seen.Decision = suite.Both
	case e.reply != nil:
		seen.Decision = string(table.Refuse)
	case sent && !e.upstream.Ended && e.uploaded:
		seen.Decision = suite.Incomplete
	case sent:
		seen.Decision = string(table.Allow)
	case seen.Failed:
		seen.Decision = string(table.Fail)
	case e.client.Headers != nil:
		seen.Decision = suite.Answered
	default:
		seen.Decision = string(table.Hold)
	}
	return seen
}

// effects are those since the last call.
func (r *run) effects() suite.Effects {
	l := r.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	e := suite.Effects{Logs: l.worker.take()}
	for _, c := range r.calls[r.taken:] {
		e.Calls = append(e.Calls, c.asSeen())
	}
	r.taken = len(r.calls)
	var ids []int64
	for id := range r.roots {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if root := r.roots[id]; root.period != root.seen {
			root.seen = root.period
			e.Ticks = append(e.Ticks, suite.Tick{Plugin: root.plugin, Every: root.period})
		}
	}
	return e
}

// asSeen is a call as it arrived. One that found no service is as the plugin made it, with what Envoy adds to all.
func (c *call) asSeen() table.Call {
	seen := c.Call
	if c.visit == nil {
		seen.Headers = append(slices.Clone(seen.Headers), headermap.Header{Name: "x-envoy-internal", Value: "true"})
		if c.TimeoutMS > 0 {
			seen.Headers = append(seen.Headers, headermap.Header{Name: "x-envoy-expected-rq-timeout-ms", Value: strconv.Itoa(c.TimeoutMS)})
		}
	}
	return seen
}

// hangs is the failure of a plugin that does not return.
func (r *run) hangs() *suite.Failure {
	r.lane.mu.Lock()
	defer r.lane.mu.Unlock()
	f := &suite.Failure{Kind: host.DeadlineExceeded.String(), Reason: fmt.Sprintf("did not return within %v", workerTime), Place: r.place}
	if inside := r.lane.worker.inside; len(inside) > 0 {
		f.In = inside[0].name
	}
	return f
}

// died is how the VM has ended, if it has since the last call.
func (r *run) died() *suite.Failure {
	r.lane.mu.Lock()
	defer r.lane.mu.Unlock()
	if r.failure == nil || r.reported {
		return nil
	}
	r.reported = true
	r.failure.Place = r.place
	return r.failure
}
