package suite

import (
	"context"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/report"
)

// Engine runs cases of one module, several at once. The engine of package host is the default; package envoy has one
// that runs them on a real Envoy.
type Engine interface {
	// Observe runs a case, then the good request unless it is nil. The error says why the case could not be run.
	Observe(ctx context.Context, c *table.Case, good *table.Request) (Observation, error)
	Close()
}

// NotShown is the error of an Engine that can't be shown what a case says. The case is then known
// to fail, with this reason.
type NotShown struct{ Why string }

func (e *NotShown) Error() string { return e.Why }

// Tracer is an Engine that can run a case again with a trace.
type Tracer interface {
	// Trace gives the lines of the step at, or of the last step that was reached, shortened.
	Trace(ctx context.Context, c *table.Case, good *table.Request, at Place) []report.TraceLine
}

// hostEngine runs cases in VMs of package host.
type hostEngine struct{ module *host.Module }

func (e hostEngine) Observe(ctx context.Context, c *table.Case, good *table.Request) (Observation, error) {
	return Observe(ctx, e.module, c, ObserveOptions{Good: good})
}

func (e hostEngine) Trace(ctx context.Context, c *table.Case, good *table.Request, at Place) []report.TraceLine {
	return Trace(ctx, e.module, c, good, at)
}

// Close leaves the module open: a failed case is run again with a trace.
func (e hostEngine) Close() {}
