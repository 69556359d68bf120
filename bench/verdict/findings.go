// Package verdict judges evidence. Its findings are intervals, verdicts that hold when the run is repeated, and
// "undecided" where a verdict would not hold. Findings are names and numbers that follow from the evidence alone;
// package report/bench puts them into words.
//
// From a batch to a verdict: samples.go sorts the batches, timing.go makes each contestant's numbers, pair.go compares
// two builds, gate.go checks that a build is equal to itself, machines.go puts several runs together, standing.go makes
// the table with which a report begins, headline.go and choices.go decide what to state.
package verdict

import (
	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// Findings are what a report says, as names and numbers. Lists are in the evidence's order.
type Findings struct {
	Gate      Gate
	Reference string     // the build that others are compared with
	BuildRows []BuildRow // the table with which a report begins
	Machines  *Machines  // what all runs say together, if it is one
	Headline  []Claim    // the answer to "which should we choose, and how sure are you?", most important first
	Warnings  []Warning
	Scenarios []Scenario
	Tails     []Tail
	Startups  []Startup
	Memory    []Memory
	Resident  []Resident
	Scale     []Scale
	Budgets   []Budget
	Against   *Against // nil: no other report to compare with
	Places    []Place  // among published machines; left to the function of that name
	Envoy     *OnEnvoy // what a run on a real Envoy found; left to JudgeOnEnvoy. nil: there is none
}

// Judge makes the findings of a report. Budgets and Against are left to CheckBudgets and Compare.
func Judge(r *evidence.Report) *Findings {
	_, f := JudgeAll([]*evidence.Report{r})
	return f
}

// judge makes the findings of one run; what several say together, and the headline that follows, are left to JudgeAll.
func judge(r *evidence.Report) *Findings {
	f := &Findings{Tails: tails(r), Startups: startups(r), Memory: memories(r)}
	all := samplesOf(r, f.Tails)
	f.Gate = gate(r, all)
	f.Scenarios = scenariosOf(r, all, f.leaks, f.Gate.Passed)
	f.Resident = residents(r)
	f.Scale = scales(f, workers)
	f.Warnings = warnings(r, f)
	return f
}

// leaking are the builds that leak in Envoy, in one scenario or more.
func (f *Findings) leaking() map[string]bool {
	leaking := map[string]bool{}
	for _, m := range f.Memory {
		if m.Allocator == envoyOrder && m.Verdict == Leak {
			leaking[m.Build] = true
		}
	}
	return leaking
}

// leaks reports whether a build leaks in a scenario, in Envoy: then its time there grows with every request. A soak of
// an older report stands for all scenarios.
func (f *Findings) leaks(build, scenario string) bool {
	for _, m := range f.Memory {
		for _, one := range m.Each {
			if m.Build == build && m.Allocator == envoyOrder && one.Verdict == Leak &&
				(one.Scenario == "" || one.Scenario == scenario) {
				return true
			}
		}
	}
	return false
}

// Interval is an estimate and the bounds of its 95 % confidence interval. N is the number of independent samples
// behind it; with fewer than two, Low and High are NaN. What was counted, not sampled, has N 1 and all three the same.
type Interval = stats.Interval

// Tail is the latency of single requests of a contestant in a scenario.
type Tail struct {
	Scenario, Contestant string
	Count                int64
	Percentiles          []Percentile
	Max                  float64 // ns
	Curve                []CurvePoint
	Slow                 Slow
	Open                 Open
	Collector            *Collector // nil: no pauses that come with a period
}

// Slow are the requests that took more than six times the median, whatever the cause: a collector, or an interruption
// by the system, which the floor has as well. Intervals are over processes.
type Slow struct {
	OfTime     Interval // share of the time of all requests, 0 to 1
	OfRequests Interval // share of the requests, 0 to 1
	Longer     Interval // ns that such a request usually takes longer than the median one; N is 0 where there is none
}

// Open is what a client would see that sends at a constant rate, whether the requests before are answered or not.
type Open struct {
	Rate        Interval     // requests a second: half of what the contestant can take
	Percentiles []Percentile // of the time from a request's sending to its answer: 99 and 99.9
}

// Percentile is there only when at least a hundred requests lie above it. Its interval is over processes: of the
// median of their percentiles, by order statistics, with six processes or more; of their geometric mean with fewer.
type Percentile struct {
	P     float64 // 50, 90, 99, 99.9 …
	Nanos Interval
}

// CurvePoint is a point of a percentile curve.
type CurvePoint struct{ P, Nanos float64 }

// Collector is a garbage collector as its pauses show it.
type Collector struct {
	Period  float64  // requests from one pause to the next, the median
	Pause   float64  // ns, the median
	Max     float64  // ns
	Share   float64  // of the total time, 0 to 1
	Periods Interval // Period over processes
	Pauses  Interval // Pause over processes
}

// Startup is how long a build takes to its first answer, in ns.
type Startup struct {
	Build  string
	Cached bool
	Phases []Phase // compile, instantiate, configure, first request
	Total  Interval
}

// Phase is a part of a start-up.
type Phase struct {
	Name string
	Time Interval
}

// Resident is a process's memory: Fixed + VMs × PerVM, in bytes.
type Resident struct {
	Build        string
	PerVM, Fixed Interval
}

// Scale is what a fleet's plugins need at a rate of requests: cores = rate × time of a request; proxies = cores ÷
// workers, rounded up; memory = proxies × (workers + 1) × resident memory of a VM, as Envoy has a VM for each worker
// and one for its main thread.
type Scale struct {
	Build    string
	Scenario string
	Rate     float64 // requests a second
	Workers  int     // of each proxy
	Cores    Interval
	Proxies  int // the least that have so many cores
	GiB      Interval
}
