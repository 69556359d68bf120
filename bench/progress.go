package bench

import (
	"fmt"
	"slices"
	"time"
)

// usual is how long a task of each kind takes with the default plan on two cores: an estimate until this run has done
// one.
var usual = map[taskKind]time.Duration{doWitnesses: 5 * time.Second, doBatches: 4 * time.Second, doTails: 5 * time.Second,
	doStartup: time.Second, doSoak: time.Second, doResident: 2 * time.Second}

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
	q.mu.Unlock()
	q.config.Progress(Progress{What: q.describe(t), Done: float64(done) / float64(max(1, done+left)), Left: left})
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
