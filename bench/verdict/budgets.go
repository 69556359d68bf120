package verdict

import (
	"fmt"
	"path"

	"github.com/header-auth/header-auth/bench/evidence"
)

// CheckBudgets holds findings against limits, in the order of builds, quantities and scenarios. A limit is broken when the
// value is certainly above it, when it has no value, or no interval, and when it is known to be broken and certainly is
// not.
func CheckBudgets(b *Budgets, r *evidence.Report, f *Findings) []Budget {
	var found []Budget
	for _, set := range b.builds {
		if set.build != "*" && !hasBuild(r, set.build) {
			found = append(found, Budget{Where: b.where(set.line), Build: set.build, Broken: true,
				Got: Interval{}, Reason: "the report has no build of that name"})
		}
	}
	for _, build := range r.Builds {
		for _, q := range quantities {
			limits, known := b.of(build.Name, q.name)
			if len(limits) == 0 {
				continue
			}
			for _, scenario := range q.places(r) {
				if l, ok := first(limits, scenario); ok {
					budget := q.check(r, f, build.Name, scenario, l.max, known)
					budget.Where = b.where(l.line)
					found = append(found, budget)
				}
			}
		}
	}
	return found
}

func (b *Budgets) where(line int) string { return fmt.Sprintf("%s:%d", b.file, line) }

// of are the limits of one quantity for a build: its own, else those of all builds.
func (b *Budgets) of(build, what string) (limits []limit, known string) {
	for _, name := range []string{build, "*"} {
		for _, set := range b.builds {
			if set.build != name {
				continue
			}
			if name == build {
				known = set.known[what]
			}
			for _, l := range set.limits {
				if l.what == what {
					limits = append(limits, l)
				}
			}
		}
		if len(limits) > 0 {
			break
		}
	}
	return limits, known
}

// first is the limit that counts for a scenario.
func first(limits []limit, scenario string) (limit, bool) {
	for _, l := range limits {
		// A pattern's * stops at a slash; alone it stands for all.
		if ok, _ := path.Match(l.scenario, scenario); ok || l.scenario == "*" {
			return l, true
		}
	}
	return limit{}, false
}

func (q quantity) check(r *evidence.Report, f *Findings, build, scenario string, limit float64, known string) Budget {
	b := Budget{Build: build, Scenario: scenario, What: q.name, Limit: limit, Unit: q.unit}
	b.Reason = reason(r, build, scenario)
	if b.Reason == "" {
		b.Got, b.Reason = q.find(r, f, build, scenario)
	}
	switch {
	case b.Reason != "":
	case !b.Got.Known():
		b.Reason = "no interval: it was measured in one process only"
	case b.Got.Low > limit && known != "":
		b.Known = known
	case b.Got.Low > limit:
		b.Broken = true
	case b.Got.High <= limit && known != "":
		b.Reason = "it is within the limit, and listed as known to be above: remove it from known"
	}
	b.Broken = b.Broken || b.Reason != ""
	return b
}

func hasBuild(r *evidence.Report, name string) bool {
	for _, b := range r.Builds {
		if b.Name == name {
			return true
		}
	}
	return false
}
