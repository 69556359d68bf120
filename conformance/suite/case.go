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

// Unmatched are the entries that match no case of the table. A misspelt entry may match a later
// case, and hide its failure.
func Unmatched(known []Known, t *table.Table) []Known {
	return slices.DeleteFunc(slices.Clone(known), func(k Known) bool {
		return slices.ContainsFunc(t.Cases(), func(c table.Case) bool { return k.matches(c.ID) })
	})
}

// RunCase runs one case on a module and judges it. A result that is Fail has the calls of the step that went wrong.
// ended says whether a call into the module had to be ended.
func RunCase(ctx context.Context, m *host.Module, t *table.Table, c *table.Case, known ...Known) (_ report.Result,
	ended bool) {
	e := hostEngine{m}
	r := runCase(ctx, e, t, c, known)
	if r.traceable() {
		r.Trace = e.Trace(ctx, c, Good(&t.Contract, c), r.first)
	}
	return r.Result, r.ended
}

// result is a report's result with what only the run needs to know.
type result struct {
	report.Result
	seen    *Observation // of a case that passed
	first   Place        // of the first mismatch
	ended   bool         // a call had to be ended: it took too long, or too much memory
	failure string       // how the VM failed, without where in the case; "": it did not
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
	var failure *host.Failure
	switch {
	case errors.As(err, &failure) && failure.Kind != host.HostFault:
		return judge(c, Observation{Failure: &Failure{Kind: failure.Kind.String(), In: failure.In, Reason: failure.Reason,
			Details: failure.Details(), NoStart: true}}, known)
	case err != nil:
		return notJudged(c, err.Error())
	}
	return judge(c, seen, known)
}

// judge turns an observation into a result.
func judge(c *table.Case, o Observation, known []Known) result {
	r := result{Result: report.Result{Case: c.ID, Outcome: report.Pass}}
	if f := o.Failure; f != nil {
		r.failure, r.ended = f.Kind+" "+f.In+" "+f.Reason, f.Ends()
	}
	if f := o.Failure; f != nil && (r.ended || f.NoStart) { // whatever else was seen is not complete
		wanted := "lives"
		if f.NoStart {
			wanted = "starts"
		}
		r.Mismatches = []report.Mismatch{{Field: "virtual machine", Wanted: wanted, Got: renderFailure(f, len(c.Steps))}}
	} else {
		r.Mismatches, r.first = check(c, o)
	}
	if len(r.Mismatches) > 0 {
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
	if r.Outcome == report.Pass || r.Outcome == report.XPass { // what is not, may be large
		r.seen = &o
	}
	return r
}

// traceable says whether the calls of one repetition explain the failure. They do not explain memory growth,
// which is the sum of all repetitions; after a thousand repetitions a trace is full; and a call that had to be
// ended would have to be again.
func (r *result) traceable() bool {
	return r.Outcome == report.Fail && !r.ended && !strings.HasSuffix(r.Mismatches[0].Field, memoryGrowth) &&
		r.first.Repetition <= 1000
}

// Trace runs a case once more with a trace, so that the cases that pass need none. It gives the lines of the step at,
// or of the last step that was reached.
func Trace(ctx context.Context, m *host.Module, c *table.Case, good *table.Request, at Place) []report.TraceLine {
	var last StepTrace
	o := ObserveOptions{Good: good, Until: at, Trace: func(s StepTrace) {
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
