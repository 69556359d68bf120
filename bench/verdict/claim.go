package verdict

import "github.com/header-auth/header-auth/bench/evidence"

// Claim is one statement of the headline: a GotWorse, Gone, Wrong, NothingToChoose, NoSpeedVerdict, Choice,
// NoDifference, OnlyOne, Alone, LeakClaim, Comparison, Extremes or ArchivedPart. It holds names and numbers; package
// report/bench writes the sentence.
type Claim interface{ Topic() Topic }

// Topic is what a claim is about.
type Topic string

const (
	AboutAnswers Topic = "answers"
	AboutSpeed   Topic = "speed"
	AboutMemory  Topic = "memory"
	AboutStartup Topic = "start-up"
	AboutSize    Topic = "size"
	AboutUpkeep  Topic = "upkeep"
	AboutChange  Topic = "change"
)

// Wrong names a build that gave a wrong answer, or none: it has no numbers there.
type Wrong struct {
	Build     string
	Scenarios []string // in which; empty: everywhere
	Of        int      // scenarios of the report
	Reason    string   // of the first, in the evidence's words
}

// Alone tells the numbers of the only build of a report. What was not measured has N 0.
type Alone struct {
	Build, Scenario                  string // of Time and OverFloor: the first one
	Time, OverFloor                  Interval
	Slowest                          float64 // ns: the greatest time of all scenarios
	Scenarios                        int
	Startup, Resident, Size, Longest Interval // Longest: the longest request of the first scenario, in ns
	Memory                           *Memory  // in Envoy's order of allocators; nil: not soaked
}

// NoSpeedVerdict stands in place of everything on speed when the gate failed.
type NoSpeedVerdict struct{}

// Choice names the fastest build: of all that can be chosen, or of those in one language.
type Choice struct {
	Build     string
	Language  string   // "": of all languages
	Among     int      // builds that can be chosen, this one too
	Scenarios int      // in which it was compared with another of them
	Wins      int      // scenarios in which it is known to be faster than each of them
	Losses    int      // scenarios in which it is known to be slower than one of them
	Depends   int      // scenarios in which it depends on the processor
	Level     []string // builds that take the same time in every scenario: Wins and Losses are against the others
	LeftOut   []LeftOut
}

// NothingToChoose stands in place of everything on speed when each build has a fault.
type NothingToChoose struct{ LeftOut []LeftOut }

// NoDifference names builds between which speed does not decide.
type NoDifference struct {
	Builds    []string
	Scenarios int
	SameFile  bool // they are one module
	LeftOut   []LeftOut
}

// OnlyOne names the only one of several builds that can be chosen.
type OnlyOne struct {
	Build   string
	LeftOut []LeftOut
}

// LeftOut is a build that cannot be chosen, however fast it is.
type LeftOut struct {
	Build string
	Fault Fault
	Role  string // Archived: of the part
}

// Fault is why a build cannot be chosen.
type Fault int

const (
	NotConformant Fault = iota + 1
	Leaks               // in Envoy's order of allocators
	Archived            // one of its parts is
)

// LeakClaim names a build that leaks in Envoy.
type LeakClaim struct {
	Memory     Memory
	OnlyEnvoys bool // under the specification's order of allocators it does not
}

// Comparison is a build's time over that of the fastest build, in the first scenario and in the others.
type Comparison struct {
	Pair     Pair // A: the build, B: the fastest
	Scenario string
	Small    bool       // the difference is one that another correct harness may not see
	Others   [2]float64 // least and greatest ratio in the other scenarios
	OthersN  int        // how many those are; 0: none
}

// Extremes are the builds with the least and the most of something.
type Extremes struct {
	Of          Quantity
	Least, Most Measured
	Level       []string // builds that cannot be told from the least
	Small       bool     // as in Comparison
}

// Measured is a build and one of its numbers.
type Measured struct {
	Build string
	Value Interval
}

// Ratio is the most over the least.
func (e Extremes) Ratio() float64 { return e.Most.Value.Mid / e.Least.Value.Mid }

// Quantity is what Extremes are about.
type Quantity int

const (
	StartupTime    Quantity = iota + 1 // ns, nothing compiled before
	ResidentMemory                     // bytes of a process for each VM
	ModuleSize                         // bytes of the file
)

// ArchivedPart names a part that its authors maintain no longer, and the builds that need it.
type ArchivedPart struct {
	Builds []string
	Part   evidence.Part
}

func (Wrong) Topic() Topic           { return AboutAnswers }
func (Alone) Topic() Topic           { return AboutSpeed }
func (NoSpeedVerdict) Topic() Topic  { return AboutSpeed }
func (Choice) Topic() Topic          { return AboutSpeed }
func (NothingToChoose) Topic() Topic { return AboutSpeed }
func (NoDifference) Topic() Topic    { return AboutSpeed }
func (OnlyOne) Topic() Topic         { return AboutSpeed }
func (LeakClaim) Topic() Topic       { return AboutMemory }
func (Comparison) Topic() Topic      { return AboutSpeed }
func (ArchivedPart) Topic() Topic    { return AboutUpkeep }

// Topic is that of the quantity.
func (e Extremes) Topic() Topic {
	switch e.Of {
	case StartupTime:
		return AboutStartup
	case ResidentMemory:
		return AboutMemory
	}
	return AboutSize
}
