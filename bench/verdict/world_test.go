package verdict

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/header-auth/header-auth/bench/evidence"
)

// world is what reports are drawn from: builds whose truth is known, on a machine with its noise.
type world struct {
	builds    []build
	scenarios int
	processes int
	instances int
	rounds    int
	requests  int  // of a batch
	cycles    bool // batches hold whole collection cycles, as those of a run do; else all have requests
	phased    bool // each instance begins anywhere in a cycle; else all at its beginning
	noise     noise
}

// build is one whose requests take nanos each, and the last of every period a pause more.
type build struct {
	nanos         float64
	period, pause float64 // in requests, in ns; 0: no collector
	leaks         bool    // each round is half as long again as the one before
}

// mean is the truth.
func (b build) mean() float64 {
	if b.period == 0 {
		return b.nanos
	}
	return b.nanos + b.pause/b.period
}

// noise is how times are spread: standard deviations of the log-ratio of two contestants.
type noise struct {
	machine, run             float64 // the same for all batches of a build in a report
	process, instance, round float64
	busy                     float64 // share of rounds in which everything is slower
	outlier                  float64 // share of batches that are, by a heavy tail
	disturbed                float64 // share of processes in which one contestant or another is slower, from start to end
}

// measured is about what idle machines showed; rough is a bad day.
var (
	measured = noise{process: 0.01, instance: 0.015, round: 0.01, busy: 0.03, outlier: 0.02}
	rough    = noise{process: 0.02, instance: 0.025, round: 0.02, busy: 0.1, outlier: 0.05}
)

func usualWorld(builds ...build) world {
	return world{builds: builds, scenarios: 3, processes: 20, instances: 2, rounds: 8, requests: 500, cycles: true,
		noise: measured}
}

func buildName(i int) string { return fmt.Sprintf("build%d", i) }

// draw makes a report of speed, latency and, where a build leaks, memory.
func (w world) draw(random *rand.Rand) *evidence.Report {
	r := &evidence.Report{Schema: evidence.Schema, Run: evidence.Run{RunHead: evidence.RunHead{Complete: true},
		Plan: evidence.Plan{Processes: w.processes, Instances: w.instances, Rounds: w.rounds, Requests: w.requests}}}
	truth := map[string]build{evidence.Floor: {nanos: 200}, evidence.Twin: w.builds[0]}
	names := []string{evidence.Floor, evidence.Twin}
	level := map[string]float64{} // of a build in this report
	for i, b := range w.builds {
		name := buildName(i)
		r.Builds = append(r.Builds, evidence.Build{Name: name})
		names, truth[name] = append(names, name), b
		level[name] = random.NormFloat64() * math.Hypot(w.noise.machine, w.noise.run) / math.Sqrt2
		if b.leaks {
			r.Memory = append(r.Memory, leak(name))
		}
		if i > 0 && b.period > 0 && len(r.Twins()) == 0 {
			twin := evidence.TwinOf(name)
			names, truth[twin] = append(names, twin), b
		}
	}
	for name := range truth {
		level[name] = level[r.Original(name)]
	}
	for i := range w.scenarios {
		id := fmt.Sprintf("typical/s%d", i)
		r.Scenarios = append(r.Scenarios, evidence.Scenario{ID: id})
		for _, name := range names {
			r.Tails = append(r.Tails, w.tail(random, id, name, truth[name]))
		}
	}
	for process := range w.processes {
		placed := map[string]float64{}
		for _, name := range names {
			placed[name] = level[name] + random.NormFloat64()*w.noise.process/math.Sqrt2
			if random.Float64() < w.noise.disturbed {
				placed[name] += 0.2
			}
		}
		for instance := range w.instances {
			for _, scenario := range r.Scenarios {
				common := make([]float64, w.rounds)
				for i := range common {
					common[i] = random.NormFloat64() * w.noise.round
					if random.Float64() < w.noise.busy {
						common[i] += 0.3 + random.ExpFloat64()*0.3
					}
				}
				for _, name := range names {
					at := placed[name] + random.NormFloat64()*w.noise.instance/math.Sqrt2
					b := w.batches(random, truth[name], at, common)
					b.Scenario, b.Contestant, b.Process, b.Instance = scenario.ID, name, process, instance
					r.Batches = append(r.Batches, b)
				}
			}
		}
	}
	return r
}

// batches are those of one instance, at a level and with the noise that all contestants share.
func (w world) batches(random *rand.Rand, b build, level float64, common []float64) evidence.Batches {
	requests := w.requests
	if w.cycles && b.period > 0 {
		requests = evidence.CycleRequests(w.rounds, w.requests, b.period)
	}
	begin := 0.
	if w.phased && b.period > 0 {
		begin = random.Float64() * b.period
	}
	nanos := make([]float64, w.rounds)
	for i := range nanos {
		own := random.NormFloat64() * w.noise.round
		if random.Float64() < w.noise.outlier {
			own += random.ExpFloat64() * 0.5
		}
		time := b.nanos
		if b.period > 0 {
			from := begin + float64(i*requests)
			time += (math.Floor((from+float64(requests))/b.period) - math.Floor(from/b.period)) * b.pause / float64(requests)
		}
		if b.leaks {
			time *= math.Pow(1.5, float64(i))
		}
		nanos[i] = time * math.Exp(level+common[i]+own)
	}
	return evidence.Batches{Requests: requests, Nanos: nanos}
}

// tail is a latency pass of 40 000 requests, with the spikes that evidence keeps.
func (w world) tail(random *rand.Rand, scenario, name string, b build) evidence.Tail {
	const requests = 40_000
	t := evidence.Tail{Scenario: scenario, Contestant: name, Max: int64(b.nanos)}
	if b.period == 0 {
		t.Counts = [][2]int64{{int64(b.nanos), requests}}
		return t
	}
	pause := int64(b.nanos + b.pause)
	at, n := random.Float64()*b.period, int64(0)
	for ; at < requests; at += b.period {
		n++
		if b.nanos+b.pause > 6*b.nanos && len(t.Spikes) < 1000 {
			t.Spikes = append(t.Spikes, evidence.Spike{Request: int(at), Nanos: pause})
		}
	}
	t.Max = pause
	t.Counts = [][2]int64{{int64(b.nanos), requests - n}, {pause, n}}
	return t
}

// leak is a soak that ends at the memory's limit.
func leak(build string) evidence.Memory {
	m := evidence.Memory{Build: build, Allocator: envoyOrder, Requests: 1_000_000, Ready: 1 << 20}
	for i := range 100 {
		m.Curve = append(m.Curve, evidence.Point{Requests: (i + 1) * 10_000, Bytes: int64(1<<20 + i<<20)})
	}
	return m
}
