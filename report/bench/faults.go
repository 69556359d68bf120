package bench

import (
	"fmt"

	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
	"github.com/header-auth/header-auth/internal/words"
)

// wrongAnswers says where a build answers wrongly.
func wrongAnswers(c verdict.Wrong) string {
	where := "in every scenario"
	if n := len(c.Scenarios); n > 0 {
		where = fmt.Sprintf("in %d of %d scenarios, %s", n, c.Of, list(c.Scenarios))
	}
	return fmt.Sprintf("%s answers wrongly or not at all %s, and has no numbers there: %s", c.Build, where,
		sentence(c.Reason))
}

// alone tells the numbers of the only build.
func alone(c verdict.Alone) (text string, evidence []string) {
	var facts []string
	if c.Scenarios > 0 {
		fact := fmt.Sprintf("takes %s for %s", units.Nanos(c.Time.Mid), c.Scenario)
		if c.Scenarios > 1 {
			fact += fmt.Sprintf(" and at most %s for %s", units.Nanos(c.Slowest), words.Plural(c.Scenarios-1, "other"))
		}
		facts = append(facts, fact)
		evidence = append(evidence, "time of a request: "+confidence(c.Time, units.Nanos))
		if c.OverFloor.N > 0 && units.Known(c.OverFloor.Mid) {
			evidence = append(evidence, fmt.Sprintf("%s times that of a guest that does nothing", units.Digits(c.OverFloor.Mid)))
		}
	}
	if c.Longest.N > 0 {
		facts = append(facts, fmt.Sprintf("took %s for the longest of all", units.Nanos(c.Longest.Mid)))
	}
	if m := c.Memory; m != nil {
		switch m.Verdict {
		case verdict.Leak: // that is a claim of its own
		case verdict.Unclear:
			facts = append(facts, "may leak or not, which this run does not decide")
		default:
			facts = append(facts, fmt.Sprintf("shows no leak, of which one below %s bytes a request would not show",
				units.Digits(m.PerRequest.High)))
		}
	}
	if c.Startup.N > 0 {
		facts = append(facts, "starts within "+units.Nanos(c.Startup.Mid))
	}
	if c.Resident.N > 0 {
		facts = append(facts, fmt.Sprintf("needs %s of memory for each warm VM", units.Bytes(c.Resident.Mid)))
	}
	if c.Size.N > 0 {
		facts = append(facts, "has a module of "+units.Bytes(c.Size.Mid))
	}
	return fmt.Sprintf("%s %s. There is no other build to compare it with.", c.Build, list(facts)), evidence
}

// cure is what would make a failed A/A check pass.
func cure(g verdict.Gate) string {
	for _, f := range g.Faults {
		switch f.Kind {
		case verdict.GateNotMeasured:
			return "A build that is timed against itself: without that no difference between builds can be trusted."
		case verdict.GateOneProcess:
			return "More processes: one alone has no interval."
		}
	}
	return "A quieter machine: a build timed against itself did not come out equal, so no difference " +
		"between builds can be trusted."
}
