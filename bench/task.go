package bench

import (
	"fmt"
	"time"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/profile"
)

// taskKind is what a task measures.
type taskKind string

const (
	doWitnesses taskKind = "witnesses" // of every build and scenario
	doBatches   taskKind = "batches"   // one process of every contestant and scenario
	doTails     taskKind = "tails"     // the same, request by request
	doStartup   taskKind = "start-up"  // one build, once
	doSoak      taskKind = "memory"    // one build in one scenario under one allocator order
	doResident  taskKind = "resident"  // one build, once
)

// timed says that the task times something, so that no other task may run beside it.
func (k taskKind) timed() bool { return k == doBatches || k == doTails || k == doStartup }

// task is what one fresh process has to do. A worker reads nothing but its task and the files that it names.
type task struct {
	Kind     taskKind      `json:"kind"`
	Number   int           `json:"number"` // of the process or sample, from 0
	Seed     uint64        `json:"seed"`
	Plan     evidence.Plan `json:"plan"`
	Folder   string        `json:"folder"` // of the table
	Cases    []string      `json:"cases"`
	Modules  []moduleFile  `json:"modules"`
	Host     hostText      `json:"host"`
	CacheDir string        `json:"cache_dir"` // of compiled code
	Deadline time.Duration `json:"deadline"`  // that the table was run with: the limits of the task are some of it
	Cached   bool          `json:"cached"`    // start-up only
	Twins    []string      `json:"twins"`     // builds that take part twice; none in witnesses

	// Requests of a batch, by scenario and contestant; others have as many as the plan says.
	Requests map[string]map[string]int `json:"requests,omitempty"`
}

// batch is how many requests one of a contestant has.
func (t *task) batch(scenario, contestant string) int {
	if n := t.Requests[scenario][contestant]; n > 0 {
		return n
	}
	return t.Plan.Requests
}

// moduleFile is a module under its build's name.
type moduleFile struct {
	Build       string          `json:"build"`
	Path        string          `json:"path"`
	Environment []host.Variable `json:"environment,omitempty"` // of its VMs
}

// hostText is host.Options as text, so that a task can be read by a person.
type hostText struct {
	Profile     string `json:"profile"`
	Allocator   string `json:"allocator"`
	Interpreter bool   `json:"interpreter"`
}

func hostOf(o host.Options) hostText {
	return hostText{Profile: o.Profile.String(), Allocator: o.Allocator.String(), Interpreter: o.Interpreter}
}

// options are without a deadline: it would cost every call 0.4 µs, and Envoy has none. The process that started this
// one ends it when requests do not return.
func (h hostText) options() (o host.Options, err error) {
	if o.Profile, err = profile.Parse(h.Profile); err != nil {
		return o, err
	}
	o.Interpreter = h.Interpreter
	if h.Allocator == load.SpecOrder.String() {
		o.Allocator = load.SpecOrder
	}
	return o, nil
}

// id names the task among those of a run.
func (t *task) id() string {
	id := fmt.Sprintf("%s %d", t.Kind, t.Number)
	switch t.Kind {
	case doStartup:
		return fmt.Sprintf("%s %s cached=%t", id, t.Modules[0].Build, t.Cached)
	case doSoak:
		return fmt.Sprintf("%s %s %s", id, t.Modules[0].Build, t.Host.Allocator)
	case doResident:
		return fmt.Sprintf("%s %s", id, t.Modules[0].Build)
	}
	return id
}

// finding is one line of what a worker writes: one of these.
type finding struct {
	// of the task that is done; a Memory beside it is what is known so far
	Share    float64            `json:"share,omitempty"`
	Batches  *evidence.Batches  `json:"batches,omitempty"`
	Tail     *evidence.Tail     `json:"tail,omitempty"`
	Startup  *evidence.Startup  `json:"startup,omitempty"`
	Memory   *evidence.Memory   `json:"memory,omitempty"`
	Resident *evidence.Resident `json:"resident,omitempty"`
	Witness  *evidence.Witness  `json:"witness,omitempty"`
	Refused  *evidence.Refused  `json:"refused,omitempty"`

	CacheFault string `json:"cache_fault,omitempty"` // what was wrong with the cache of compiled code
	Mended     bool   `json:"mended,omitempty"`      // the cache, which was to be measured: the task is to be done again
}
