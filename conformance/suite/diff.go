package suite

import (
	"fmt"
	"slices"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/report"
)

// Seen is the observation of one build.
type Seen struct {
	Build string
	Observation
}

// Diff compares the observations that several builds gave for one case, field by field in the order of the events. The
// builds that agree on a value form a side; the largest side is first, and equal ones are in the order of the builds.
// Memory growth and the texts of traps are not compared, because they cannot be the same in two languages. The Case of
// each Divergence is left to the caller.
func Diff(seen []Seen) []report.Divergence {
	d := differ{seen: seen}
	d.compare("configuration: verdict", func(o *Observation) string { return verdict(o.Start.Accepted) })
	d.effects("configuration: ", func(o *Observation) *Effects { return &o.Start.Effects })
	d.compare("configuration: metrics", func(o *Observation) string { return renderMetrics(o.Start.Metrics) })
	for i := range steps(seen) {
		d.step(i)
	}
	d.exchange("good request afterwards: ", func(o *Observation) *Exchange { return o.Good })
	d.compare("good request afterwards: metrics", func(o *Observation) string { return renderMetrics(o.Metrics) })
	d.compare("virtual machine", func(o *Observation) string { return endOf(o.Failure) })
	return d.found
}

// withoutActions are the observations without what the headers callbacks returned, where that does not count.
func withoutActions(c *table.Case, seen []Seen) []Seen {
	if !c.AnyAction {
		return seen
	}
	out := slices.Clone(seen)
	for n := range out {
		out[n].Steps = slices.Clone(out[n].Steps)
		for i := range out[n].Steps {
			runs := slices.Clone(out[n].Steps[i].Runs)
			for j := range runs {
				runs[j].RequestAction, runs[j].ResponseAction = "", ""
			}
			out[n].Steps[i].Runs = runs
		}
		if good := out[n].Good; good != nil {
			without := *good
			without.RequestAction, without.ResponseAction = "", ""
			out[n].Good = &without
		}
	}
	return out
}

func steps(seen []Seen) int {
	most := 0
	for i := range seen {
		most = max(most, len(seen[i].Steps))
	}
	return most
}

type differ struct {
	seen  []Seen
	found []report.Divergence
}

func (d *differ) compare(field string, value func(*Observation) string) {
	var sides []report.Side
	for i := range d.seen {
		v := value(&d.seen[i].Observation)
		at := slices.IndexFunc(sides, func(s report.Side) bool { return s.Value == v })
		if at < 0 {
			at = len(sides)
			sides = append(sides, report.Side{Value: v})
		}
		sides[at].Builds = append(sides[at].Builds, d.seen[i].Build)
	}
	if len(sides) < 2 {
		return
	}
	slices.SortStableFunc(sides, func(a, b report.Side) int { return len(b.Builds) - len(a.Builds) })
	first := sides[0].Value
	for i := range sides[1:] {
		sides[0].Value, sides[i+1].Value = presentable(first, sides[i+1].Value)
	}
	d.found = append(d.found, report.Divergence{Field: field, Sides: sides})
}

// step compares the builds at every repetition at which the behaviour of one of them changed.
func (d *differ) step(i int) {
	var starts []int
	times := 0
	for n := range d.seen {
		if i >= len(d.seen[n].Steps) {
			continue
		}
		first := 1
		for _, run := range d.seen[n].Steps[i].Runs {
			starts = append(starts, first)
			first += run.Times
		}
		times = max(times, first-1)
	}
	slices.Sort(starts)
	for _, first := range slices.Compact(starts) {
		prefix := stepPrefix(i, steps(d.seen))
		if times > 1 {
			prefix += fmt.Sprintf("repetition %d: ", first)
		}
		d.exchange(prefix, func(o *Observation) *Exchange { return o.at(i, first) })
	}
	d.compare(stepPrefix(i, steps(d.seen))+"metrics", func(o *Observation) string {
		if i < len(o.Steps) {
			return renderMetrics(o.Steps[i].Metrics)
		}
		return ""
	})
}

// at is the exchange of one repetition of a step, nil if that repetition was not reached.
func (o *Observation) at(step, repetition int) *Exchange {
	if step >= len(o.Steps) {
		return nil
	}
	for i := range o.Steps[step].Runs {
		run := &o.Steps[step].Runs[i]
		if repetition -= run.Times; repetition <= 0 {
			return &run.Exchange
		}
	}
	return nil
}

func (d *differ) exchange(prefix string, of func(*Observation) *Exchange) {
	field := func(name string, value func(*Exchange) string) {
		d.compare(prefix+name, func(o *Observation) string {
			if e := of(o); e != nil {
				return value(e)
			}
			return "not reached"
		})
	}
	field("decision", func(e *Exchange) string { return e.Decision })
	field("on_request_headers returned", func(e *Exchange) string { return e.RequestAction })
	field("on_response_headers returned", func(e *Exchange) string { return e.ResponseAction })
	field("local reply", func(e *Exchange) string { return renderReply(e.Reply) })
	field("forwarded", func(e *Exchange) string { return renderMessage(&e.Upstream) })
	field("client", func(e *Exchange) string { return renderMessage(&e.Client) })
	field = func(name string, value func(*Exchange) string) { // these have a value in a step that was not reached
		d.compare(prefix+name, func(o *Observation) string {
			if e := of(o); e != nil {
				return value(e)
			}
			return value(&Exchange{})
		})
	}
	field("other streams", func(e *Exchange) string { return renderOthers(e.Others) })
	field("step", func(e *Exchange) string { return done(e.Problem) })
	field("verdict", func(e *Exchange) string { return verdict(!e.Refused) })
	field("virtual machine", func(e *Exchange) string { return endOf(e.Failure) })
	d.effects(prefix, func(o *Observation) *Effects {
		if e := of(o); e != nil {
			return &e.Effects
		}
		return &Effects{}
	})
}

func (d *differ) effects(prefix string, of func(*Observation) *Effects) {
	d.compare(prefix+"log lines", func(o *Observation) string { return renderLogs(of(o).Logs) })
	d.compare(prefix+"outgoing calls", func(o *Observation) string { return renderCalls(of(o).Calls) })
	d.compare(prefix+"gRPC calls", func(o *Observation) string { return renderGRPC(of(o).GRPC) })
	d.compare(prefix+"effects", func(o *Observation) string { return renderEffects(of(o).Other) })
	d.compare(prefix+"tick period", func(o *Observation) string { return renderTicks(of(o).Ticks) })
}
