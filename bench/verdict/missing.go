package verdict

import "github.com/header-auth/header-auth/bench/evidence"

// Missing says why there is no number; the zero value, that there is one.
type Missing struct {
	Kind     MissingKind
	Refusal  string // Refused: the reason that the evidence gives
	Requests int64  // FewRequests: how many there are
}

// MissingKind is why there is no number.
type MissingKind string

const (
	NotMeasured MissingKind = "not measured"
	Excluded    MissingKind = "excluded"     // evidence.Refused: a wrong answer
	NoVerdicts  MissingKind = "no verdicts"  // the A/A check failed
	FewRequests MissingKind = "few requests" // fewer than a hundred lie above the percentile
	NoBounds    MissingKind = "no bounds"    // one process: there is a number, and no interval
	NotSteady   MissingKind = "leaks"        // its time grows with every request
)

// Any reports whether something is missing.
func (m Missing) Any() bool { return m.Kind != "" }

// excluded is why a contestant has no number in a scenario ("" for its numbers that belong to no scenario).
func excluded(r *evidence.Report, contestant, scenario string) Missing {
	return refusal(r.Refused, contestant, scenario)
}

// refusal is excluded for the refusals of any report.
func refusal(all []evidence.Refused, contestant, scenario string) Missing {
	for _, refused := range all {
		if refused.Of(contestant, scenario) {
			return Missing{Kind: Excluded, Refusal: refused.Reason}
		}
	}
	return Missing{}
}

// wholly is why a build has no number in any scenario.
func wholly(r *evidence.Report, build string) Missing {
	if m := excluded(r, build, ""); m.Any() || len(r.Scenarios) == 0 {
		return m
	}
	for _, s := range r.Scenarios {
		if !excluded(r, build, s.ID).Any() {
			return Missing{}
		}
	}
	return excluded(r, build, r.Scenarios[0].ID)
}
