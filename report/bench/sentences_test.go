package bench

import (
	"math"
	"testing"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
	"github.com/header-auth/header-auth/bench/verdict"
)

// TestClaims holds the sentences that the golden files do not show.
func TestClaims(t *testing.T) {
	pair := func(word verdict.Word, ratio float64) verdict.Pair {
		return verdict.Pair{A: "a", B: "b", Word: word, Ratio: about(ratio, 0.01, 9)}
	}
	for _, test := range []struct {
		claim verdict.Claim
		want  string
	}{
		{verdict.Choice{Build: "a", Language: "rust", Among: 2, Scenarios: 3, Wins: 1, Losses: 2},
			"If you want Rust, choose a: of the Rust builds that can be chosen it is the fastest in 1 of 3 scenarios, " +
				"and slower than another in 2."},
		{verdict.Choice{Build: "a", Among: 2, Scenarios: 3, LeftOut: []verdict.LeftOut{{Build: "b",
			Fault: verdict.NotConformant}, {Build: "c", Fault: verdict.Archived, Role: "SDK"}}},
			"Choose a where speed decides: none of the 2 builds that can be chosen is known to be faster."},
		{verdict.Choice{Build: "a", Among: 3, Scenarios: 1, Wins: 1, Level: []string{"b"}},
			"Choose a where speed decides: it is the fastest (b takes the same time)."},
		{verdict.Choice{Build: "a", Among: 2, Scenarios: 3, Wins: 1, Depends: 1},
			"Choose a where speed decides: it is the fastest in 1 of 3 scenarios; in 1 it depends on the processor."},
		{verdict.Choice{Build: "a", Among: 2, Scenarios: 3, Depends: 2},
			"Choose a where speed decides: whether another is faster depends on the processor, in 2 of 3 scenarios."},
		{verdict.NoDifference{Builds: []string{"a", "b"}, Scenarios: 3},
			"Speed does not decide: a and b take the same time, within 3 % in all 3 scenarios."},
		{verdict.NoDifference{Builds: []string{"a", "b"}, Scenarios: 1, SameFile: true},
			"Speed does not decide: a and b are the same module."},
		{verdict.OnlyOne{Build: "a", LeftOut: []verdict.LeftOut{{Build: "b", Fault: verdict.Leaks}}},
			"Of the 2 builds a alone can be chosen: there is no other to compare its speed with."},
		{verdict.NothingToChoose{LeftOut: []verdict.LeftOut{{Build: "b", Fault: verdict.NotConformant}}},
			"b should not be chosen: it gives a wrong answer."},
		{verdict.NothingToChoose{LeftOut: []verdict.LeftOut{{Build: "b", Fault: verdict.NotConformant},
			{Build: "c", Fault: verdict.Archived, Role: "SDK"}}},
			"None of the builds should be chosen: b (it gives a wrong answer) and c (its SDK is given up by its authors)."},
		{verdict.NoSpeedVerdict{}, "No verdict on speed: the run was interrupted before a build was timed against itself."},
		{verdict.LeakClaim{Memory: verdict.Memory{Build: "a", PerRequest: stats.None()}},
			"a leaks – bytes a request in Envoy: do not run it."},
		{verdict.Comparison{Pair: pair(verdict.Equivalent, 1.002), Scenario: "x/y"},
			"a and b take the same time for x/y, within 3 %."},
		{verdict.Comparison{Pair: pair(verdict.Undecided, 1.04), Scenario: "x/y", Small: true, Others: [2]float64{1.2, 1.5},
			OthersN: 2}, "Whether a takes longer than b for x/y is undecided; 1.20 to 1.50 times in the others."},
		{verdict.Comparison{Pair: pair(verdict.Slower, 1.07), Scenario: "x/y", Small: true},
			"a takes 7 % longer than b for x/y, which is small: another correct harness may disagree."},
		{verdict.Extremes{Of: verdict.StartupTime, Least: verdict.Measured{Build: "a", Value: about(1e6, 0.1, 5)},
			Most: verdict.Measured{Build: "b", Value: about(1.05e6, 0.1, 5)}, Small: true},
			"From its bytes to its first answer a takes 1.00 ms, the least, and b 1.05 ms, the most. The difference is small: " +
				"another correct harness may disagree."},
		{verdict.Extremes{Of: verdict.ResidentMemory, Least: verdict.Measured{Build: "a", Value: about(1<<20, 0.1, 5)},
			Most: verdict.Measured{Build: "b", Value: about(4<<20, 0.1, 5)}},
			"A warm VM of a takes 1.00 MiB of a process's memory, the least, and one of b 4.00 MiB, the most."},
	} {
		v := view{new(evidence.Report), new(verdict.Findings)}
		if got := v.state(test.claim); got.Text != test.want || got.Topic == "" {
			t.Errorf("%s\n got  %q\n want %q", got.Topic, got.Text, test.want)
		}
	}
}

func TestSentences(t *testing.T) {
	v := view{&evidence.Report{Run: evidence.Run{RunHead: evidence.RunHead{Revision: "0123456789abcdef"}},
		Machine: evidence.Machine{LoadBefore: []float64{3.5}, CPUs: 2}}, &verdict.Findings{Gate: verdict.Gate{}}}
	warning := func(w verdict.Warning) string { return v.warning(w) }
	gate := func(f verdict.GateFault) string {
		if f.Kind != verdict.GateNotMeasured || f.Scenario != "" {
			f.Build = "a"
		}
		return gateFaults(verdict.Gate{Faults: []verdict.GateFault{f}})[0]
	}
	memory := func(c verdict.Course) string {
		return MemoryCourse(verdict.Memory{Course: c, Requests: 20000, Ready: 1 << 20, End: 3 << 20, Steps: 2,
			LastStep: 1500}, "round")
	}
	nan := math.NaN()
	for _, test := range []struct{ got, want string }{
		{warning(verdict.Warning{Kind: verdict.Interrupted}),
			"The run was interrupted: there is less evidence than its plan asked for."},
		{warning(verdict.Warning{Kind: verdict.Uncommitted}),
			"The working tree differs from revision 0123456789ab: what was measured cannot be built from it."},
		{warning(verdict.Warning{Kind: verdict.BusyBatches, Share: 0.4}), "The machine was busy: 40 % of the batches took " +
			"more than half as long again as other instances took in the same round. They count as those did."},
		{warning(verdict.Warning{Kind: verdict.Loaded}), "The load was 3.5 on 2 processors before the run began."},
		{warning(verdict.Warning{Kind: verdict.FewProcesses, Count: 3}),
			"3 processes were measured: with fewer than 5, intervals are wide and depend on an assumption about " +
				"how the noise is distributed."},
		{warning(verdict.Warning{Kind: verdict.GateMissesOne}),
			"A plain A/A interval does not contain 1. That happens by chance in one run of twenty, and no verdict " +
				"depends on so small a difference."},
		{gate(verdict.GateFault{Kind: verdict.GateNotMeasured}),
			"The A/A check was not measured: no build was timed against itself."},
		{gate(verdict.GateFault{Kind: verdict.GateNotMeasured, Scenario: "x/y"}), "x/y: a was not timed against itself."},
		{gate(verdict.GateFault{Kind: verdict.GateOneProcess}),
			"The A/A check has one process only, and no interval: at least two are needed."},
		{gate(verdict.GateFault{Kind: verdict.GateBiased, Scenario: "x/y", Ratio: about(1.05, 0.01, 9)}),
			"x/y: a timed against itself takes 1.050 (1.040 to 1.060) times its own time, expected 1."},
		{gate(verdict.GateFault{Kind: verdict.GateImprecise, Ratio: about(1, 0.05, 9)}),
			"Over all scenarios a timed against itself takes 1.000 (0.950 to 1.050) times its own time, expected within 0.971 " +
				"to 1.03: take more processes, or a quieter machine."},
		{memory(verdict.NoRequests), "No round was made."},
		{memory(verdict.NeverGrew), "It never grew in 20 000 rounds."},
		{memory(verdict.Stopped), "It grew by 2.00 MiB, last after 1 500 of 20 000 rounds, and no more."},
		{memory(verdict.GrewLate),
			"It grew twice, last after 1 500 of 20 000 rounds: too late to tell whether it stops. More rounds would tell."},
		{memory(verdict.SlowingDown),
			"It grew by 2.00 MiB and still does, ever more slowly: it may stop. More rounds would tell."},
		{memory(verdict.SteadyGrowth), "It grew by 2.00 MiB in 20 000 rounds, and does not slow down."},
		{MemoryCourse(verdict.Memory{Course: verdict.Doubling, Requests: 20000, Steps: 13, FullSince: 9000}, "request"),
			"It grew 13 times, each time by about as much as there was or more: between two steps it looks flat, and is not. " +
				"After 9 000 requests it had all the memory it can get."},
		{MemoryCourse(verdict.Memory{Course: verdict.NeverGrew, Requests: 1000, PerRequest: verdict.Interval{High: 65.5}},
			"request"),
			"It never grew in 1 000 requests. A leak below 65.5 bytes a request would not show."},
		{UsedUp(verdict.Memory{First: verdict.UsedUp{Requests: 55, Bytes: 128 << 10},
			Last:       verdict.UsedUp{Requests: 884_374, Bytes: 512 << 20},
			PerRequest: verdict.Interval{Low: 593, Mid: 593.7, High: 597.2}, Lately: 617}, "request"),
			"used up in one VM: 128 KiB after 55 requests, 512 MiB after 884 374, lately 617 bytes a request"},
		{gate(verdict.GateFault{Kind: verdict.GateNothingTimed}),
			"Every build answered wrongly, so there was nothing to time: the modules are at fault, not the machine."},
		{cure(verdict.Gate{Faults: []verdict.GateFault{{Kind: verdict.GateOneProcess}}}),
			"More processes: one alone has no interval."},
		{cure(verdict.Gate{Faults: []verdict.GateFault{{Kind: verdict.GateBiased}}}),
			"A quieter machine: a build timed against itself did not come out equal, so no difference " +
				"between builds can be trusted."},
		{wrongAnswers(verdict.Wrong{Build: "a", Of: 3, Reason: "it traps"}),
			"a answers wrongly or not at all in every scenario, and has no numbers there: it traps."},
		{wrongAnswers(verdict.Wrong{Build: "a", Of: 3, Scenarios: []string{"x/y"}, Reason: "it traps"}),
			"a answers wrongly or not at all in 1 of 3 scenarios, x/y, and has no numbers there: it traps."},
		{budgetReason(verdict.Budget{State: verdict.KnownAbove, Known: "Because."}), "Because."},
		{budgetReason(verdict.Budget{State: verdict.Above}), ""},
		{budgetReason(verdict.Budget{State: verdict.KnownInVain}),
			"it is within the limit, and listed as known to be above: remove it from known"},
		{budgetReason(verdict.Budget{State: verdict.NoSuchBuild}), "the report has no build of that name"},
		{budgetReason(verdict.Budget{State: verdict.Unjudged, What: "startup",
			Missing: verdict.Missing{Kind: verdict.NotMeasured}}), "not measured with cached code"},
		{budgetReason(verdict.Budget{State: verdict.Unjudged, What: "size",
			Missing: verdict.Missing{Kind: verdict.NotMeasured}}), "not measured"},
		{missing(verdict.Missing{Kind: verdict.Excluded}), "refused"},
		{missing(verdict.Missing{Kind: verdict.NoVerdicts}), "the A/A check failed: times of this run are not judged"},
		{missing(verdict.Missing{Kind: verdict.FewRequests, Requests: 10000}),
			"too few requests: a hundred must lie above a percentile, and there are 10 000 in all"},
		{missing(verdict.Missing{Kind: verdict.NoBounds}), "no interval: it was measured in one process only"},
		{note(verdict.Note{Kind: verdict.OtherMachine, What: "wazero", Then: "1", Now: "2"}),
			`Another wazero: "1" then and "2" now.`},
		{note(verdict.Note{Kind: verdict.OtherSurroundings, What: "kernel", Then: "1", Now: "2"}),
			`Another kernel, "1" then and "2" now: a change may come from that.`},
		{note(verdict.Note{Kind: verdict.OnlyThen, Scenario: "x/y"}), "The scenario x/y is in the earlier report only."},
		{note(verdict.Note{Kind: verdict.RefusedNow, Build: "a", Scenario: "x/y", Now: "it traps"}),
			"a has no numbers any more in x/y: it traps."},
		{note(verdict.Note{Kind: verdict.SameModules}),
			"The modules are the same files: what differs comes from the machine, the host or the plan."},
		{note(verdict.Note{Kind: verdict.SameModule, Build: "a"}), "a is the same file in both."},
		{gone(verdict.Gone{File: "old.json", Builds: []string{"a"}, Scenarios: []string{"x/y", "x/z"}}),
			"Missing, and in old.json: builds a and scenarios x/y and x/z."},
		{note(verdict.Note{Kind: verdict.GateFailedThen}),
			"The earlier report's A/A check failed: neither times nor ratios of requests are compared."},
		{note(verdict.Note{Kind: verdict.OnlyNow, Build: "a"}), "a is not in the earlier report."},
		{note(verdict.Note{Kind: verdict.OnlyThen, Build: "a"}), "a is in the earlier report only."},
		{confidence(verdict.Interval{Low: nan, Mid: 1, High: nan, N: 1}, exact), "no interval"},
		{list([]string{"a", "b", "c"}), "a, b and c"},
	} {
		if test.got != test.want {
			t.Errorf("got  %q\nwant %q", test.got, test.want)
		}
	}
}
