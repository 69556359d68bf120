// Package verdict makes findings of evidence: intervals, verdicts that hold when the run is repeated, and a plain
// "undecided" where they would not. Everything in it follows from the evidence alone.
package verdict

import "github.com/header-auth/header-auth/bench/stats"

// Findings are what a report says. Lists are in the evidence's order.
type Findings struct {
	Gate     Gate
	Headline []Claim  // the answer to "which should we choose, and how sure are you?", most important first
	Warnings []string // what makes the numbers worth less: a busy machine, an interrupted run
	Speed    []ScenarioSpeed
	Tails    []Tail
	Startups []Startup
	Memory   []Memory
	Resident []Resident
	Scale    []Scale
	Budgets  []Budget
	Against  *Against // nil: no other report to compare with
}

// Interval is an estimate and where the true value lies with 95 % confidence. N is the number of independent samples it
// rests on; with fewer than two Low and High are NaN, as there is no interval. What is counted, not sampled, has N 1 and
// all three the same.
type Interval = stats.Interval

// Gate is the A/A check: a build timed against itself must come out equal, or no verdict is given.
type Gate struct {
	Passed    bool
	Build     string   // that was timed against itself
	Reasons   []string // why not, a sentence each
	Ratio     Interval // twin to original, over all scenarios: the plain 95 % interval
	Scenarios []GateScenario
	Limit     float64 // Ratio has to lie within 1 ± Limit
}

// GateScenario is the A/A ratio of one scenario, with an interval that is simultaneous over all of them.
type GateScenario struct {
	Scenario string
	Ratio    Interval
	Passed   bool
}

// Claim is a sentence of the headline and how sure it is.
type Claim struct {
	Text     string // "Rust takes 0.31 of the time of Go (TinyGo) for an allowed request"
	Evidence string // "95 % CI 0.30 to 0.32, 10 processes × 2 instances; A/A 0.998 to 1.004"
	Topic    string // speed, memory, size, start-up, upkeep
}

// Word is a verdict on a pair.
type Word string

const (
	Faster     Word = "faster"
	Slower     Word = "slower"
	Equivalent Word = "equivalent"
	Undecided  Word = "undecided"
	Refused    Word = "refused" // the gate
)

// TooMany is the More of a pair whose ratio lies on the edge of the band.
const TooMany = stats.MostSamples

// ScenarioSpeed is one scenario: a row for each entrant, a pair for each two builds.
type ScenarioSpeed struct {
	Scenario string
	Rows     []Speed
	Pairs    []Pair
	Dropped  float64 // share of rounds left out because the floor itself was slow in them
}

// Speed is one entrant in one scenario. The zero Time with a Reason is a build without a number.
type Speed struct {
	Entrant    string
	Reason     string
	Time       Interval // ns a request
	OverFloor  Interval // ratio of Time to the floor's
	AboveFloor Interval // ns a request, the floor subtracted
	Best       float64  // ns: the fastest tenth of the batches, a second estimate that outliers don't reach
	Spread     float64  // standard deviation of the instances' medians, as a share of Time
	Lost       float64  // share of its batches left out because they were interrupted, 0 to 1
	Unstable   bool     // Best and Time disagree about the ratio to the floor by more than the interval
}

// Pair is a comparison of two builds: Ratio is A's time over B's.
type Pair struct {
	A, B  string
	Ratio Interval // the plain 95 % interval
	Band  float64  // equivalence: within 1 ± Band
	P     float64  // that there is no difference, adjusted after Holm over all pairs of the report
	Word  Word     // of A: A is faster than B
	More  int      // processes that would probably (4 in 5) decide it; 0 unless undecided, TooMany when no run would
}

// Tail is the latency of single requests of an entrant in a scenario.
type Tail struct {
	Scenario, Entrant string
	Count             int64
	Percentiles       []Percentile
	Max               float64 // ns
	Curve             []CurvePoint
	Collector         *Collector // nil: no pauses that come with a period
}

// Percentile is shown only when at least a hundred requests lie above it. Its interval is over processes: of the median of
// their percentiles, by order statistics, with six or more; of their geometric mean with fewer.
type Percentile struct {
	P     float64 // 50, 90, 99, 99.9 …
	Nanos Interval
}

// CurvePoint is a point of a percentile curve.
type CurvePoint struct{ P, Nanos float64 }

// Collector is what the pauses of a garbage collector look like from outside.
type Collector struct {
	Period float64 // requests from one pause to the next, the median
	Pause  float64 // ns, the median
	Max    float64 // ns
	Share  float64 // of the total time, 0 to 1
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

// Growth is a verdict on memory.
type Growth string

const (
	Leak    Growth = "leak"
	Plateau Growth = "plateau"
	Flat    Growth = "flat"
	Unclear Growth = "undecided"
)

// Memory is a soak's verdict.
type Memory struct {
	Build, Allocator string
	Requests         int
	Ready, Warm, End int64 // bytes of linear memory: configured, after a hundredth of the requests, at the end (its peak: it never shrinks)
	Verdict          Growth
	PerRequest       Interval // bytes that memory grows by
	Why              string   // one sentence
	Ended            string   // why before its time
}

// Resident is a process's memory: Fixed + VMs × PerVM, in bytes.
type Resident struct {
	Build        string
	PerVM, Fixed Interval
}

// ScaleFormula is how Scale is computed, for readers.
const ScaleFormula = "cores = requests a second × time of a request; proxies = cores ÷ workers, rounded up; " +
	"GiB = proxies × (workers + 1) × resident memory of a VM. Envoy keeps a VM for each worker and one for its main " +
	"thread. It is the plugin's share alone: what Envoy itself needs comes on top, and more proxies mean more memory."

// Scale is what a fleet's plugins need at a rate of requests: ScaleFormula.
type Scale struct {
	Build    string
	Scenario string
	Rate     float64 // requests a second
	Workers  int     // of each proxy
	Cores    Interval
	Proxies  int // the least that have so many cores
	GiB      Interval
}

// Budget is one limit of budgets.yaml for one build, and what became of it.
type Budget struct {
	Where    string // budgets.yaml:7
	Build    string
	Scenario string // "" where the quantity has none
	What     string // its key: size, ratio_to_floor, p99.9 …
	Limit    float64
	Got      Interval
	Unit     string // B, ×, ns, B/request
	Broken   bool   // the whole interval lies above the limit, or Reason
	Reason   string // why it could not be judged, or why an entry is out of date: both are broken too
	Known    string // why it is known to be above the limit, which does not count as broken
}

// Against compares with an earlier report.
type Against struct {
	File    string
	Same    bool     // machine and engine: absolute times are compared only then
	Notes   []string // what could not be compared and why
	Changes []Change
}

// Change is one quantity then and now.
type Change struct {
	Build, Scenario, What, Unit string
	Then, Now                   Interval
	Word                        string // better, worse, no change, undecided
}
