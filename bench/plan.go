package bench

import "github.com/header-auth/header-auth/bench/evidence"

// DefaultPlan takes less than two and a half minutes for six builds on two cores.
func DefaultPlan() evidence.Plan {
	return evidence.Plan{
		Name: "default", Processes: 10, Instances: 2, Rounds: 6, Requests: 500,
		TailProcesses: 2, TailRequests: 20_000, StartupSamples: 4, SoakRequests: 350_000,
		ResidentVMs: []int{1, 10, 20, 40}, ResidentSamples: 3,
	}
}

// FullPlan takes at most twenty minutes for six builds on two cores.
func FullPlan() evidence.Plan {
	return evidence.Plan{
		Name: "full", Processes: 16, Instances: 3, Rounds: 12, Requests: 1000,
		TailProcesses: 4, TailRequests: 80_000, StartupSamples: 10, SoakRequests: 2_000_000,
		ResidentVMs: []int{1, 5, 10, 20, 30, 40}, ResidentSamples: 5, Builds: true,
	}
}

// SpeedPlan measures nothing but batches, and as many latencies as it takes to know how often collectors run.
func SpeedPlan() evidence.Plan {
	return evidence.Plan{Name: "speed", Processes: 24, Instances: 2, Rounds: 10, Requests: 500, TailProcesses: 1,
		TailRequests: 40_000}
}

// FlagsPlan measures variants of one build: batches, single requests, memory only so long that a leak shows. A short
// one is for a first look.
func FlagsPlan(short bool) evidence.Plan {
	p := DefaultPlan()
	p.Name, p.StartupSamples, p.SoakRequests = "flags", 0, 200_000
	if short {
		p.Name, p.Processes, p.Rounds = "flags, short", 4, 4
		p.TailProcesses, p.TailRequests, p.SoakRequests, p.ResidentSamples = 1, 10_000, 50_000, 1
	}
	return p
}

// Filled is a plan with more rounds where there is little to time: so many that it takes about as long, and at most
// three times as many. With few contestants a round is short, and one disturbance would slow all rounds of an
// instance.
func Filled(p evidence.Plan, builds, scenarios int) evidence.Plan {
	const usual = 7 * 9 // contestants times scenarios of the project's own builds and table
	contestants := builds + 2
	p.Rounds = p.Rounds * min(max(usual, contestants*scenarios), 3*contestants*scenarios) / (contestants * scenarios)
	return p
}
