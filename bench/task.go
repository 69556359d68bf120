package bench

import (
	"fmt"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/profile"
)

// Kind is what a task measures.
type Kind string

const (
	Witnesses Kind = "witnesses" // of every build and scenario
	Speed     Kind = "speed"     // one process of every entrant and scenario
	Tails     Kind = "tails"     // the same, request by request
	Startup   Kind = "start-up"  // one build, once
	Soak      Kind = "memory"    // one build under one allocator order
	Resident  Kind = "resident"  // one build, once
)

// timed says that nothing else of ours may run beside it.
func (k Kind) timed() bool { return k == Speed || k == Tails || k == Startup }

// Task is what one fresh process is asked to do. It says everything: a worker reads nothing else but the files named.
type Task struct {
	Kind     Kind          `json:"kind"`
	Number   int           `json:"number"` // of the process or sample, from 0
	Seed     uint64        `json:"seed"`
	Plan     evidence.Plan `json:"plan"`
	Folder   string        `json:"folder"` // of the table
	Cases    []string      `json:"cases"`
	Modules  []File        `json:"modules"`
	Host     Host          `json:"host"`
	CacheDir string        `json:"cache_dir"` // of compiled code
	Cached   bool          `json:"cached"`    // start-up only
}

// File is a module under its build's name.
type File struct {
	Build string `json:"build"`
	Path  string `json:"path"`
}

// Host is host.Options as text, so that a task can be read by a person.
type Host struct {
	Profile     string `json:"profile"`
	Allocator   string `json:"allocator"`
	Interpreter bool   `json:"interpreter"`
}

func hostOf(o host.Options) Host {
	return Host{Profile: o.Profile.String(), Allocator: o.Allocator.String(), Interpreter: o.Interpreter}
}

// options are without a deadline, which would cost every call 0.4 µs and which Envoy does not have either: whoever
// started the process watches over it.
func (h Host) options() (o host.Options, err error) {
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
func (t *Task) id() string {
	id := fmt.Sprintf("%s %d", t.Kind, t.Number)
	switch t.Kind {
	case Startup:
		return fmt.Sprintf("%s %s cached=%t", id, t.Modules[0].Build, t.Cached)
	case Soak:
		return fmt.Sprintf("%s %s %s", id, t.Modules[0].Build, t.Host.Allocator)
	case Resident:
		return fmt.Sprintf("%s %s", id, t.Modules[0].Build)
	}
	return id
}

// Found is what a worker says: one of these a line.
type Found struct {
	Share    float64            `json:"share,omitempty"` // of the task that is done; Memory beside it is what is known so far
	Speed    *evidence.Speed    `json:"speed,omitempty"`
	Tail     *evidence.Tail     `json:"tail,omitempty"`
	Startup  *evidence.Startup  `json:"startup,omitempty"`
	Memory   *evidence.Memory   `json:"memory,omitempty"`
	Resident *evidence.Resident `json:"resident,omitempty"`
	Witness  *evidence.Witness  `json:"witness,omitempty"`
	Refused  *evidence.Refused  `json:"refused,omitempty"`
}
