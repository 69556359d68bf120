package verdict

import "github.com/header-auth/header-auth/bench/evidence"

// Warning is what makes the numbers worth less.
type Warning struct {
	Kind  WarningKind
	Share float64 // 0 to 1: BusyRounds, BusyBatches, Stolen
	Count int     // FewProcesses, UnstableTimes
}

// WarningKind is what a warning is about.
type WarningKind int

const (
	Interrupted   WarningKind = iota + 1 // the run ended before its time
	Uncommitted                          // the working tree differs from the revision
	BusyRounds                           // share of rounds in which the floor was slow
	BusyBatches                          // share of batches that were interrupted
	Stolen                               // share of the processor time that a hypervisor took
	Loaded                               // the load before the run was above the number of processors
	FewProcesses                         // how many there are
	GateMissesOne                        // the gate passed, and its plain interval does not contain 1
	UnstableTimes                        // how many there are
)

// FewestProcesses is how many a run has without a warning.
const FewestProcesses = 5

// muchSteal is the share of the processor time above which a hypervisor's part is a warning.
const muchSteal = 0.02

// warnings are in the order in which a reader needs them.
func warnings(r *evidence.Report, f *Findings, all []samples) []Warning {
	var found []Warning
	warn := func(kind WarningKind, share float64, count int) { found = append(found, Warning{kind, share, count}) }
	if !r.Run.Complete {
		warn(Interrupted, 0, 0)
	}
	if r.Run.Dirty {
		warn(Uncommitted, 0, 0)
	}
	var rounds, keeps int
	for _, s := range all {
		rounds, keeps = rounds+s.rounds, keeps+s.keeps
	}
	if dropped := 1 - float64(keeps)/float64(max(1, rounds)); rounds > 0 && dropped > busyMachine {
		warn(BusyRounds, dropped, 0)
	}
	if r.Machine.Steal > muchSteal {
		warn(Stolen, r.Machine.Steal, 0)
	}
	if load := r.Machine.LoadBefore; len(load) > 0 && r.Machine.CPUs > 0 && load[0] > float64(r.Machine.CPUs) {
		warn(Loaded, 0, 0)
	}
	if n := f.Gate.Ratio.N; n > 0 && n < FewestProcesses {
		warn(FewProcesses, 0, n)
	}
	if f.Gate.Passed && !f.Gate.Ratio.Contains(1) {
		warn(GateMissesOne, 0, 0)
	}
	unstable, lost, timings := 0, 0., 0.
	for _, s := range f.Scenarios {
		for _, t := range s.Timings {
			if t.Unstable {
				unstable++
			}
			lost, timings = lost+t.Lost, timings+1
		}
	}
	if lost > busyMachine*timings {
		warn(BusyBatches, lost/timings, 0)
	}
	if unstable > 0 {
		warn(UnstableTimes, 0, unstable)
	}
	return found
}
