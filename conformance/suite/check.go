package suite

import (
	"fmt"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/abi"
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
	k := checker{streams: map[string]*progress{}}
	k.start(c, o)
	for i := range o.Steps {
		if o.Failure != nil && i+1 >= o.Failure.Step { // what follows a failure only repeats it
			break
		}
		k.prefix, k.place = stepPrefix(i, len(c.Steps)), Place{i + 1, 1}
		k.step(&c.Steps[i], o.Steps[i])
	}
	k.prefix = ""
	if o.Failure != nil && o.Failure.Step == 0 && c.Start.Trap != "" {
		return k.found
	}
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
	actionContinue = abi.Continue.String()
	actionPause    = abi.Pause.String()
)

type checker struct {
	streams map[string]*progress // that are open, by name
	prefix  string
	place   Place
	found   []Mismatch
}

// equal compares two rendered values; rendering tells different values apart.
func (k *checker) equal(field, wanted, got string) {
	if wanted != got {
		wanted, got = presentable(wanted, got)
		k.found = append(k.found, Mismatch{k.prefix + field, wanted, got, k.place})
	}
}

func (k *checker) start(c *table.Case, o Observation) {
	failed := o.Failure != nil && o.Failure.Step == 0
	if failed && c.Start.Trap == "" {
		return // Check says so
	}
	k.prefix = "configuration: "
	if c.Start.Trap != "" {
		k.equal("virtual machine", death(c.Start.Trap), lifeOf(o.Failure))
	}
	k.equal("verdict", verdict(c.Start.Accepted), verdict(o.Start.Accepted))
	k.effects(&table.Want{Logs: c.Start.Logs, Calls: c.Start.Calls, TickEvery: c.Start.TickEvery}, table.Main, o.Start.Effects)
	k.equal("metrics", renderMetrics(metricsOf(c.Start.Metrics)), renderMetrics(o.Start.Metrics))
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
		if len(k.found) > before { // later repetitions would say the same again
			break
		}
	}
	k.prefix = prefix
	if got.times() == max(1, s.Times) {
		k.place.Repetition = got.times()
		k.equal("metrics", renderMetrics(metricsOf(s.Want.Metrics)), renderMetrics(got.Metrics))
	}
	if s.Want.MemoryBounded && got.Growth > s.Want.MemoryGrowth {
		k.place.Repetition = got.times()
		k.equal(memoryGrowth, fmt.Sprintf("at most %d bytes in %d repetitions", s.Want.MemoryGrowth, max(1, s.Times)),
			fmt.Sprintf("%d bytes in %d", got.Growth, got.times()))
	}
}

func (k *checker) headers(field string, wanted, got []Header) {
	k.equal(field, renderHeaders(wanted), renderHeaders(got))
}

func converted(headers []table.Header) []Header {
	out := make([]Header, len(headers))
	for i, h := range headers {
		out[i] = Header(h)
	}
	return out
}

// lowered are the pairs as a header map holds them: Envoy folds names to lower case, ASCII letters only.
func lowered(headers []table.Header) []Header {
	out := converted(headers)
	for i := range out {
		out[i].Name = lowerASCII(out[i].Name)
	}
	return out
}

func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

func joined(chunks [][]byte) string {
	var b strings.Builder
	for _, c := range chunks {
		b.Write(c)
	}
	return b.String()
}
