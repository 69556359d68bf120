package envoy

import (
	"cmp"
	"fmt"
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
	large := func(s table.Step) bool {
		return s.Request != nil && unseen(s.Request) && bodySize(s.Request) > heldBytes
	}
	if slices.ContainsFunc(c.Steps, large) {
		why = append(why, "a request is held back until its upstream is to fail, and Envoy holds 1 MiB of a body")
	}
	if reason := notShownChain(c); reason != "" {
		why = append(why, reason)
	}
	if why == nil {
		return nil
	}
	return &suite.NotShown{Why: strings.Join(why, "; ")}
}

// heldBytes is how much of a body Envoy holds back (per_connection_buffer_limit_bytes).
const heldBytes = 1 << 20

func bodySize(r *table.Request) (n int) {
	for _, chunk := range r.Body {
		n += len(chunk)
	}
	return n
}

// notShownChain says why the chain of a case can't be followed in Envoy's log; "": it can.
func notShownChain(c *table.Case) string {
	seen := []string{fmt.Sprintf("%q %q %q %q", "", cmp.Or(c.World.Plugin, table.Main), c.World.RootID, c.Config)}
	for _, p := range c.Chain.All() {
		key := fmt.Sprintf("%q %q %q %q", p.Module, cmp.Or(p.Plugin, table.Main), p.RootID, p.Config)
		if slices.Contains(seen, key) {
			return "two plugins of a chain with the same name, root_id and configuration are one plugin context in Envoy"
		}
		seen = append(seen, key)
	}
	return ""
}
