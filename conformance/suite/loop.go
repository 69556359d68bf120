package suite

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/abi"
)

// Loop repeats the last step of a case in one VM. The benchmark times it; two loops of one case differ in the module
// alone.
type Loop struct {
	run       *run
	step      *table.Step
	first     Exchange // compared with the contract
	replied   bool     // the plugin answers
	ended     bool     // the request reaches the upstream whole
	anyAction bool
	status    int
	lists     []position // of the clusters with a list of answers
	done      int
	level     abi.LogLevel // that is kept while it runs
}

// position is which answer of its list a cluster gives next when the loop's step begins.
type position struct {
	cluster *script
	next    int
}

// WrongError is an answer that the contract forbids.
type WrongError struct {
	Request     int // number in the loop, from 1
	What        string
	Wanted, Got string
}

func (e *WrongError) Error() string {
	return fmt.Sprintf("request %d: %s: wanted %s, got %s", e.Request, e.What, e.Wanted, e.Got)
}

// Repeatable says why a case's last step cannot be repeated without end; nil: it can.
func Repeatable(c *table.Case) error {
	if !c.Start.Accepted || len(c.Steps) == 0 {
		return errors.New("no plugin runs in it, expected a request that the plugin allows or refuses")
	}
	s := &c.Steps[len(c.Steps)-1]
	switch {
	case len(c.Chain.All()) > 0:
		return errors.New("it has a chain, and the other plugins would be timed too")
	case s.Request == nil || s.Stream != "":
		return errors.New("its last step is no whole request, expected one without stream")
	case len(s.Faults) > 0 || len(s.Clusters) > 0:
		return errors.New("its last step has faults or clusters of its own, expected those of the case alone")
	case s.Want.Decision != table.Allow && s.Want.Decision != table.Refuse && s.Want.Decision != table.Replace:
		return fmt.Errorf("its last step wants %s, expected allow, refuse or replace", s.Want.Decision)
	}
	return nil
}

// runOnce starts a VM, runs the case once and checks it. The caller closes the VM.
func runOnce(ctx context.Context, m *host.Module, c *table.Case, o ObserveOptions,
	environment ...host.Variable) (_ *run, err error) {
	r, err := newRun(ctx, m, c, o, environment...)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			r.close(ctx)
		}
	}()
	if err := r.start(ctx, c); err != nil {
		return nil, err
	}
	for i := range c.Steps {
		if !r.step(ctx, i+1, &c.Steps[i]) {
			break
		}
	}
	if wrong := Check(c, r.seen); len(wrong) > 0 {
		return nil, &WrongError{1, wrong[0].Field, wrong[0].Wanted, wrong[0].Got}
	}
	return r, nil
}

// NewLoop starts a VM, runs the case once and checks it. The error is a *WrongError when the module does not conform.
func NewLoop(ctx context.Context, m *host.Module, c *table.Case, o ObserveOptions) (l *Loop, err error) {
	if err := Repeatable(c); err != nil {
		return nil, fmt.Errorf("case %s: %w", c.ID, err)
	}
	o.Good, o.Repeat, o.Until = nil, 0, Place{}
	r, err := runOnce(ctx, m, c, o)
	if err != nil {
		return nil, err
	}
	step := &c.Steps[len(c.Steps)-1]
	l = &Loop{run: r, step: step, anyAction: c.AnyAction, level: abi.LogOff}
	// Its last repetition: what the repetitions use up, such as the tokens of a rate limit, is then used up.
	runs := r.seen.Steps[len(c.Steps)-1].Runs
	l.first = runs[len(runs)-1].Exchange
	l.replied, l.ended = l.first.Reply != nil, l.first.Upstream.Ended
	l.status, _ = strconv.Atoi(valueOf(l.first.Client.Headers, ":status"))
	for i := range r.upstreams.ofCase {
		if s := &r.upstreams.ofCase[i]; len(s.Answers) > 0 && !s.Always {
			l.lists = append(l.lists, position{s, max(0, s.next-callsTo(s.Name, &l.first.Effects))})
		}
	}
	return l, nil
}

// callsTo is the number of calls to a cluster.
func callsTo(cluster string, e *Effects) (n int) {
	for i := range e.Calls {
		if e.Calls[i].Cluster == cluster {
			n++
		}
	}
	for i := range e.GRPC {
		if e.GRPC[i].Cluster == cluster {
			n++
		}
	}
	return n
}

// rewind has the clusters give the same answers each time.
func (l *Loop) rewind() {
	for _, p := range l.lists {
		p.cluster.next = p.next
	}
}

// Status is the status that the client gets each time.
func (l *Loop) Status() int { return l.status }

// VM is the loop's virtual machine.
func (l *Loop) VM() *host.VM { return l.run.vm }

// KeepLastLine has Run keep the lines in which the plugin tells of errors, for LastLine.
func (l *Loop) KeepLastLine() { l.level = abi.LogError }

// LastLine is the last such line of the last Run; "" when there was none.
func (l *Loop) LastLine() string { return l.run.lastLine() }

// Close ends the VM.
func (l *Loop) Close(ctx context.Context) { l.run.close(ctx) }

// Run repeats the step n times. It checks of each answer only who gave it and its status, which takes almost no time;
// Check compares everything. The error is a *WrongError or a *host.Failure.
func (l *Loop) Run(n int) error {
	p := l.run.plugins[0]
	l.run.vm.SetLogLevel(l.level) // the plugin logs as before, and the host makes no strings of what is below
	l.run.logs, l.run.logged, l.run.deaf = l.run.logs[:0], 0, true
	for range n {
		l.rewind()
		s := p.NewStream(streamOf(l.step.Request))
		Drive(s, l.step.Request)
		status, replied, ended := s.Downstream().Status(), s.Replied(), s.Upstream().Ended
		s.Release()
		l.done++
		if status != l.status || replied != l.replied || ended != l.ended {
			return l.wrong(status, replied)
		}
	}
	l.run.vm.ForgetCalls()
	return nil
}

func (l *Loop) wrong(status int, replied bool) error {
	if f := l.run.vm.Failure(); f != nil {
		return f
	}
	answer := func(status int, replied bool) string {
		by := "from the upstream"
		if replied {
			by = "from the plugin"
		}
		return fmt.Sprintf("%d %s %s", status, http.StatusText(status), by)
	}
	return &WrongError{l.done, "answer", answer(l.status, l.replied), answer(status, replied)}
}

// Check repeats the step once and compares everything that can be seen of it with the first time; where it differs,
// with the case, which may leave open what differs.
func (l *Loop) Check(ctx context.Context) error {
	r := l.run
	r.vm.SetLogLevel(abi.LogTrace)
	r.deaf, r.told, r.calls = false, nil, len(r.vm.Calls())
	r.grpc.forget(r.vm)
	l.rewind()
	e := r.do(ctx, l.step)
	l.done++
	if f := r.vm.Failure(); f != nil {
		return f
	}
	if !reflect.DeepEqual(e, l.first) {
		k := newChecker(&table.Case{AnyAction: l.anyAction})
		k.once(l.step, &e)
		if len(k.found) > 0 {
			return &WrongError{l.done, k.found[0].Field, k.found[0].Wanted, k.found[0].Got}
		}
	}
	return nil
}
