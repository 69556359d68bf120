package bench

import (
	"fmt"
	"slices"
	"time"

	"github.com/header-auth/header-auth/bench/evidence"
)

// Estimate is about how long a plan takes on two cores, for plugins that are as quick as the project's own:
// from its published runs.
func Estimate(p evidence.Plan, builds, scenarios int) time.Duration {
	const (
		request = 5500 * time.Nanosecond // with the host's work, and the checks around the batches
		process = 100 * time.Millisecond // to start one and its VMs
		startUp = 400 * time.Millisecond // of a build, cold or cached
		memory  = 2 * time.Second        // of as many VMs as the plan says
		making  = 20 * time.Second       // of a build, from nothing and after a change
		count   = 15 * time.Second       // of a build's instructions, in one of two scenarios
	)
	contests := (builds + 2) * scenarios // with the floor, and one build twice
	batches := p.Processes * p.Instances * (p.Rounds + warmBatches) * p.Requests
	tails := p.TailProcesses * (p.TailRequests + warmBatches*stretch)
	all := time.Duration((batches+tails)*contests)*request + time.Duration(p.Processes*p.Instances+p.TailProcesses)*process
	all += time.Duration(builds*p.SoakRequests) * request / 2 // two side by side
	all += time.Duration(builds) * (time.Duration(2*p.StartupSamples)*startUp + time.Duration(p.ResidentSamples)*memory/2)
	if p.Builds {
		all += time.Duration(builds)*making + time.Duration(2*(builds+2))*count
	}
	return all
}

// usual is how long a task of each kind takes with the default plan on two cores: an estimate until this run has done
// one.
var usual = map[taskKind]time.Duration{doWitnesses: 5 * time.Second, doBatches: 4 * time.Second,
	doTails: 5 * time.Second, doStartup: time.Second, doSoak: time.Second, doResident: 2 * time.Second}

func (q *queue) say(t *task, share float64) {
	if q.config.Progress == nil {
		return
	}
	q.mu.Lock()
	q.share[t.id()] = share
	var done, left time.Duration
	for i := range q.tasks {
		task := &q.tasks[i]
		each := q.each(task.Kind)
		part := q.share[task.id()]
		if _, ready := q.results[task.id()]; ready {
			part = 1
		}
		done += time.Duration(part * float64(each))
		left += time.Duration((1 - part) * float64(each))
	}
	what := q.describe(t)
	q.mu.Unlock()
	q.config.Progress(Progress{What: what, Done: float64(done) / float64(max(1, done+left)), Left: left})
}

// each is how long a task of a kind probably takes.
func (q *queue) each(k taskKind) time.Duration {
	took := q.took[k]
	if len(took) == 0 {
		return usual[k]
	}
	sorted := slices.Sorted(slices.Values(took))
	return sorted[len(sorted)/2]
}

func (q *queue) describe(t *task) string {
	same := 0
	for i := range q.tasks {
		if q.tasks[i].Kind == t.Kind && q.tasks[i].Number > same {
			same = q.tasks[i].Number
		}
	}
	what := fmt.Sprintf("%s %d of %d", t.Kind, t.Number+1, same+1)
	switch t.Kind {
	case doStartup, doSoak, doResident:
		what += ", " + t.Modules[0].Build
	}
	if t.Kind == doSoak {
		what += " (allocator order " + t.Host.Allocator + ")"
	}
	return what
}
