package suite

import (
	"context"
	"errors"
	"fmt"
	"path"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/report"
)

// Known is a failure that is expected, with the reason.
type Known struct {
	Pattern string // a case's id, or a glob as in path.Match
	Reason  string
	MayPass bool // a pass is right too: the entry was written for another host
}

// matches says whether the entry is about a case.
func (k Known) matches(id string) bool {
	ok, err := path.Match(k.Pattern, id)
	return ok && err == nil
}

// Unmatched are the entries that match no case of the table. A misspelt entry may match a later case, and hide its failure.
func Unmatched(known []Known, t *table.Table) []Known {
	return slices.DeleteFunc(slices.Clone(known), func(k Known) bool {
		return slices.ContainsFunc(t.Cases(), func(c table.Case) bool { return k.matches(c.ID) })
	})
}

// RunCase runs one case on a module and judges it. A result that is Fail has the calls of the step that went wrong.
// timedOut says whether a call into the module did not return in time.
func RunCase(ctx context.Context, m *host.Module, t *table.Table, c *table.Case, known ...Known) (_ report.Result, timedOut bool) {
	r := runCase(ctx, hostEngine{m}, t, c, known)
	if r.traceable() {
		r.Trace = traceOf(ctx, m, t, c, r.first)
	}
	return r.Result, r.timedOut
}

// result is a report's result with what only the run needs to know.
type result struct {
	report.Result
	seen     *Observation // nil: there was none
	first    Place        // of the first mismatch
	timedOut bool         // a call did not return in time
}

const interrupted = "not run: interrupted"

func notJudged(c *table.Case, reason string) result {
	return result{Result: report.Result{Case: c.ID, Outcome: report.Error, Reason: reason}}
}

func runCase(ctx context.Context, e Engine, t *table.Table, c *table.Case, known []Known) (r result) {
	defer func() {
		if p := recover(); p != nil {
			r = notJudged(c, fmt.Sprintf("fault of this program, not of the module: %v\n%s", p, debug.Stack()))
		}
	}()
	seen, err := e.Observe(ctx, c, Good(&t.Contract, c))
	if ctx.Err() != nil { // the module did nothing wrong: its call was ended
		return notJudged(c, interrupted)
	}
	if not := (*NotShown)(nil); errors.As(err, &not) {
		return result{Result: report.Result{Case: c.ID, Outcome: report.XFail, Reason: not.Why}}
	}
	if err != nil {
		r = notJudged(c, err.Error())
		var failure *host.Failure
		r.timedOut = errors.As(err, &failure) && failure.Kind == host.DeadlineExceeded
		return r
	}
	return judge(c, seen, known)
}

// judge turns an observation into a result.
func judge(c *table.Case, o Observation, known []Known) result {
	if f := o.Failure; f != nil && f.Kind == deadlineExceeded {
		r := notJudged(c, renderFailure(f, len(c.Steps)))
		r.seen, r.timedOut = &o, true
		return r
	}
	r := result{Result: report.Result{Case: c.ID, Outcome: report.Pass}, seen: &o}
	if r.Mismatches, r.first = check(c, o); len(r.Mismatches) > 0 {
		r.Outcome = report.Fail
	}
	for _, k := range known {
		if !k.matches(c.ID) || k.MayPass && r.Outcome == report.Pass {
			continue
		}
		r.Reason = k.Reason
		if r.Outcome == report.Pass {
			r.Outcome = report.XPass
		} else {
			r.Outcome = report.XFail
		}
		break
	}
	return r
}

// traceable says whether the calls of one repetition explain the failure. They do not explain memory growth, which is the
// sum of all repetitions; and after a thousand repetitions a trace is full.
func (r *result) traceable() bool {
	return r.Outcome == report.Fail && !strings.HasSuffix(r.Mismatches[0].Field, memoryGrowth) && r.first.Repetition <= 1000
}

// traceOf runs a case once more with a trace, so that the cases that pass need none. It gives the lines of the step at, or of
// the last step that was reached.
func traceOf(ctx context.Context, m *host.Module, t *table.Table, c *table.Case, at Place) []report.TraceLine {
	var last StepTrace
	o := ObserveOptions{Good: Good(&t.Contract, c), Until: at, Trace: func(s StepTrace) {
		if s.Step <= at.Step {
			last = s
		}
	}}
	if _, err := Observe(ctx, m, c, o); err != nil {
		return nil
	}
	return shorten(last.Lines)
}

// shorten leaves out the middle of a long trace.
func shorten(all []report.TraceLine) []report.TraceLine {
	const ends = 60
	if len(all) <= 2*ends {
		return all
	}
	left := report.TraceLine{Text: fmt.Sprintf("… %d lines left out …", len(all)-2*ends)}
	return slices.Concat(all[:ends:ends], []report.TraceLine{left}, all[len(all)-ends:])
}
