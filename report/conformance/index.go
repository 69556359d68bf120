package conformance

import "github.com/header-auth/header-auth/report"

// index finds the parts of a report by name, so that rendering takes time in proportion to the number of results. A
// part that is not listed, as in a report edited by hand, still has its name.
type index struct {
	*report.Report
	cases   map[string]report.Case
	builds  map[string]report.Build
	byCase  map[string][]*report.Result // in the order of the report
	byBuild map[string][]*report.Result
	ofBuild map[string]report.Counts
	ofGroup map[groupAndBuild]report.Counts
	groups  map[string]bool // that have results
}

type groupAndBuild struct{ group, build string }

func newIndex(r *report.Report) *index {
	x := &index{Report: r, cases: map[string]report.Case{}, builds: map[string]report.Build{},
		byCase: map[string][]*report.Result{}, byBuild: map[string][]*report.Result{},
		ofBuild: map[string]report.Counts{}, ofGroup: map[groupAndBuild]report.Counts{}, groups: map[string]bool{}}
	for _, c := range r.Cases {
		x.cases[c.ID] = c
	}
	for _, b := range r.Builds {
		x.builds[b.Name] = b
	}
	for i := range r.Results {
		result := &r.Results[i]
		group := x.caseOf(result.Case).Group
		x.groups[group] = true
		x.byCase[result.Case] = append(x.byCase[result.Case], result)
		x.byBuild[result.Build] = append(x.byBuild[result.Build], result)
		count(x.ofBuild, result.Build, result.Outcome)
		count(x.ofGroup, groupAndBuild{group, result.Build}, result.Outcome)
	}
	return x
}

func count[K comparable](counts map[K]report.Counts, key K, o report.Outcome) {
	if counts[key] == nil {
		counts[key] = report.Counts{}
	}
	counts[key][o]++
}

func (x *index) caseOf(id string) report.Case {
	if c, ok := x.cases[id]; ok {
		return c
	}
	return report.Case{ID: id}
}

func (x *index) build(name string) report.Build {
	if b, ok := x.builds[name]; ok {
		return b
	}
	return report.Build{Name: name}
}
