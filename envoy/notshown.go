package envoy

import (
	"slices"
	"strings"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
)

// notShown says what of a case this engine can't show a real Envoy; nil: it can show all.
func notShown(c *table.Case) error {
	var why []string
	given := func(r *table.Request) bool { return r != nil && len(r.Properties) > 0 }
	if len(c.World.Properties) > 0 || slices.ContainsFunc(c.Steps, func(s table.Step) bool { return given(s.Request) }) {
		why = append(why, "properties come from what Envoy itself knows of a request, and can't be given")
	}
	if c.World.Node != nil {
		why = append(why, "the node is that of the Envoy that all cases share")
	}
	if c.World.Random != nil {
		why = append(why, "random bytes come from Envoy, and can't be given")
	}
	if c.World.VM.ID != "" {
		why = append(why, "the VM's id is what keeps the VMs of the cases apart")
	}
	effects := len(c.Start.Effects) > 0
	for i := range c.Steps {
		effects = effects || len(c.Steps[i].Want.Effects) > 0
	}
	if effects {
		why = append(why, "shared data, queues, set properties, foreign functions and gRPC calls are not observed on a real Envoy")
	}
	if why == nil {
		return nil
	}
	return &suite.NotShown{Why: strings.Join(why, "; ")}
}
