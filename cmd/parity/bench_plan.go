package main

import (
	"fmt"
	"time"

	"github.com/header-auth/header-auth/bench"
	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/internal/units"
)

func (b *benchmark) plan() evidence.Plan {
	switch {
	case b.full:
		return bench.FullPlan()
	case b.speed:
		return bench.SpeedPlan()
	}
	return bench.DefaultPlan()
}

// printPlan prints what would be measured.
func (b *benchmark) printPlan() error {
	printCases(b.stdout, b.table.Cases())
	fmt.Fprintln(b.stdout)
	builds, err := b.listModules(b.stdout)
	if err != nil {
		return err
	}
	p := bench.Filled(b.plan(), builds, b.table.Len())
	fmt.Fprintf(b.stdout, "\nThe plan %s: %d processes with %d VMs of each build, %d rounds of %s requests in each; "+
		"%d processes with %s requests timed one by one",
		p.Name, p.Processes, p.Instances, p.Rounds, units.Count(p.Requests), p.TailProcesses, units.Count(p.TailRequests))
	if p.SoakRequests > 0 {
		fmt.Fprint(b.stdout, "; memory, start-up, size")
	}
	if p.Builds {
		fmt.Fprint(b.stdout, ", the time of building")
	}
	about := aboutSo(bench.Estimate(p, builds, b.table.Len()))
	fmt.Fprintf(b.stdout, ".\n%s; while it runs, it shows the time that is left.\n", about)
	return nil
}

// aboutSo is a time that is only estimated.
func aboutSo(d time.Duration) string {
	if d < 90*time.Second {
		return fmt.Sprintf("About %d seconds on two cores", max(1, d.Round(5*time.Second)/(5*time.Second))*5)
	}
	return fmt.Sprintf("About %d minutes on two cores", (d+30*time.Second)/time.Minute)
}
