package cost

import (
	"time"

	"github.com/header-auth/header-auth/bench/evidence"
)

// DefaultPlan takes about five minutes for six builds on two cores.
func DefaultPlan() evidence.EnvoyPlan {
	return evidence.EnvoyPlan{
		Name: "default", Processes: 6, Rounds: 3, Requests: 3200, Connections: 8,
		LatencyRate: 2000, LatencySeconds: 0.3, SoakRequests: 1_000_000, StartupSamples: 2,
		HostInstances: 8, HostRounds: 10, HostRequests: 2000, CrossingGuests: true, AlternativesToo: true,
	}
}

// FullPlan takes about twenty-five minutes for six builds on two cores.
func FullPlan() evidence.EnvoyPlan {
	p := DefaultPlan()
	p.Name, p.Processes, p.Rounds, p.Requests = "full", 16, 8, 6000
	p.LatencySeconds, p.SoakRequests, p.StartupSamples, p.HostInstances = 1, 2_000_000, 6, 16
	return p
}

// ShortPlan is for a first look: it shows large differences only.
func ShortPlan() evidence.EnvoyPlan {
	p := DefaultPlan()
	p.Name, p.Processes, p.Rounds, p.Requests = "short", 2, 2, 1600
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
