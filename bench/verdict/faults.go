package verdict

import (
	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// wrongAnswers names the builds that answer wrongly: that comes first, because it is the cause of all that is missing.
func wrongAnswers(r *evidence.Report) []Claim {
	var claims []Claim
	for _, b := range r.Builds {
		wrong := Wrong{Build: b.Name, Of: len(r.Scenarios)}
		for _, refused := range r.Refused {
			if refused.Build != b.Name {
				continue
			}
			if wrong.Reason == "" {
				wrong.Reason = refused.Reason
			}
			if refused.Scenario != "" {
				wrong.Scenarios = append(wrong.Scenarios, refused.Scenario)
			}
		}
		if wrong.Reason == "" {
			continue
		}
		if len(wrong.Scenarios) == wrong.Of || excluded(r, b.Name, "").Any() {
			wrong.Scenarios = nil
		}
		claims = append(claims, wrong)
	}
	return claims
}

// nothingTimed reports whether every build answers wrongly everywhere.
func nothingTimed(r *evidence.Report) bool {
	for _, b := range r.Builds {
		if excluded(r, b.Name, "").Any() {
			continue
		}
		for _, s := range r.Scenarios {
			if !excluded(r, b.Name, s.ID).Any() {
				return false
			}
		}
	}
	return len(r.Builds) > 0 && len(r.Refused) > 0
}

// alone tells the numbers of the only build: there is none to compare it with, and none to choose.
func alone(r *evidence.Report, f *Findings) []Claim {
	if len(r.Builds) != 1 || nothingTimed(r) {
		return nil
	}
	a := Alone{Build: r.Builds[0].Name}
	for i := range f.Scenarios {
		t, ok := f.Scenarios[i].Timing(a.Build)
		if !ok || t.Missing.Any() || !f.Gate.Passed || t.Growth > 0 {
			continue
		}
		if a.Scenarios == 0 {
			a.Scenario, a.Time, a.OverFloor = f.Scenarios[i].ID, t.Time, t.OverFloor
		}
		a.Scenarios, a.Slowest = a.Scenarios+1, max(a.Slowest, t.Time.Mid)
	}
	for _, t := range f.Tails {
		if t.Contestant == a.Build && (a.Scenario == "" || t.Scenario == a.Scenario) && a.Longest.N == 0 {
			a.Longest = stats.Exact(t.Max)
		}
	}
	own := func(all []Measured) (value Interval) {
		for _, m := range all {
			if m.Build == a.Build {
				value = m.Value
			}
		}
		return value
	}
	a.Startup, a.Resident, a.Size = own(startupTotals(f)), own(residentPerVM(f)), own(moduleSizes(r))
	for i := range f.Memory {
		if f.Memory[i].Build == a.Build && f.Memory[i].Allocator == envoyOrder {
			a.Memory = &f.Memory[i]
		}
	}
	if a.Scenarios == 0 && a.Startup.N == 0 && a.Resident.N == 0 && a.Size.N == 0 && a.Memory == nil {
		return nil
	}
	return []Claim{a}
}
