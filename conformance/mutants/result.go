package mutants

// Outcome is what happened to a mutant.
type Outcome string

const (
	Killed        Outcome = "killed"          // a case fails
	Survived      Outcome = "survived"        // every case passes
	NoProgram     Outcome = "no program"      // does not compile
	Unchanged     Outcome = "unchanged"       // compiles to the same module as the unchanged sources
	SameAsAnother Outcome = "same as another" // compiles to the same module as an earlier mutant
)

// Result is a mutant and its outcome.
type Result struct {
	Mutant
	Outcome Outcome
	Killer  string // the id of the case that failed
}
