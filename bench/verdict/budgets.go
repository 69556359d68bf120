package verdict

import (
	"fmt"
	"path"

	"github.com/header-auth/header-auth/bench/evidence"
)

// Budget is one limit of budgets.yaml for one build, and what became of it.
type Budget struct {
	Where    string // budgets.yaml:7
	Build    string
	Scenario string // "" where the quantity has none
	What     string // its key: size, ratio_to_floor, p99.9 …
	Limit    float64
	Got      Interval
	Unit     Unit
	State    BudgetState
	Missing  Missing // Unjudged: why
	Known    string  // KnownAbove: the reason that the file gives
}

// BudgetState is what became of a limit.
type BudgetState int

const (
	Kept         BudgetState = iota // the interval does not lie above the limit as a whole
	Above                           // it does
	KnownAbove                      // it does, and the file says that this is known
	Unjudged                        // there is no number, or no interval
	KnownInVain                     // the file says that it is known to be above, and it is certainly not
	NoSuchBuild                     // the report has no build of that name
	NoSteadyTime                    // the build leaks, so that its time grows; the limit on what it leaks judges it
)

// Broken reports whether the limit fails the run.
func (b Budget) Broken() bool {
	return b.State != Kept && b.State != KnownAbove && b.State != NoSteadyTime
}

// CheckBudgets compares findings with limits, in the order of builds, quantities and scenarios.
func CheckBudgets(b *Budgets, r *evidence.Report, f *Findings) []Budget {
	var found []Budget
	for _, set := range b.builds {
		if set.build != "*" && !hasBuild(r, set.build) {
			found = append(found, Budget{Where: b.where(set.line), Build: set.build, State: NoSuchBuild})
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
					if budget.Missing.Kind == NotSteady && b.limits(build.Name, "bytes_per_request") {
						budget.State = NoSteadyTime
					}
					budget.Where = b.where(l.line)
					found = append(found, budget)
				}
			}
		}
	}
	return found
}

// limits says whether there is a limit of a quantity for a build.
func (b *Budgets) limits(build, what string) bool {
	l, _ := b.of(build, what)
	return len(l) > 0
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
	b := Budget{Build: build, Scenario: scenario, What: q.name, Limit: limit, Unit: q.unit,
		Missing: excluded(r, build, scenario)}
	if !b.Missing.Any() {
		b.Got, b.Missing = q.find(r, f, build, scenario)
	}
	if !b.Missing.Any() && q.scenarios && f.leaks(build, scenario) {
		b.Missing.Kind = NotSteady
	}
	if !b.Missing.Any() && !b.Got.Known() {
		b.Missing.Kind = NoBounds
	}
	switch {
	case b.Missing.Any():
		b.State = Unjudged
	case b.Got.Low > limit && known != "":
		b.State, b.Known = KnownAbove, known
	case b.Got.Low > limit:
		b.State = Above
	case b.Got.High <= limit && known != "":
		b.State = KnownInVain
	}
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
