package suite

import (
	"context"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// Engine runs cases of one module, several at once. The engine of package host is the default; package envoy has one
// that runs them on a real Envoy.
type Engine interface {
	// Observe runs a case, then the good request unless it is nil. The error says why the case could not be run.
	Observe(ctx context.Context, c *table.Case, good *table.Request) (Observation, error)
	Close()
}

// NotShown is the error of an Engine that can't be shown what a case says. The case is then known to fail, with this reason.
type NotShown struct{ Why string }

func (e *NotShown) Error() string { return e.Why }

// hostEngine runs cases in VMs of package host.
type hostEngine struct{ module *host.Module }

func (e hostEngine) Observe(ctx context.Context, c *table.Case, good *table.Request) (Observation, error) {
	return Observe(ctx, e.module, c, ObserveOptions{Good: good})
}

// Close leaves the module open: a failed case is run again with a trace.
func (e hostEngine) Close() {}
