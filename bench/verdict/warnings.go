package verdict

import "github.com/header-auth/header-auth/bench/evidence"

// Warning is what makes the numbers worth less.
type Warning struct {
	Kind  WarningKind
	Share float64 // 0 to 1: BusyBatches, Stolen
	Count int     // FewProcesses
}

// WarningKind is what a warning is about.
type WarningKind int

const (
	Interrupted   WarningKind = iota + 1 // the run ended before its time
	Uncommitted                          // the working tree differs from the revision
	BusyBatches                          // share of batches that something from outside disturbed
	Stolen                               // share of the processor time that a hypervisor took
	Loaded                               // the load before the run was above the number of processors
	FewProcesses                         // how many there are
	GateMissesOne                        // the gate passed, and its plain interval does not contain 1
)

// FewestProcesses is how many a run has without a warning.
const FewestProcesses = 5

// muchSteal is the share of the processor time above which a hypervisor's part is a warning.
const muchSteal = 0.02

// warnings are in the order in which a reader needs them.
func warnings(r *evidence.Report, f *Findings) []Warning {
	var found []Warning
	warn := func(kind WarningKind, share float64, count int) { found = append(found, Warning{kind, share, count}) }
	if !r.Run.Complete {
		warn(Interrupted, 0, 0)
	}
	if r.Run.Dirty {
		warn(Uncommitted, 0, 0)
	}
	if r.Machine.Steal > muchSteal {
		warn(Stolen, r.Machine.Steal, 0)
	}
	if load := r.Machine.LoadBefore; len(load) > 0 && r.Machine.CPUs > 0 && load[0] > float64(r.Machine.CPUs) {
		warn(Loaded, 0, 0)
	}
	for _, t := range f.Gate.Twins {
		if n := t.Ratio.N; n > 0 && n < FewestProcesses {
			warn(FewProcesses, 0, n)
			break
		}
	}
	for _, t := range f.Gate.Twins {
		if f.Gate.Passed && !t.Ratio.Contains(1) {
			warn(GateMissesOne, 0, 0)
			break
		}
	}
	if disturbed := disturbedBatches(f); disturbed > busyMachine {
		warn(BusyBatches, disturbed, 0)
	}
	return found
}

// busyMachine is the share of disturbed batches above which the machine was busy.
const busyMachine = 0.1

// disturbedBatches is the mean share over all contestants.
func disturbedBatches(f *Findings) float64 {
	replaced, timings := 0., 0.
	for _, s := range f.Scenarios {
		for _, t := range s.Timings {
			replaced, timings = replaced+t.Replaced, timings+1
		}
	}
	return replaced / max(1, timings)
}
