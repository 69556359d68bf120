package suite

import (
	"fmt"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// Mismatch is one field that differs from what the case wants. Both values are printable text.
type Mismatch struct {
	Field, Wanted, Got string
	Place              Place
}

const memoryGrowth = "memory growth"

// crossed says whether what crossed the border explains the mismatch. Growth is no matter of one repetition, and after
// a thousand of them a trace is full.
func (m Mismatch) crossed() bool {
	return !strings.HasSuffix(m.Field, memoryGrowth) && m.Place.Repetition <= 1000
}

// Place is a repetition of a step, both from 1. Step 0 is the start; one more than there are is the good request.
type Place struct{ Step, Repetition int }

// Check holds an observation against its case and returns every mismatch, in the order of the case's steps and of
// the fields of a step. Expectations are whole: what a case does not mention must not be there.
func Check(c *table.Case, o Observation) []Mismatch {
	k := checker{}
	k.start(c, o)
	for i := range o.Steps {
		if o.Failure != nil && i+1 >= o.Failure.Step { // what follows a failure only repeats it
			break
		}
		k.prefix, k.place = stepPrefix(i, len(c.Steps)), Place{i + 1, 1}
		k.step(&c.Steps[i], o.Steps[i])
	}
	k.prefix = ""
	if o.Failure != nil {
		k.place = o.Failure.Place
		k.equal("virtual machine", "lives", renderFailure(o.Failure, len(c.Steps)))
		return k.found
	}
	if o.Good != nil {
		k.prefix, k.place = "good request afterwards: ", Place{len(c.Steps) + 1, 1}
		k.equal("decision", string(table.Allow), o.Good.Decision)
	}
	return k.found
}

func stepPrefix(i, steps int) string {
	if steps == 1 {
		return ""
	}
	return fmt.Sprintf("step %d: ", i+1)
}

func renderFailure(f *Failure, steps int) string {
	where := "at the start"
	switch {
	case f.Step > steps:
		where = "in the good request afterwards"
	case f.Step > 0 && steps > 1:
		where = fmt.Sprintf("in step %d", f.Step)
	case f.Step > 0:
		where = "in the request"
	}
	return fmt.Sprintf("%s %s, %s: %s", f.Kind, where, f.In, f.Reason)
}

// Check's words for what the callbacks returned.
var (
	actionContinue = host.Continue.String()
	actionPause    = host.Pause.String()
)

type checker struct {
	prefix string
	place  Place
	found  []Mismatch
}

// equal compares two rendered values; rendering tells different values apart.
func (k *checker) equal(field, wanted, got string) {
	if wanted != got {
		wanted, got = presentable(wanted, got)
		k.found = append(k.found, Mismatch{k.prefix + field, wanted, got, k.place})
	}
}

func (k *checker) start(c *table.Case, o Observation) {
	if o.Failure != nil && o.Failure.Step == 0 {
		return
	}
	k.prefix = "configuration: "
	k.equal("verdict", verdict(c.Start.Accepted), verdict(o.Start.Accepted))
	k.effects(c.Start.Logs, o.Start.Effects)
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
		k.exchange(s, &run.Exchange)
		first += run.Times
		if len(k.found) > before { // later repetitions would say the same again
			break
		}
	}
	k.prefix = prefix
	if s.Want.MemoryBounded && got.Growth > s.Want.MemoryGrowth {
		k.place.Repetition = got.times()
		k.equal(memoryGrowth, fmt.Sprintf("at most %d bytes in %d repetitions", s.Want.MemoryGrowth, max(1, s.Times)),
			fmt.Sprintf("%d bytes in %d", got.Growth, got.times()))
	}
}

func (k *checker) exchange(s *table.Step, got *Exchange) {
	if s.Request != nil {
		k.equal("decision", string(s.Want.Decision), got.Decision)
		switch s.Want.Decision {
		case table.Allow:
			k.equal("on_request_headers returned", actionContinue, got.RequestAction)
			k.equal("local reply", "", renderReply(got.Reply))
			k.forwarded(s, got)
			k.answered(s, got)
		case table.Refuse:
			k.equal("on_request_headers returned", actionPause, got.RequestAction)
			k.reply(s, got)
			k.equal("forwarded headers", "", renderHeaders(got.Upstream.Headers))
			k.refused(s, got)
		case table.Hold:
			k.equal("on_request_headers returned", actionPause, got.RequestAction)
			k.equal("local reply", "", renderReply(got.Reply))
			k.equal("forwarded headers", "", renderHeaders(got.Upstream.Headers))
			k.equal("client headers", "", renderHeaders(got.Client.Headers))
		}
	}
	k.effects(s.Want.Logs, got.Effects)
}

func (k *checker) headers(field string, wanted, got []Header) {
	k.equal(field, renderHeaders(wanted), renderHeaders(got))
}

func (k *checker) effects(logs table.Logs, got Effects) {
	if !logs.Any {
		wanted := make([]Log, len(logs.Lines))
		for i, l := range logs.Lines {
			wanted[i] = Log(l)
		}
		k.equal("log lines", renderLogs(wanted), renderLogs(got.Logs))
	}
	k.equal("outgoing calls", "", renderCalls(got.Calls))
	k.equal("metrics", "", renderMetrics(got.Metrics))
}
