package envoy

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"unicode/utf8"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/proxy"
	"github.com/header-auth/header-auth/envoy/rewrite"
)

// alone says whether a case has an Envoy of its own: what it wants is of a whole Envoy, or must be of no case before.
func alone(c *table.Case) bool { return c.World.Node != nil || c.World.VM.ID != "" }

// nodeOf is the node of a case, nil when it has none. The error says why no Envoy can have it.
func nodeOf(n *table.Node) (*core.Node, error) {
	if n == nil {
		return nil, nil
	}
	if n.ID == "" || n.Cluster == "" {
		return nil, errors.New("an Envoy that has its listeners from files needs a node with an id and a cluster")
	}
	metadata, err := structpb.NewStruct(inStruct(n.Metadata).(map[string]any))
	if err != nil {
		return nil, fmt.Errorf("the node's metadata are a google.protobuf.Struct: %w", err)
	}
	return &core.Node{Id: n.ID, Cluster: n.Cluster, Metadata: metadata,
		Locality: &core.Locality{Region: n.Region, Zone: n.Zone, SubZone: n.SubZone}}, nil
}

// inStruct makes texts of bytes: a Struct has none.
func inStruct(v any) any {
	switch v := v.(type) {
	case []byte:
		return string(v)
	case []any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = inStruct(v[i])
		}
		return all
	case map[string]any:
		all := map[string]any{}
		for name, value := range v {
			all[name] = inStruct(value)
		}
		return all
	}
	return v
}

// names are what the listeners of a case are called, and are, by its properties. The error says why they can't be. good
// is nil when no request follows the case.
func names(c *table.Case, good *table.Request) (n proxy.Names, err error) {
	all := c.World.Properties
	requests := []*table.Request{good}
	for _, s := range c.Steps {
		requests = append(requests, s.Request)
	}
	requests = slices.DeleteFunc(requests, func(r *table.Request) bool { return r == nil })
	for i, r := range requests {
		own := properties(c, r)
		if i > 0 && !reflect.DeepEqual(own, all) {
			return n, errors.New("all requests of a case have one route here, so they can't have properties of their own")
		}
		all = own
	}
	for name, v := range all {
		if err := setName(&n, name, v); err != nil {
			return n, err
		}
	}
	return n, nil
}

// properties are those of a request's stream.
func properties(c *table.Case, r *table.Request) map[string]any {
	all := map[string]any{}
	for _, of := range []map[string]any{c.World.Properties, r.Properties} {
		for name, v := range of {
			all[name] = inStruct(v)
		}
	}
	return all
}

func setName(n *proxy.Names, name string, v any) error {
	text, isText := v.(string)
	number, isNumber := v.(int64)
	field := map[string]*string{"xds.route_name": &n.Route, "xds.virtual_host_name": &n.VirtualHost,
		"xds.filter_chain_name": &n.FilterChain}[name]
	switch {
	case field != nil && isText && utf8.ValidString(text):
		*field = text
	case name == "xds.listener_direction" && isNumber && core.TrafficDirection_name[int32(number)] != "":
		n.Direction = core.TrafficDirection(number)
	default:
		return fmt.Errorf("the property %s comes from what Envoy itself knows of a request, and can't be given", name)
	}
	return nil
}

// withRandom makes a module of another one, in a file of its own, that gets the given random bytes.
func (l *lane) withRandom(path, suffix string, bytes []byte) (string, error) {
	wasm, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if wasm, err = rewrite.Random(wasm, bytes); err != nil {
		return "", err
	}
	path += "-" + suffix
	return path, os.WriteFile(path, wasm, 0o600)
}
