package suite

import (
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/process"
)

// logBytes is how much is kept of what one callback logs, so that a module that logs without end cannot use up the
// memory of the run. No case expects so much.
const logBytes = 1 << 20

func (r *run) log(l host.LogLine) {
	if r.logged > logBytes {
		return
	}
	if r.logged += len(l.Text) + 64; r.logged > logBytes {
		l.Text = "(and more than 1 MiB of log lines, not kept)"
	}
	r.logs = append(r.logs, table.Log{Level: l.Level.String(), Text: l.Text})
}

// effects are those since the last call.
func (r *run) effects() Effects {
	e := Effects{Logs: r.logs, Ticks: r.ticks()}
	r.logs, r.logged = nil, 0
	calls := r.vm.Calls()
	for _, c := range calls[r.calls:] {
		e.Calls = append(e.Calls, callOf(c))
	}
	r.calls = len(calls)
	for _, m := range r.machines {
		calls := m.vm.Calls()
		for _, c := range calls[m.calls:] {
			e.Calls = append(e.Calls, callOf(c))
		}
		m.calls = len(calls)
	}
	e.GRPC = r.grpcDone()
	e.Other, r.told = r.told, nil
	return e
}

func callOf(c *host.Call) table.Call {
	return table.Call{Cluster: c.Cluster, TimeoutMS: int(c.Timeout.Milliseconds()), Headers: c.Headers, Body: c.Body,
		Trailers: c.Trailers}
}

// grpcDone is what was done on gRPC calls since the last call.
func (r *run) grpcDone() []table.GRPC {
	all := r.grpc.did(r.vm, &r.grpcMade)
	for _, m := range r.machines {
		all = append(all, m.grpc.did(m.vm, &r.grpcMade)...)
	}
	return all
}

// effectKinds are the table's words for the host's kinds.
var effectKinds = map[host.EffectKind]string{host.EffectSharedData: "shared_data", host.EffectQueue: "queue",
	host.EffectProperty: "property", host.EffectForeign: "foreign_function"}

// tell notes an effect. What it keeps is limited as the lines are.
func (r *run) tell(e host.Effect) {
	if r.deaf || r.logged > logBytes {
		return
	}
	r.logged += len(e.Name) + len(e.Value) + 64
	r.told = append(r.told, table.Effect{Kind: effectKinds[e.Kind], Name: e.Name, Value: string(e.Value)})
}

// ticks are the periods that were set since the last call, by plugin.
func (r *run) ticks() []Tick {
	var changes []Tick
	for _, p := range r.plugins {
		if period := p.TickPeriod(); period != p.period {
			p.period = period
			changes = append(changes, Tick{p.name, period})
		}
	}
	return changes
}

// metrics are those of a VM. Only changes and definitions are observed.
type metrics struct {
	set   *process.Metrics
	known []process.Metric
	seen  uint64 // the set's changes so far
}

func (m *metrics) changed() []table.Metric {
	var changes []table.Metric
	if m.set.Changes() == m.seen {
		return nil
	}
	m.seen = m.set.Changes()
	now := m.set.All()
	before := 0 // in known: both are sorted, and none goes away
	for _, metric := range now {
		same := false
		if before < len(m.known) && m.known[before].Name == metric.Name && m.known[before].Type == metric.Type {
			same = m.known[before] == metric
			before++
		}
		if !same {
			changes = append(changes, table.Metric{Kind: metric.Type.String(), Name: metric.Name, Value: int64(metric.Value)})
		}
	}
	m.known = now
	return changes
}

// faults are the host functions that fail on purpose while a step lasts.
type faults struct {
	faults []table.HostFault
	calls  map[string]int // of each function
}

// begin replaces the faults.
func (f *faults) begin(of []table.HostFault) {
	if f.faults = of; len(of) > 0 {
		f.calls = map[string]int{}
	}
}

func (f *faults) intercept(function string) (host.Answer, bool) {
	if len(f.faults) == 0 {
		return host.Answer{}, false
	}
	f.calls[function]++
	for _, fault := range f.faults {
		if fault.Function == function && (fault.Nth == 0 || fault.Nth == f.calls[function]) {
			return host.Answer{Status: abi.Status(fault.Status), Data: fault.Bytes}, true
		}
	}
	return host.Answer{}, false
}
