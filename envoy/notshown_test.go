package envoy

import (
	"strings"
	"testing"

	"github.com/header-auth/header-auth/conformance/table"
)

// TestNotShown: what this engine can't give to an Envoy has a reason, and is not left out without a word.
func TestNotShown(t *testing.T) {
	route := map[string]any{"xds.route_name": "r"}
	world := func(properties map[string]any) table.Case {
		return table.Case{World: table.World{Properties: properties}}
	}
	requests := func(all ...*table.Request) (c table.Case) {
		for _, r := range all {
			c.Steps = append(c.Steps, table.Step{Request: r})
		}
		return c
	}
	var all table.Case
	all.World = table.World{RootID: "r", Plugin: "p", Random: []byte("a"), Properties: route,
		Node: &table.Node{ID: "n", Cluster: "c", Metadata: map[string]any{"m": []any{[]byte("a"), int64(1), nil}}},
		VM:   table.VM{ID: "v", Config: []byte("c"), Environment: []table.Variable{{Name: "a", Value: "b"}}}}
	all.Chain.Before = []table.ChainPlugin{{Module: "a.wasm"}, {Module: "b.wasm"}}
	all.Steps = []table.Step{{Request: &table.Request{Properties: route, Message: table.Message{Body: [][]byte{{1}}},
		Response: table.Message{Failed: table.Refused}}}}
	if err := notShown(&all, &table.Request{}); err != nil {
		t.Error(err)
	}
	for reason, c := range map[string]table.Case{
		"the property request.path":    world(map[string]any{"request.path": "/"}),
		"the property xds.route_name":  world(map[string]any{"xds.route_name": int64(1)}),
		"xds.virtual_host_name":        world(map[string]any{"xds.virtual_host_name": []byte{0xff}}),
		"xds.listener_direction comes": world(map[string]any{"xds.listener_direction": int64(3)}),
		"the property connection.mtls": requests(&table.Request{Properties: map[string]any{"connection.mtls": true}}),
		"properties of their own":      requests(&table.Request{Properties: route}, &table.Request{}),
		"1 MiB of a body": requests(&table.Request{Message: table.Message{Body: [][]byte{make([]byte, 1<<20+1)}},
			Response: table.Message{Failed: table.Refused}}),
		"one plugin context": {Chain: table.Chain{Before: []table.ChainPlugin{{}}}},
		"node with an id":    {World: table.World{Node: &table.Node{ID: "n"}}},
		"Struct": {World: table.World{Node: &table.Node{ID: "n", Cluster: "c",
			Metadata: map[string]any{"m": []byte{0xff}}}}},
	} {
		if err := notShown(&c, nil); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("got %v, want %q", err, reason)
		}
	}
	c := requests(&table.Request{Properties: route})
	if err := notShown(&c, &table.Request{}); err == nil {
		t.Error("the good request has another route, and gets that of the case")
	}
}
