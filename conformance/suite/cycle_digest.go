package suite

import (
	"encoding/binary"
	"hash/maphash"
	"slices"

	"github.com/header-auth/header-auth/conformance/table"
)

// digest is that of everything that could be seen of a turn. It notes what record needs.
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
	y.ticks, y.grpc = r.ticks(), r.grpcDone()
	y.metrics()
	h.Reset()
	for _, n := range [...]uint64{own, uint64(len(y.changed)), uint64(len(r.logs)), uint64(len(y.ticks)),
		uint64(len(y.deltas))} {
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
	digestGRPC(h, y.grpc)
	number(h, uint64(len(r.told)))
	for _, e := range r.told {
		text(h, e.Kind)
		text(h, e.Name)
		text(h, e.Value)
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

// record is the turn as Observe would record it.
func (y *Cycle) record(m *moved) Exchange {
	e := m.record()
	for _, s := range y.changed {
		e.Others = append(e.Others, Other{s.name, s.look()})
	}
	e.Effects = y.run.effects()
	e.Ticks, e.GRPC = y.ticks, y.grpc
	return e
}

// forget drops the turn.
func (y *Cycle) forget(m *moved) {
	m.release()
	r := y.run
	r.logs, r.logged = r.logs[:0], 0
	r.told = r.told[:0]
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
			y.deltas = append(y.deltas, table.Metric{Kind: m.Type.String(), Name: m.Name, Value: int64(delta)})
			y.known[key] = m.Value
		}
	}
}

// deltas are how much each metric changed in a step of a first round.
func (o *Observation) deltas(step int) []table.Metric {
	before := map[string]int64{}
	for _, m := range o.Start.Metrics {
		before[m.Kind+m.Name] = m.Value
	}
	for i := range step {
		for _, m := range o.Steps[i].Metrics {
			before[m.Kind+m.Name] = m.Value
		}
	}
	var all []table.Metric
	for _, m := range o.Steps[step].Metrics {
		if m.Value -= before[m.Kind+m.Name]; m.Value != 0 {
			all = append(all, m)
		}
	}
	return all
}

// addMetrics adds changes of metrics, which are sorted by name.
func addMetrics(sum, more []table.Metric) []table.Metric {
	for _, m := range more {
		at := slices.IndexFunc(sum, func(s table.Metric) bool { return s.Kind == m.Kind && s.Name == m.Name })
		if at < 0 {
			sum = append(sum, m)
		} else {
			sum[at].Value += m.Value
		}
	}
	slices.SortFunc(sum, table.Metric.Compare)
	return sum
}
