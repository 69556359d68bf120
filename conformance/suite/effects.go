package suite

import (
	"slices"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// logBytes is how much of what one callback logs is kept. A module that logs without end must not take the memory of the
// run with it; no case expects so much.
const logBytes = 1 << 20

func (r *run) log(l host.LogLine) {
	if r.logged > logBytes {
		return
	}
	if r.logged += len(l.Text) + 64; r.logged > logBytes {
		l.Text = "(and more than 1 MiB of log lines, not kept)"
	}
	r.logs = append(r.logs, Log{l.Level.String(), l.Text})
}

// effects are those since the last time.
func (r *run) effects() Effects {
	e := Effects{Logs: r.logs, Metrics: r.metrics.changed()}
	r.logs, r.logged = nil, 0
	calls := r.vm.Calls()
	for _, c := range calls[r.calls:] {
		e.Calls = append(e.Calls, Call{
			Cluster:   c.Cluster,
			TimeoutMS: int(c.Timeout.Milliseconds()),
			Message:   Message{Headers: ownHeaders(c.Headers), Body: string(c.Body), Trailers: ownHeaders(c.Trailers), Ended: true},
		})
	}
	r.calls = len(calls)
	return e
}

// metrics are those of a VM; only changes are effects.
type metrics struct {
	set   *host.Metrics
	known []host.Metric
}

func (m *metrics) changed() []Metric {
	var changes []Metric
	now := m.set.All()
	for _, metric := range now {
		if metric.Value == 0 && metric.Count == 0 && !m.has(metric) || slices.Contains(m.known, metric) {
			continue
		}
		changes = append(changes, Metric{metric.Type.String(), metric.Name, int64(metric.Value)})
	}
	m.known = now
	return changes
}

// has says whether a metric of that name was there before; the definition of one is no change.
func (m *metrics) has(metric host.Metric) bool {
	return slices.ContainsFunc(m.known, func(k host.Metric) bool { return k.Type == metric.Type && k.Name == metric.Name })
}

// faults are the host functions that fail on purpose while a step lasts.
type faults []table.Fault

func (f *faults) intercept(function string) (host.Answer, bool) {
	for _, fault := range *f {
		if fault.Function == function {
			return host.Answer{Status: host.Status(fault.Status), Data: fault.Bytes}, true
		}
	}
	return host.Answer{}, false
}
