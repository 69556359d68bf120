package suite

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// Cycle repeats all steps of a case in one VM. A round is each step once, or as often as its times says. The first
// round is checked against the case, and the second is compared with the first. Of every later round only a digest of
// what can be seen is compared with that of the second, which takes a hundredth of the time of a record; a record is
// made where the digests differ. Where the second differs in what the case leaves open, such as numbers in log lines,
// each round is recorded and checked against the case instead.
type Cycle struct {
	run     *run
	c       *table.Case
	turns   []turn
	open    bool // rounds differ in what the case leaves open
	round   int  // the last that was begun, from 1
	hash    maphash.Hash
	changed []*stream         // in the turn, without its own
	ticks   []Tick            // set in the turn
	grpc    []table.GRPC      // done in the turn
	known   map[string]uint64 // metrics before the turn, by kind and name
	changes uint64            // of metrics, so far
	deltas  []table.Metric    // how much each metric changed in the turn
}

// turn is one repetition of one step.
type turn struct {
	step     *table.Step
	prefix   string // of a field that differs
	clusters []script
	first    Exchange       // in the first round
	deltas   []table.Metric // in the second
	digest   uint64         // in the second
}

// Cyclic says why no module can repeat the case; nil: only a second round shows whether one can.
func Cyclic(c *table.Case) error {
	switch {
	case !c.Start.Accepted || len(c.Steps) == 0:
		return errors.New("no plugin runs in it")
	case slices.ContainsFunc(c.Steps, func(s table.Step) bool { return s.Want.Trap != "" }):
		return errors.New("the VM dies in it")
	}
	return nil
}

// NewCycle starts a VM with the environment variables and does two rounds. The error is a *WrongError when the first
// round is not what the case wants, a *OnceError when the second differs from the first, or a *host.Failure.
func NewCycle(ctx context.Context, m *host.Module, c *table.Case, environment ...host.Variable) (y *Cycle, err error) {
	if err := Cyclic(c); err != nil {
		return nil, &OnceError{err.Error()}
	}
	r, err := runOnce(ctx, m, c, ObserveOptions{}, environment...)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			r.close(ctx)
		}
	}()
	y = &Cycle{run: r, c: c, round: 1, known: map[string]uint64{}}
	for i := range c.Steps {
		y.addTurns(c, i)
	}
	return y, y.second(ctx, c)
}

// OnceError says why a case cannot be repeated.
type OnceError struct{ Why string }

func (e *OnceError) Error() string { return e.Why }

func (y *Cycle) addTurns(c *table.Case, i int) {
	step := &c.Steps[i]
	for repetition := range max(1, step.Times) {
		prefix := stepPrefix(i, len(c.Steps))
		if step.Times > 1 {
			prefix += fmt.Sprintf("repetition %d of %d: ", repetition+1, step.Times)
		}
		y.turns = append(y.turns, turn{step: step, prefix: prefix, clusters: scripts(step.Clusters),
			first: *y.run.seen.at(i, repetition+1)})
	}
}

// second does the second round, with which the later ones are compared.
func (y *Cycle) second(ctx context.Context, c *table.Case) error {
	if n := y.waiting(); n > 0 {
		return &OnceError{fmt.Sprintf("%d of its calls still wait for an answer at its end", n)}
	}
	y.metrics()
	y.begin()
	differs := false
	var round []Exchange
	for i := range c.Steps {
		var sum []table.Metric
		for range max(1, c.Steps[i].Times) {
			t := &y.turns[len(round)]
			m := y.do(ctx, t)
			t.digest, t.deltas = y.digest(&m), slices.Clone(y.deltas)
			sum = addMetrics(sum, t.deltas)
			now := y.record(&m)
			y.forget(&m)
			if f := y.run.vm.Failure(); f != nil {
				return f
			}
			round = append(round, now)
			differs = differs || !reflect.DeepEqual(now, t.first)
		}
		if first := y.run.seen.deltas(i); renderMetrics(first) != renderMetrics(sum) {
			return &OnceError{fmt.Sprintf("the second time, %smetrics change by %s, the first time by %s",
				stepPrefix(i, len(c.Steps)), renderMetrics(sum), renderMetrics(first))}
		}
	}
	y.run.seen = Observation{}
	if y.open = differs; !differs {
		return nil
	}
	if wrong := y.against(round); wrong != nil { // what the case leaves open may differ, so it is not named
		wanted, got := firstDifference(wrong.Wanted, wrong.Got)
		return &OnceError{fmt.Sprintf("the second time, %s: wanted %s, got %s; add steps that bring the plugin back to the "+
			"beginning, or, if it may change, leave it open in the case (any, a pattern)", wrong.What, wanted, got)}
	}
	return nil
}

// against checks the turns of a round against the case; nil: they are as it wants.
func (y *Cycle) against(round []Exchange) *WrongError {
	k := newChecker(y.c)
	for i := range y.c.Steps {
		s := &y.c.Steps[i]
		step := Step{Metrics: s.Want.Metrics} // that they change as in the second round is looked at apart
		for range max(1, s.Times) {
			step.Runs, round = append(step.Runs, RepeatedRun{1, round[0]}), round[1:]
		}
		k.prefix = stepPrefix(i, len(y.c.Steps))
		k.step(s, step)
	}
	if len(k.found) == 0 {
		return nil
	}
	f := k.found[0]
	return &WrongError{y.round, f.Field, f.Wanted, f.Got}
}

// VM is the cycle's virtual machine.
func (y *Cycle) VM() *host.VM { return y.run.vm }

// Rounds is the number of rounds that were done.
func (y *Cycle) Rounds() int { return y.round }

// Requests is the number of requests in a round.
func (y *Cycle) Requests() int {
	n := 0
	for i := range y.turns {
		if y.turns[i].step.Request != nil {
			n++
		}
	}
	return n
}

// Close ends the VM.
func (y *Cycle) Close(ctx context.Context) { y.run.close(ctx) }

// Round does the steps once more. The error is a *WrongError with the number of the round, or a *host.Failure.
func (y *Cycle) Round(ctx context.Context) error {
	y.begin()
	var round []Exchange
	for i := range y.turns {
		t := &y.turns[i]
		m := y.do(ctx, t)
		if digest := y.digest(&m); digest != t.digest {
			if f := y.run.vm.Failure(); f != nil {
				return f
			}
			now := y.record(&m)
			if y.open && renderMetrics(y.deltas) == renderMetrics(t.deltas) {
				round = append(round, now)
				y.forget(&m)
				continue
			}
			field, wanted, got := differs(&t.first, &now)
			if field == "" {
				field, wanted, got = "metrics", "a change of "+renderMetrics(t.deltas), renderMetrics(y.deltas)
			}
			y.forget(&m)
			return &WrongError{y.round, t.prefix + field, wanted, got}
		}
		if y.open {
			round = append(round, y.record(&m))
		}
		y.forget(&m)
	}
	if y.open {
		if wrong := y.against(round); wrong != nil {
			return wrong
		}
	}
	return nil
}

// begin starts a round like the first one: calls are counted, and answered, from the first on.
func (y *Cycle) begin() {
	y.round++
	r := y.run
	r.forgetCalls()
	for i := range r.upstreams.ofCase {
		r.upstreams.ofCase[i].next = 0
	}
}

func (y *Cycle) do(ctx context.Context, t *turn) moved {
	r := y.run
	r.faults.begin(t.step.Faults)
	for i := range t.clusters {
		t.clusters[i].next = 0
	}
	r.upstreams.ofStep = t.clusters
	m := r.move(ctx, t.step)
	r.faults.begin(nil)
	r.upstreams.ofStep = nil
	return m
}

// waiting is the number of calls without an answer.
func (y *Cycle) waiting() int {
	n := 0
	for _, c := range y.run.vm.Calls() {
		if !c.Done {
			n++
		}
	}
	for _, c := range y.run.vm.GrpcCalls() {
		if !c.Done {
			n++
		}
	}
	return n
}

// differs is the first field in which two exchanges differ, "" if there is none.
func differs(first, now *Exchange) (field, wanted, got string) {
	seen := func(build string, e *Exchange) Seen {
		return Seen{build, Observation{Steps: []Step{{Runs: []RepeatedRun{{1, *e}}}}}}
	}
	d := differ{seen: []Seen{seen("first", first), seen("now", now)}}
	d.exchange("", func(o *Observation) *Exchange { return o.at(0, 1) })
	if len(d.found) == 0 {
		return "", "", ""
	}
	f := d.found[0]
	return f.Field, f.Sides[0].Value, f.Sides[1].Value
}

// firstDifference are the first lines in which two texts differ, in quotes if they are more than one.
func firstDifference(a, b string) (string, string) {
	if !strings.Contains(a+b, "\n") {
		return a, b
	}
	left, right := strings.Split(a, "\n"), strings.Split(b, "\n")
	at := 0
	for at < len(left) && at < len(right) && left[at] == right[at] {
		at++
	}
	line := func(lines []string) string {
		if at == len(lines) {
			return "no more lines"
		}
		return strconv.Quote(lines[at])
	}
	return line(left), line(right)
}

// LastLine is the last line that the plugin logged in the last turn.
func (y *Cycle) LastLine() string { return y.run.lastLine() }

func (r *run) lastLine() string {
	if n := len(r.logs); n > 0 {
		return r.logs[n-1].Text
	}
	return ""
}
