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
func notShown(c *table.Case, good *table.Request) error {
	var why []string
	if _, err := names(c, good); err != nil {
		why = append(why, err.Error())
	}
	if _, err := nodeOf(c.World.Node); err != nil {
		why = append(why, err.Error())
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
