package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/header-auth/header-auth/conformance/apart"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/profile"
)

// pluginStart is what a plugin is started with.
type pluginStart struct {
	deadline time.Duration
	config   []byte // nil: none was given
	rootID   string
}

// allReleases is how many deadlines it may take until no further release is tried.
const allReleases = 12

// try starts the module and its plugin as each Envoy would that has found no fault so far: some faults show only then.
// They and warnings are added to the verdicts, which are of found. A module that had to be ended is started only once:
// it would have to be ended each time. The error says why it can't be known.
func (s pluginStart) try(ctx context.Context, wasm []byte, found *load.Inspection, verdicts []load.Verdict) error {
	runner := newRunner(host.Options{Interpreter: true, Deadline: s.deadline}, 1)
	defer runner.Close()
	return s.judge(found, verdicts, func(p profile.Profile) (suite.Observation, error) {
		return s.observe(ctx, runner, wasm, p)
	})
}

// judge is try with another way to start the module.
func (s pluginStart) judge(found *load.Inspection, verdicts []load.Verdict,
	start func(profile.Profile) (suite.Observation, error)) error {
	var ended *load.Fault
	begun, limit := time.Now(), allReleases*s.deadline
	for i := range verdicts {
		v := &verdicts[i]
		switch {
		case len(v.Faults) > 0:
			continue
		case ended != nil:
			v.Faults = append(v.Faults, *ended)
			continue
		case time.Since(begun) > limit:
			v.Warnings = append(v.Warnings, load.Fault{What: fmt.Sprintf("was not started: starting it in "+
				"newer releases took more than %v", limit),
				Cure: "give more time: --deadline"})
			continue
		}
		seen, err := start(v.Profile)
		var failure *host.Failure
		var refused *load.Error
		switch {
		case errors.As(err, &failure): // a start function
			v.Faults = append(v.Faults, load.Fault{What: failure.Error()})
			if endedBy(failure.Kind.String()) {
				ended = &v.Faults[0]
			}
		case errors.As(err, &refused):
			v.Faults = append(v.Faults, load.Fault{What: err.Error()})
		case err != nil && strings.HasSuffix(err.Error(), host.ErrStartRefused.Error()):
			v.Faults = append(v.Faults, load.Fault{
				What: "loads, but " + host.ErrStartRefused.Error() + ", so that Envoy refuses to start",
				Cure: "return true from it unless the VM's configuration is wrong",
			})
		case err != nil:
			return err
		case seen.Failure != nil:
			v.Faults = append(v.Faults, s.trapFault(found, &seen))
			if endedBy(seen.Failure.Kind) {
				ended = &v.Faults[0]
			}
		case !seen.Start.Accepted && s.config != nil:
			v.Faults = append(v.Faults, load.Fault{What: "loads, but refused the configuration" + logged(seen.Start.Logs)})
		case !seen.Start.Accepted:
			v.Warnings = append(v.Warnings, load.Fault{
				What: "refused the configuration, of which there is none" + logged(seen.Start.Logs),
				Cure: "give the plugin's configuration: parity inspect --config FILE",
			})
		}
	}
	return nil
}

func (s pluginStart) observe(ctx context.Context, r *apart.Runner, wasm []byte, p profile.Profile) (suite.Observation,
	error) {
	m, err := r.CompileAs(ctx, p, wasm)
	if err != nil {
		return suite.Observation{}, err
	}
	return m.Observe(ctx, &table.Case{Config: s.config, World: table.World{RootID: s.rootID}}, nil)
}

// endedBy says whether a failure of this kind takes as long or as much memory each time.
func endedBy(kind string) bool {
	return kind == host.DeadlineExceeded.String() || kind == host.OutOfMemory.String()
}

// trapFault is a failure of a plugin's start in words, with what it wrote or logged before.
func (s pluginStart) trapFault(found *load.Inspection, seen *suite.Observation) load.Fault {
	f := seen.Failure
	how := f.Kind
	switch f.Kind {
	case host.Trapped.String():
		how = "traps"
	case host.DeadlineExceeded.String():
		how = "does not return"
	case host.OutOfMemory.String():
		how = "takes too much memory"
	}
	what := fmt.Sprintf("loads, but %s in %s: %s", how, f.In, f.Reason)
	for _, d := range f.Details {
		if text, ok := strings.CutPrefix(d, "it wrote "); ok {
			what += fmt.Sprintf("; it wrote %q", text)
			break
		}
	}
	if len(seen.Start.Logs) > 0 {
		what += logged(seen.Start.Logs)
	}
	return load.Fault{What: what, Cure: found.TrapCure(f.In, s.rootID != "")}
}

// logged are the last log lines of a start, at most three, as the end of a sentence: they say best why it ended.
func logged(lines []table.Log) string {
	const most = 3
	var all []string
	if cut := len(lines) - most; cut > 0 {
		lines = lines[cut:]
		all = []string{"…"}
	}
	for _, l := range lines {
		all = append(all, fmt.Sprintf("%s %q", l.Level, l.Text))
	}
	if len(all) == 0 {
		return ", and logged nothing"
	}
	return "; it logged " + strings.Join(all, ", ")
}
