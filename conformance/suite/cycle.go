package suite

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"reflect"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// Cycle is all steps of a case, over and over in one VM: a round is each of them once (one with times: so often). The
// first round is held against the case, the second against the first. Of every later one a digest of all that a step
// shows is compared with the second's, which costs a hundredth of taking it down; only where they differ is it taken down.
type Cycle struct {
	run     *run
	turns   []turn
	round   int // the last that was begun, from 1
	hash    maphash.Hash
	changed []*stream         // in the turn, besides its own
	ticks   []Tick            // set in the turn
	known   map[string]uint64 // metrics before the turn, by kind and name
	changes uint64            // of metrics, so far
	deltas  []Metric          // of the turn: how much each changed
}

// turn is one repetition of one step.
type turn struct {
	step      *table.Step
	prefix    string // of what differs
	exchanger *Exchanger
	clusters  []script
	first     Exchange // what it showed in the first round
	deltas    []Metric // in the second
	digest    uint64   // in the second
}

// Cyclic says why a case can't be a cycle, whatever the module; nil: only a second round can tell.
func Cyclic(c *table.Case) error {
	switch {
	case !c.Start.Accepted || len(c.Steps) == 0:
		return errors.New("no plugin runs in it")
	case slices.ContainsFunc(c.Steps, func(s table.Step) bool { return s.Want.Trap != "" }):
		return errors.New("the VM dies in it")
	}
	return nil
}

// NewCycle starts a VM with environment variables of its own and does two rounds. The error is a *WrongError when the
// first is not what the case wants, a *OnceError when the second is not what the first was, or a *host.Failure.
func NewCycle(ctx context.Context, m *host.Module, c *table.Case, environment ...host.Variable) (y *Cycle, err error) {
	if err := Cyclic(c); err != nil {
		return nil, &OnceError{err.Error()}
	}
	r, err := kept(ctx, m, c, Options{}, environment...)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = r.vm.Close(ctx)
		}
	}()
	y = &Cycle{run: r, round: 1, known: map[string]uint64{}}
	for i := range c.Steps {
		y.addTurns(c, i)
	}
	return y, y.second(ctx, c)
}

// OnceError says why a case can't be repeated.
type OnceError struct{ Why string }

func (e *OnceError) Error() string { return e.Why }

func (y *Cycle) addTurns(c *table.Case, i int) {
	step := &c.Steps[i]
	var exchanger *Exchanger
	if step.Request != nil {
		exchanger = NewExchanger(step.Request)
	}
	for repetition := range max(1, step.Times) {
		prefix := stepPrefix(i, len(c.Steps))
		if step.Times > 1 {
			prefix += fmt.Sprintf("repetition %d of %d: ", repetition+1, step.Times)
		}
		y.turns = append(y.turns, turn{step: step, prefix: prefix, exchanger: exchanger, clusters: scripts(step.Clusters),
			first: *y.run.seen.at(i, repetition+1)})
	}
}

// second does the second round, and makes it the measure of the others.
func (y *Cycle) second(ctx context.Context, c *table.Case) error {
	if n := y.waiting(); n > 0 {
		return &OnceError{fmt.Sprintf("%d of its calls still wait for an answer at its end", n)}
	}
	y.metrics()
	y.begin()
	at := 0
	for i := range c.Steps {
		var sum []Metric
		for range max(1, c.Steps[i].Times) {
			t := &y.turns[at]
			at++
			m := y.do(ctx, t)
			t.digest, t.deltas = y.digest(&m), slices.Clone(y.deltas)
			sum = addMetrics(sum, t.deltas)
			now := y.takeDown(&m)
			y.forget(&m)
			if f := y.run.vm.Failure(); f != nil {
				return f
			}
			if !reflect.DeepEqual(now, t.first) {
				field, wanted, got := differs(&t.first, &now)
				return &OnceError{fmt.Sprintf("the second time, %s%s: wanted %s as the first time, got %s", t.prefix, field, wanted, got)}
			}
		}
		if first := y.run.seen.deltas(i); renderMetrics(first) != renderMetrics(sum) {
			return &OnceError{fmt.Sprintf("the second time, %smetrics change by %s, the first time by %s", stepPrefix(i, len(c.Steps)),
				renderMetrics(sum), renderMetrics(first))}
		}
	}
	y.run.seen = Observation{}
	return nil
}

// VM is the cycle's own.
func (y *Cycle) VM() *host.VM { return y.run.vm }

// Rounds is how many have been done.
func (y *Cycle) Rounds() int { return y.round }

// Requests is how many requests a round has.
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
func (y *Cycle) Close(ctx context.Context) { _ = y.run.vm.Close(ctx) }

// Round does the steps once more. The error is a *WrongError with the number of the round, or a *host.Failure.
func (y *Cycle) Round(ctx context.Context) error {
	y.begin()
	for i := range y.turns {
		t := &y.turns[i]
		m := y.do(ctx, t)
		if digest := y.digest(&m); digest != t.digest {
			if f := y.run.vm.Failure(); f != nil {
				return f
			}
			now := y.takeDown(&m)
			field, wanted, got := differs(&t.first, &now)
			if field == "" {
				field, wanted, got = "metrics", "a change of "+renderMetrics(t.deltas), renderMetrics(y.deltas)
			}
			y.forget(&m)
			return &WrongError{y.round, t.prefix + field, wanted, got}
		}
		y.forget(&m)
	}
	return nil
}

// begin makes a round begin as the first one did: calls are counted, and answered, from the first on.
func (y *Cycle) begin() {
	y.round++
	r := y.run
	r.vm.ForgetCalls()
	r.calls = len(r.vm.Calls())
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
	m := r.move(ctx, t.step, t.exchanger)
	r.faults.begin(nil)
	r.upstreams.ofStep = nil
	return m
}

// digest is that of everything a turn showed. It notes what takeDown needs.
func (y *Cycle) digest(m *moved) uint64 {
	r, h := y.run, &y.hash
	y.changed = y.changed[:0]
	for _, s := range r.streams {
		if s == m.stream {
			continue
		}
		if d := s.sum(h); d != s.digest {
			s.digest = d
			y.changed = append(y.changed, s)
		}
	}
	own := uint64(0)
	if m.stream != nil {
		m.stream.digest = m.stream.sum(h)
		own = m.stream.digest
	}
	y.ticks = r.ticks()
	y.metrics()
	h.Reset()
	for _, n := range [...]uint64{own, uint64(len(y.changed)), uint64(len(r.logs)), uint64(len(y.ticks)), uint64(len(y.deltas))} {
		number(h, n)
	}
	for _, s := range y.changed {
		text(h, s.name)
		number(h, s.digest)
	}
	for _, l := range r.logs {
		text(h, l.Level)
		text(h, l.Text)
	}
	for _, c := range r.vm.Calls()[r.calls:] {
		c.Digest(h)
	}
	for _, t := range y.ticks {
		text(h, t.Plugin)
		number(h, uint64(t.Every))
	}
	for _, d := range y.deltas {
		text(h, d.Kind)
		text(h, d.Name)
		number(h, uint64(d.Value))
	}
	if m.refused {
		_ = h.WriteByte(1)
	}
	text(h, m.problem)
	return h.Sum64()
}

func text(h *maphash.Hash, s string) {
	number(h, uint64(len(s)))
	_, _ = h.WriteString(s)
}

func number(h *maphash.Hash, n uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], n)
	_, _ = h.Write(b[:])
}

func (s *stream) sum(h *maphash.Hash) uint64 {
	h.Reset()
	s.Digest(h)
	if s.uploaded {
		_ = h.WriteByte(1)
	}
	return h.Sum64()
}

// takeDown is the turn as Observe would have it.
func (y *Cycle) takeDown(m *moved) Exchange {
	e := m.takeDown()
	for _, s := range y.changed {
		e.Others = append(e.Others, Other{s.name, s.look()})
	}
	e.Effects = y.run.effects()
	e.Ticks = y.ticks
	return e
}

// forget lets go of the turn.
func (y *Cycle) forget(m *moved) {
	m.release()
	r := y.run
	r.logs, r.logged = r.logs[:0], 0
	r.calls = len(r.vm.Calls())
}

// metrics notes how the metrics have changed.
func (y *Cycle) metrics() {
	y.deltas = y.deltas[:0]
	changes := y.run.metrics.set.Changes()
	if changes == y.changes {
		return
	}
	y.changes = changes
	for _, m := range y.run.metrics.set.All() {
		key := m.Type.String() + " " + m.Name
		if delta := m.Value - y.known[key]; delta != 0 {
			y.deltas = append(y.deltas, Metric{m.Type.String(), m.Name, int64(delta)})
			y.known[key] = m.Value
		}
	}
}

// deltas are how much each metric changed in a step of a first round.
func (o *Observation) deltas(step int) []Metric {
	before := map[string]int64{}
	for _, m := range o.Start.Metrics {
		before[m.Kind+m.Name] = m.Value
	}
	for i := range step {
		for _, m := range o.Steps[i].Metrics {
			before[m.Kind+m.Name] = m.Value
		}
	}
	var all []Metric
	for _, m := range o.Steps[step].Metrics {
		if m.Value -= before[m.Kind+m.Name]; m.Value != 0 {
			all = append(all, m)
		}
	}
	return all
}

// addMetrics adds changes of metrics, which are sorted by name.
func addMetrics(sum, more []Metric) []Metric {
	for _, m := range more {
		at := slices.IndexFunc(sum, func(s Metric) bool { return s.Kind == m.Kind && s.Name == m.Name })
		if at < 0 {
			sum = append(sum, m)
		} else {
			sum[at].Value += m.Value
		}
	}
	slices.SortFunc(sum, func(a, b Metric) int { return strings.Compare(a.Name+"\x00"+a.Kind, b.Name+"\x00"+b.Kind) })
	return sum
}

// waiting is how many calls have no answer yet.
func (y *Cycle) waiting() int {
	n := 0
	for _, c := range y.run.vm.Calls() {
		if !c.Done {
			n++
		}
	}
	return n
}

// differs is the first field in which two exchanges differ, "" if there is none.
func differs(first, now *Exchange) (field, wanted, got string) {
	seen := func(build string, e *Exchange) Seen {
		return Seen{build, Observation{Steps: []Step{{Runs: []Equal{{1, *e}}}}}}
	}
	d := differ{seen: []Seen{seen("first", first), seen("now", now)}}
	d.exchange("", func(o *Observation) *Exchange { return o.at(0, 1) })
	if len(d.found) == 0 {
		return "", "", ""
	}
	f := d.found[0]
	return f.Field, f.Sides[0].Value, f.Sides[1].Value
}

// LastLine is what the plugin logged last in the turn that was last.
func (y *Cycle) LastLine() string {
	if n := len(y.run.logs); n > 0 {
		return y.run.logs[n-1].Text
	}
	return ""
}
