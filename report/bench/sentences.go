package bench

import (
	"cmp"
	"fmt"

	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
	"github.com/header-auth/header-auth/internal/words"
)

// gateText says how far each build that was timed twice is from itself.
func gateText(g verdict.Gate) string {
	if len(g.Faults) > 0 && g.Faults[0].Kind == verdict.GateNothingTimed {
		return "no build could be timed"
	}
	if len(g.Twins) == 0 {
		return "no build was timed against itself"
	}
	var all []string
	for _, t := range g.Twins {
		all = append(all, fmt.Sprintf("%s against itself %s", t.Build, within(t.Ratio, exact)))
	}
	return list(all) + ", wanted within 1 ± " + units.Percent(verdict.GateLimit)
}

func exact(x float64) string { return fmt.Sprintf("%.3f", x) }

// gateFaults say why the check failed, a sentence each.
func gateFaults(g verdict.Gate) []string {
	var all []string
	for _, f := range g.Faults {
		where := "Over all scenarios "
		if f.Scenario != "" {
			where = f.Scenario + ": "
		}
		ratio := aaRatio(f.Ratio)
		switch f.Kind {
		case verdict.GateNotMeasured:
			if f.Scenario == "" {
				all = append(all, "The A/A check was not measured: no build was timed against itself.")
			} else {
				all = append(all, fmt.Sprintf("%s%s was not timed against itself.", where, f.Build))
			}
		case verdict.GateNothingTimed:
			all = append(all, "Every build answered wrongly, so there was nothing to time: the modules "+
				"are at fault, not the machine.")
		case verdict.GateOneProcess:
			all = append(all, "The A/A check has one process only, and no interval: at least two are needed.")
		case verdict.GateBiased:
			s := fmt.Sprintf("%s%s timed against itself takes %s times its own time, expected 1", where, f.Build, ratio)
			if f.Scenario == "" {
				s += ": the order of the runs or another program on this machine decides, not the module"
			}
			all = append(all, s+".")
		case verdict.GateImprecise:
			all = append(all,
				fmt.Sprintf("%s%s timed against itself takes %s times its own time, expected within %.3g to %.3g: "+
					"take more processes, or a quieter machine.", where, f.Build, ratio, 1/(1+verdict.GateLimit), 1+verdict.GateLimit))
		}
	}
	return all
}

// aaRatio is a ratio with its interval, in a sentence.
func aaRatio(i verdict.Interval) string {
	return fmt.Sprintf("%.3f (%.3f to %.3f)", i.Mid, i.Low, i.High)
}

// warnings say what makes the numbers worth less, a sentence each.
func (v view) warnings() []string {
	var all []string
	for _, w := range v.f.Warnings {
		all = append(all, v.warning(w))
	}
	return all
}

func (v view) warning(w verdict.Warning) string {
	switch w.Kind {
	case verdict.Interrupted:
		return "The run was interrupted: there is less evidence than its plan asked for."
	case verdict.Uncommitted:
		return fmt.Sprintf("The working tree differs from revision %.12s: what was measured cannot be built from it.",
			v.r.Run.Revision)
	case verdict.BusyBatches:
		return fmt.Sprintf("The machine was busy: %.0f %% of the batches took more than half as long again as other "+
			"instances took in the same round. They count as those did.", 100*w.Share)
	case verdict.Stolen:
		return fmt.Sprintf("A hypervisor took %.0f %% of the processor time for others.", 100*w.Share)
	case verdict.Loaded:
		return fmt.Sprintf("The load was %.1f on %d processors before the run began.", v.r.Machine.LoadBefore[0],
			v.r.Machine.CPUs)
	case verdict.FewProcesses:
		return fmt.Sprintf("%d processes were measured: with fewer than %d, intervals are wide and depend on an assumption "+
			"about how the noise is distributed.",
			w.Count, verdict.FewestProcesses)
	case verdict.GateMissesOne:
		return "A plain A/A interval does not contain 1. That happens by chance in one run of twenty, and no verdict " +
			"depends on so small a difference."
	}
	return ""
}

// UsedUp tells the numbers that a leak's rate follows from. The noun is what memory was watched by: "request", say.
func UsedUp(m verdict.Memory, noun string) string {
	text := fmt.Sprintf("used up in one VM: %s after %s %ss, %s after %s", units.Bytes(float64(m.First.Bytes)),
		units.Count(m.First.Requests), noun, units.Bytes(float64(m.Last.Bytes)), units.Count(m.Last.Requests))
	if i := m.PerRequest; m.Lately > i.High*muchFaster || m.Lately < i.Low/muchFaster {
		text += fmt.Sprintf(", lately %s bytes a %s", units.Digits(m.Lately), noun)
	}
	return text
}

// muchFaster is how far the last pace of a leak is from its interval, when it is told.
const muchFaster = 1.02

// unseen says which leak would not show.
func unseen(m verdict.Memory, noun string) string {
	if !(m.PerRequest.High > 0) {
		return ""
	}
	return fmt.Sprintf(" A leak below %s bytes a %s would not show.", units.Digits(m.PerRequest.High), noun)
}

// MemoryCourse says why memory was judged as it was. The noun is what memory was watched by: "request", say.
func MemoryCourse(m verdict.Memory, noun string) string {
	grown := units.Bytes(float64(m.End - m.Ready))
	total, last, often := units.Count(m.Requests), units.Count(m.LastStep), times(m.Steps)
	until, full := total, ""
	if m.FullSince > 0 {
		until = units.Count(m.FullSince)
		full = fmt.Sprintf(" After %s %ss it had all the memory it can get.", until, noun)
	}
	switch m.Course {
	case verdict.NoRequests:
		return fmt.Sprintf("No %s was made.", noun)
	case verdict.NeverGrew:
		return fmt.Sprintf("It never grew in %s %ss.", total, noun) + unseen(m, noun)
	case verdict.Stopped:
		return fmt.Sprintf("It grew by %s, last after %s of %s %ss, and no more.", grown, last, total, noun) + unseen(m, noun)
	case verdict.GrewLate:
		return fmt.Sprintf("It grew %s, last after %s of %s %ss: too late to tell whether it stops. More %ss would tell.",
			often, last, total, noun, noun) + full
	case verdict.SlowingDown:
		return fmt.Sprintf("It grew by %s and still does, ever more slowly: it may stop. More %ss would tell.", grown, noun)
	case verdict.SteadyGrowth:
		return fmt.Sprintf("It grew by %s in %s %ss, and does not slow down.", grown, until, noun) + full
	case verdict.Doubling:
		return fmt.Sprintf("It grew %s, each time by about as much as there was or more: between two "+
			"steps it looks flat, and is not.", often) + full
	case verdict.HostGrows:
		return "What the host keeps for the plugin grows with every " + noun + ": shared data, queues or metrics."
	}
	return ""
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return units.Count(n) + " times"
}

// missing says why there is no number.
func missing(m verdict.Missing) string {
	switch m.Kind {
	case verdict.Excluded:
		return cmp.Or(m.Refusal, "refused")
	case verdict.NoVerdicts:
		return "the A/A check failed: times of this run are not judged"
	case verdict.FewRequests:
		return fmt.Sprintf("too few requests: a hundred must lie above a percentile, and there are %s in all",
			units.Count(m.Requests))
	case verdict.NoBounds:
		return "no interval: it was measured in one process only"
	case verdict.NotSteady:
		return "it leaks: its time grows with every request"
	}
	return string(m.Kind)
}

// budgetReason says why a limit is not kept, where the numbers do not show it.
func budgetReason(b verdict.Budget) string {
	switch b.State {
	case verdict.KnownAbove:
		return b.Known
	case verdict.KnownInVain:
		return "it is within the limit, and listed as known to be above: remove it from known"
	case verdict.NoSuchBuild:
		return "the report has no build of that name"
	case verdict.Unjudged:
		where := ""
		if b.Missing.Kind == verdict.NotMeasured {
			where = map[string]string{"bytes_per_request": "in Envoy's order of allocators",
				"startup": "with cached code"}[b.What]
		}
		return words.Join(" ", missing(b.Missing), where)
	}
	return ""
}
