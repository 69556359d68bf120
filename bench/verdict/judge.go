package verdict

import (
	"fmt"

	"github.com/header-auth/header-auth/bench/evidence"
)

// Judge makes the findings of a report. Budgets and Against are left to CheckBudgets and Compare.
func Judge(r *evidence.Report, o Options) *Findings {
	o = o.withDefaults()
	all := arrange(r)
	f := &Findings{Gate: gate(r, all, o)}
	f.Speed = speeds(r, all, f.Gate.Passed, o)
	f.Tails = tails(r, o)
	f.Startups = startups(r, o)
	f.Memory = memories(r, o)
	f.Resident = residents(r, o)
	f.Scale = scales(f, o)
	f.Warnings = warnings(r, f, all)
	f.Headline = headline(r, f, o)
	return f
}

const (
	muchSteal  = 0.02
	fewestRuns = 5 // processes
)

// warnings say what makes the numbers worth less.
func warnings(r *evidence.Report, f *Findings, all []samples) []string {
	var found []string
	warn := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	if !r.Run.Complete {
		warn("The run was interrupted: there is less evidence than its plan asked for.")
	}
	if r.Run.Dirty {
		warn("The working tree differs from revision %.12s: nobody else can build what was measured.", r.Run.Revision)
	}
	var rounds, keeps int
	for _, s := range all {
		rounds, keeps = rounds+s.rounds, keeps+s.keeps
	}
	if dropped := 1 - float64(keeps)/float64(max(1, rounds)); rounds > 0 && dropped > busyMachine {
		warn("The machine was busy: in %.0f %% of the rounds the floor itself was slow, and they were left out. Absolute times are too high.", 100*dropped)
	}
	if r.Machine.Steal > muchSteal {
		warn("A hypervisor took %.0f %% of the processor time for others.", 100*r.Machine.Steal)
	}
	if load := r.Machine.LoadBefore; len(load) > 0 && r.Machine.CPUs > 0 && load[0] > float64(r.Machine.CPUs) {
		warn("The load was %.1f on %d processors before the run began.", load[0], r.Machine.CPUs)
	}
	if n := f.Gate.Ratio.N; n > 0 && n < fewestRuns {
		warn("%d processes were measured: with fewer than %d, intervals are wide and rest on a guess of how the noise is spread.", n, fewestRuns)
	}
	if g := f.Gate; g.Passed && !g.Ratio.Contains(1) {
		warn("The plain A/A interval, %s, misses 1: one run in twenty does by chance, and by less than any verdict rests on.", spoken(g.Ratio))
	}
	unstable, lost, rows := 0, 0., 0.
	for _, s := range f.Speed {
		for _, row := range s.Rows {
			if row.Unstable {
				unstable++
			}
			lost, rows = lost+row.Lost, rows+1
		}
	}
	if lost > busyMachine*rows {
		warn("The machine was busy: %.0f %% of the batches were interrupted, and left out.", 100*lost/rows)
	}
	if unstable > 0 {
		warn("%d of the times to come are unstable: the fastest batches tell another ratio to the floor than the usual ones.", unstable)
	}
	return found
}
