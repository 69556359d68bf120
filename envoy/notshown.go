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
	for _, s := range c.Steps {
		if s.Request == nil {
			continue
		}
		if reason := notShownResponse(s.Request.Response.Failed); reason != "" {
			why = append(why, reason)
			break
		}
	}
	if reason := notShownChain(c); reason != "" {
		why = append(why, reason)
	}
	if why == nil {
		return nil
	}
	return &suite.NotShown{Why: strings.Join(why, "; ")}
}

// notShownResponse says why an upstream can't fail so; "": it can.
func notShownResponse(kind table.AnswerKind) string {
	switch kind {
	case table.Refused, table.NotConnected, table.NoHost:
		return "the upstream sees no request when no connection to it is made, so what the plugin forwards can't be compared"
	case table.TimedOut:
		return "the routes of the engine have no time-out, because a case may take days"
	}
	return ""
}

// notShownChain says why the chain of a case can't be followed in Envoy's log; "": it can.
func notShownChain(c *table.Case) string {
	seen := []string{fmt.Sprintf("%q %q %q", cmp.Or(c.World.Plugin, table.Main), c.World.RootID, c.Config)}
	for _, p := range c.Chain.All() {
		if p.Module != "" {
			return "the lines of Envoy's log do not say which VM they are about, so a chain with " +
				"another module can't be followed"
		}
		key := fmt.Sprintf("%q %q %q", cmp.Or(p.Plugin, table.Main), p.RootID, p.Config)
		if slices.Contains(seen, key) {
			return "two plugins of a chain with the same name, root_id and configuration are one plugin context in Envoy"
		}
		seen = append(seen, key)
	}
	return ""
}
