package envoy

import (
	"strings"
	"testing"

	"github.com/header-auth/header-auth/conformance/table"
)

// TestNotShown: what this engine can't give to an Envoy has a reason, and is not left out without a word.
func TestNotShown(t *testing.T) {
	properties := map[string]any{"xds.route_name": "r"}
	for reason, c := range map[string]table.Case{
		"": {World: table.World{RootID: "r", Plugin: "p",
			VM: table.VM{Config: []byte("c"), Environment: []table.Variable{{Name: "a", Value: "b"}}}}},
		"properties":   {World: table.World{Properties: properties}},
		"properties c": {Steps: []table.Step{{Request: &table.Request{Properties: properties}}}},
		"1 MiB of a body": {Steps: []table.Step{{Request: &table.Request{
			Message:  table.Message{Body: [][]byte{make([]byte, 1<<20+1)}},
			Response: table.Message{Failed: table.Refused}}}}},
		"one plugin context": {Chain: table.Chain{Before: []table.ChainPlugin{{}}}},
		"the node":           {World: table.World{Node: &table.Node{ID: "n"}}},
		"random":             {World: table.World{Random: []byte("a")}},
		"the VM's id":        {World: table.World{VM: table.VM{ID: "v"}}},
	} {
		err := notShown(&c)
		if (err == nil) != (reason == "") || err != nil && !strings.Contains(err.Error(), reason) {
			t.Errorf("got %v, want %q", err, reason)
		}
	}
}
