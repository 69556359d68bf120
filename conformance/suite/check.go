package suite

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/report"
)

const memoryGrowth = "memory growth"

// Place is a repetition of a step, both from 1. Step 0 is the start; the step after the last is the good request.
type Place struct{ Step, Repetition int }

// Check compares an observation with its case and returns every mismatch, in the order of the case's steps and of the
// fields of a step. A case says all that may be observed: what it does not mention must not be there.
func Check(c *table.Case, o Observation) []report.Mismatch {
	found, _ := check(c, o)
	return found
}

// check also gives the place of the first mismatch.
func check(c *table.Case, o Observation) ([]report.Mismatch, Place) {
	k := newChecker(c)
	k.compare(c, o)
	return k.found, k.first
}

func newChecker(c *table.Case) *checker {
	return &checker{streams: Exchanges{}, anyAction: c.AnyAction}
}

func (k *checker) compare(c *table.Case, o Observation) {
	k.start(c, o)
	for i := range o.Steps {
		if o.Failure != nil && i+1 >= o.Failure.Step { // later steps would only repeat the failure
			break
		}
		k.prefix, k.place = stepPrefix(i, len(c.Steps)), Place{i + 1, 1}
		k.step(&c.Steps[i], o.Steps[i])
	}
	k.prefix = ""
	switch {
	case o.Failure != nil && o.Failure.Step == 0 && c.Start.Trap != "": // start has compared it
	case o.Failure != nil:
		k.place = o.Failure.Place
		k.equal("virtual machine", "lives", renderFailure(o.Failure, len(c.Steps)))
	case o.Good != nil:
		k.prefix, k.place = "good request afterwards: ", Place{len(c.Steps) + 1, 1}
		k.equal("decision", string(table.Allow), o.Good.Decision)
	}
}

func stepPrefix(i, steps int) string {
	if steps == 1 {
		return ""
	}
	return fmt.Sprintf("step %d: ", i+1)
}

func renderFailure(f *Failure, steps int) string {
	where := " at the start"
	switch {
	case f.Step == Unplaced:
		where = ""
	case f.Step > steps:
		where = " in the good request afterwards"
	case f.Step > 0 && steps > 1:
		where = fmt.Sprintf(" in step %d", f.Step)
	case f.Step > 0:
		where = " in the request"
	}
	lines := append([]string{fmt.Sprintf("%s%s, %s: %s", f.Kind, where, f.In, f.Reason)}, f.Details...)
	return strings.Join(lines, "\n")
}

// What a callback returned, as text.
var (
	actionContinue = abi.Continue.String()
	actionPause    = abi.Pause.String()
)

type checker struct {
	streams   Exchanges // that are open, by name
	anyAction bool      // as in the case
	prefix    string    // of the fields
	place     Place
	found     []report.Mismatch
	first     Place // of the first that was found
}

// equal compares two rendered values. Different values are rendered as different texts.
func (k *checker) equal(field, wanted, got string) {
	if wanted != got {
		k.differ(field, wanted, got)
	}
}

// differ notes a field whose value is not the wanted one.
func (k *checker) differ(field, wanted, got string) {
	if len(k.found) == 0 {
		k.first = k.place
	}
	wanted, got = presentable(wanted, got)
	k.found = append(k.found, report.Mismatch{Field: k.prefix + field, Wanted: wanted, Got: got})
}

func (k *checker) start(c *table.Case, o Observation) {
	failed := o.Failure != nil && o.Failure.Step == 0
	if failed && c.Start.Trap == "" {
		return // reported at the end, with the failure
	}
	k.prefix = "configuration: "
	if c.Start.Trap != "" {
		k.equal("virtual machine", wantedEnd(c.Start.Trap), endOf(o.Failure))
	}
	k.equal("verdict", verdict(c.Start.Accepted), verdict(o.Start.Accepted))
	k.effects(&table.Want{Logs: c.Start.Logs, Calls: c.Start.Calls, AnyCalls: c.Start.AnyCalls,
		Effects: c.Start.Effects, AnyEffects: c.Start.AnyEffects, GRPC: c.Start.GRPC, AnyGRPC: c.Start.AnyGRPC,
		TickEvery: c.Start.TickEvery}, table.Main, o.Start.Effects)
	if !c.Start.AnyMetrics {
		k.equal("metrics", renderMetrics(c.Start.Metrics), renderMetrics(o.Start.Metrics))
	}
}

func verdict(accepted bool) string {
	if accepted {
		return "accepted"
	}
	return "refused"
}

func (k *checker) step(s *table.Step, got Step) {
	prefix, first := k.prefix, 1
	for _, run := range got.Runs {
		k.place.Repetition = first
		if s.Times > 1 {
			k.prefix = fmt.Sprintf("%srepetition %d of %d: ", prefix, first, s.Times)
		}
		before := len(k.found)
		k.once(s, &run.Exchange)
		first += run.Times
		if len(k.found) > before { // later repetitions would only repeat it
			break
		}
	}
	k.prefix = prefix
	if got.times() == max(1, s.Times) && !s.Want.AnyMetrics {
		k.place.Repetition = got.times()
		k.equal("metrics", renderMetrics(s.Want.Metrics), renderMetrics(got.Metrics))
	}
	if s.Want.MemoryBounded && got.Growth > s.Want.MemoryGrowth {
		k.place.Repetition = got.times()
		k.equal(memoryGrowth, fmt.Sprintf("at most %d bytes in %d repetitions", s.Want.MemoryGrowth, max(1, s.Times)),
			fmt.Sprintf("%d bytes in %d", got.Growth, got.times()))
	}
}

func (k *checker) headers(field string, wanted, got []headermap.Header) {
	k.equal(field, renderHeaders(wanted), renderHeaders(got))
}

// lowered are headers as Envoy's header map stores them: names in lower case, ASCII letters only.
func lowered(headers []headermap.Header) []headermap.Header {
	out := slices.Clone(headers)
	for i := range out {
		out[i].Name = headermap.ToLower(out[i].Name)
	}
	return out
}

func joined(chunks [][]byte) string { return string(bytes.Join(chunks, nil)) }
