package cost

import (
	"time"

	"github.com/header-auth/header-auth/bench/evidence"
)

// warmRequests go to each contestant before what counts.
const warmRequests = 2400

// DefaultPlan takes five to seven minutes for six builds on two cores. Slices are short, some ten milliseconds: the
// speed of a processor that other machines use, too, changes for seconds at a time, and all contestants of a round
// must get the same of it.
func DefaultPlan() evidence.EnvoyPlan {
	return evidence.EnvoyPlan{
		Name: "default", Processes: 6, Rounds: 20, Requests: 400, Connections: 8,
		LatencyRate: 2000, LatencySeconds: 0.3, SoakRequests: 1_000_000, StartupSamples: 4,
		HostInstances: 8, HostRounds: 10, HostRequests: 2000, CrossingGuests: true, AlternativesToo: true,
	}
}

// FullPlan takes about twenty-five minutes for six builds on two cores.
func FullPlan() evidence.EnvoyPlan {
	p := DefaultPlan()
	p.Name, p.Processes, p.Rounds = "full", 16, 80
	p.LatencySeconds, p.SoakRequests, p.StartupSamples, p.HostInstances = 1, 2_000_000, 6, 16
	return p
}

// ShortPlan is for a first look: it shows large differences only.
func ShortPlan() evidence.EnvoyPlan {
	p := DefaultPlan()
	p.Name, p.Processes, p.Rounds = "short", 2, 6
	p.LatencySeconds, p.SoakRequests, p.StartupSamples, p.HostInstances = 0.2, 40_000, 1, 2
	return p
}

// Usual is about how long a plan takes for six builds on two cores.
func Usual(p evidence.EnvoyPlan) time.Duration {
	switch p.Name {
	case FullPlan().Name:
		return 25 * time.Minute
	case ShortPlan().Name:
		return 30 * time.Second
	}
	return 5 * time.Minute
}
