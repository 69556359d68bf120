package main

import (
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/report"
)

// newReport makes a report of the results of a run.
func newReport(t *table.Table, modules []module, v suite.Verdict) *report.Report {
	r := &report.Report{
		Schema: report.Schema,
		Table:  report.Table{Name: t.Contract.Name, Digest: t.Digest},
	}
	for _, c := range t.Contract.Clauses {
		r.Table.Clauses = append(r.Table.Clauses, report.Clause{ID: c.ID, Text: c.Text})
	}
	for _, g := range t.Groups {
		r.Table.Groups = append(r.Table.Groups, report.Group{Name: g.Name, Breaks: g.Breaks})
		for _, c := range g.Cases {
			r.Cases = append(r.Cases, report.Case{ID: c.ID, Group: g.Name, Clauses: c.Clauses, Why: c.Why,
				File: c.Position.File, Line: c.Position.Line})
		}
	}
	for _, m := range modules {
		r.Builds = append(r.Builds, m.about)
	}
	for _, result := range v.Results {
		r.Results = append(r.Results, converted(result))
	}
	for _, d := range v.Divergences {
		sides := make([]report.Side, len(d.Sides))
		for i, side := range d.Sides {
			sides[i] = report.Side(side)
		}
		r.Divergences = append(r.Divergences, report.Divergence{Case: d.Case, Field: d.Field, Sides: sides})
	}
	return r
}

func converted(from suite.Result) report.Result {
	to := report.Result{Build: from.Build, Case: from.Case, Outcome: report.Outcome(from.Outcome), Reason: from.Reason}
	for _, m := range from.Mismatches {
		to.Mismatches = append(to.Mismatches, report.Mismatch{Field: m.Field, Wanted: m.Wanted, Got: m.Got})
	}
	for _, c := range from.Crossings {
		to.Crossings = append(to.Crossings, report.Crossing(c))
	}
	return to
}
