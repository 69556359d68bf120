package bench

import (
	"cmp"
	"slices"

	"github.com/header-auth/header-auth/bench/evidence"
)

// arrange sorts samples in the order of builds and scenarios, and removes those of builds and scenarios that were
// refused.
func arrange(r *evidence.Report) {
	builds := map[string]int{evidence.Floor: -3, evidence.Twin: -2}
	for i, b := range r.Builds {
		builds[b.Name], builds[evidence.TwinOf(b.Name)] = i, -1
	}
	order := map[string]int{}
	for i, s := range r.Scenarios {
		order[s.ID] = i
	}
	refused := func(build, scenario string) bool {
		build = r.Original(build)
		return slices.ContainsFunc(r.Refused, func(f evidence.Refused) bool { return f.Of(build, scenario) })
	}
	r.Batches = slices.DeleteFunc(r.Batches, func(s evidence.Batches) bool { return refused(s.Contestant, s.Scenario) })
	r.Tails = slices.DeleteFunc(r.Tails, func(t evidence.Tail) bool { return refused(t.Contestant, t.Scenario) })
	r.Memory = slices.DeleteFunc(r.Memory, func(m evidence.Memory) bool { return refused(m.Build, m.Scenario) })
	r.Witnesses = slices.DeleteFunc(r.Witnesses, func(w evidence.Witness) bool { return refused(w.Build, w.Scenario) })
	slices.SortStableFunc(r.Batches, func(a, b evidence.Batches) int {
		return cmp.Or(order[a.Scenario]-order[b.Scenario], builds[a.Contestant]-builds[b.Contestant], a.Process-b.Process,
			a.Instance-b.Instance)
	})
	slices.SortStableFunc(r.Tails, func(a, b evidence.Tail) int {
		return cmp.Or(order[a.Scenario]-order[b.Scenario], builds[a.Contestant]-builds[b.Contestant], a.Process-b.Process)
	})
	slices.SortStableFunc(r.Witnesses, func(a, b evidence.Witness) int {
		return cmp.Or(order[a.Scenario]-order[b.Scenario], builds[a.Build]-builds[b.Build])
	})
	slices.SortStableFunc(r.Startups, func(a, b evidence.Startup) int {
		cached := 0
		if a.Cached != b.Cached {
			if cached = 1; b.Cached {
				cached = -1
			}
		}
		return cmp.Or(builds[a.Build]-builds[b.Build], cached, a.Sample-b.Sample)
	})
	slices.SortStableFunc(r.Memory, func(a, b evidence.Memory) int {
		return cmp.Or(builds[a.Build]-builds[b.Build], cmp.Compare(a.Allocator, b.Allocator),
			order[a.Scenario]-order[b.Scenario])
	})
	slices.SortStableFunc(r.Resident, func(a, b evidence.Resident) int {
		return cmp.Or(builds[a.Build]-builds[b.Build], a.Sample-b.Sample)
	})
	slices.SortStableFunc(r.Refused, func(a, b evidence.Refused) int {
		return cmp.Or(builds[a.Build]-builds[b.Build], order[a.Scenario]-order[b.Scenario])
	})
}
