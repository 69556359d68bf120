package verdict

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/header-auth/header-auth/bench/evidence"
)

// noise is how times are spread: standard deviations of log-ratios between two contestants, as measured on real
// machines.
type noise struct {
	process, instance, round float64
	busy                     float64 // share of rounds in which everything is slower
	outlier                  float64 // share of batches that are outliers
	disturbed                float64 // share of processes in which a contestant is slower all the time
}

var realistic = noise{process: 0.02, instance: 0.025, round: 0.02, busy: 0.1, outlier: 0.05}

// plan is processes × instances × rounds.
type plan struct{ processes, instances, rounds int }

// shape is what is timed: each build's true time in ns, by scenario.
type shape struct {
	scenarios int
	builds    []float64
}

// draw makes a report with batches alone. Two contestants add to the spread of a ratio, hence the root of two.
func draw(random *rand.Rand, p plan, s shape, n noise) *evidence.Report {
	r := &evidence.Report{Schema: evidence.Schema, Run: evidence.Run{Complete: true,
		Plan: evidence.Plan{Processes: p.processes, Instances: p.instances, Rounds: p.rounds}}}
	truth := map[string]float64{evidence.Floor: 200, evidence.Twin: s.builds[0]}
	names := []string{evidence.Floor, evidence.Twin}
	for i, t := range s.builds {
		name := fmt.Sprintf("build%d", i)
		r.Builds = append(r.Builds, evidence.Build{Name: name})
		names = append(names, name)
		truth[name] = t
	}
	for i := range s.scenarios {
		r.Scenarios = append(r.Scenarios, evidence.Scenario{ID: fmt.Sprintf("typical/s%d", i)})
	}
	for process := range p.processes {
		placed := map[string]float64{}
		for _, name := range names {
			placed[name] = random.NormFloat64() * n.process / math.Sqrt2
			if n.disturbed > 0 && random.Float64() < n.disturbed {
				placed[name] += 0.2
			}
		}
		for instance := range p.instances {
			for _, scenario := range r.Scenarios {
				common := make([]float64, p.rounds)
				for i := range common {
					common[i] = random.NormFloat64() * n.round
					if random.Float64() < n.busy {
						common[i] += 0.3 + random.ExpFloat64()*0.3
					}
				}
				for _, name := range names {
					at := math.Log(truth[name]) + placed[name] + random.NormFloat64()*n.instance/math.Sqrt2
					nanos := make([]float64, p.rounds)
					for i := range nanos {
						own := random.NormFloat64() * n.round
						if random.Float64() < n.outlier {
							own += random.ExpFloat64() * 0.5
						}
						nanos[i] = math.Exp(at + common[i] + own)
					}
					r.Batches = append(r.Batches, evidence.Batches{Scenario: scenario.ID, Contestant: name, Process: process, Instance: instance, Nanos: nanos})
				}
			}
		}
	}
	return r
}
