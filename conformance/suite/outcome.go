package suite

import (
	"path"

	"github.com/header-auth/header-auth/conformance/table"
)

// Outcome is what became of one case on one build.
type Outcome string

const (
	Pass  Outcome = "pass"
	Fail  Outcome = "fail"  // something observed is not what the case wants
	XFail Outcome = "xfail" // failed, and is listed as known to
	XPass Outcome = "xpass" // passed, though listed as known to fail
	Error Outcome = "error" // could not be judged: did not load, did not start, did not return, was not run
)

// Red says whether the outcome makes a run fail. An unexpected pass does: the list of known failures is out of date,
// and would hide the next failure.
func (o Outcome) Red() bool { return o == Fail || o == XPass || o == Error }

// Result is one case on one build.
type Result struct {
	Build, Case string
	Outcome     Outcome
	Reason      string // for every outcome but pass and fail
	Mismatches  []Mismatch
	Crossings   []Crossing // around the first mismatch; only of red results

	seen     *Observation // nil: there was none
	deadline bool         // a call did not return in time
}

// Known is a failure that is expected, with the reason why.
type Known struct {
	Pattern string // a case's id, or a glob as in path.Match
	Reason  string
	MayPass bool // a pass is fine too, since the entry was written for another host
}

// Matches says whether the entry is about a case.
func (k Known) Matches(id string) bool {
	ok, err := path.Match(k.Pattern, id)
	return ok && err == nil
}

// judge turns an observation into a result.
func judge(build string, c *table.Case, o Observation, known []Known) Result {
	r := Result{Build: build, Case: c.ID, seen: &o}
	if f := o.Failure; f != nil && f.Kind == deadlineExceeded {
		r.Outcome, r.Reason, r.deadline = Error, renderFailure(f, len(c.Steps)), true
		return r
	}
	r.Mismatches = Check(c, o)
	r.Outcome = Pass
	if len(r.Mismatches) > 0 {
		r.Outcome = Fail
	}
	for _, k := range known {
		if !k.Matches(c.ID) || k.MayPass && r.Outcome == Pass {
			continue
		}
		r.Reason = k.Reason
		if r.Outcome == Pass {
			r.Outcome = XPass
		} else {
			r.Outcome = XFail
		}
		break
	}
	return r
}
