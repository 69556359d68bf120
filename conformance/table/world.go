package table

import (
	"strconv"

	"github.com/goccy/go-yaml/ast"
)

// world reads what a plugin can read of its surroundings.
func (r *reader) world(w *World, o object) {
	set(&w.Properties, o, "properties", r.properties)
	set(&w.Node, o, "node", r.node)
	set(&w.Plugin, o, "plugin_name", r.bytesText)
	set(&w.RootID, o, "root_id", r.bytesText)
	set(&w.VM, o, "vm", r.vm)
	if o.has("random") {
		if w.Random = r.bytes(o.fields["random"]); len(w.Random) == 0 {
			r.errorf(o.fields["random"], "no random bytes, expected at least one, write some")
		}
	}
}

func (r *reader) node(n ast.Node) *Node {
	node := &Node{}
	o, ok := r.object(n, nodeShape)
	if !ok {
		return node
	}
	set(&node.ID, o, "id", r.bytesText)
	set(&node.Cluster, o, "cluster", r.bytesText)
	set(&node.Metadata, o, "metadata", r.properties)
	if o.has("locality") {
		if l, ok := r.object(o.fields["locality"], localityShape); ok {
			set(&node.Region, l, "region", r.bytesText)
			set(&node.Zone, l, "zone", r.bytesText)
			set(&node.SubZone, l, "sub_zone", r.bytesText)
		}
	}
	return node
}

func (r *reader) vm(n ast.Node) (vm VM) {
	o, ok := r.object(n, vmShape)
	if !ok {
		return vm
	}
	set(&vm.ID, o, "id", r.bytesText)
	set(&vm.Config, o, "config", r.bytes)
	if o.has("environment") {
		r.members(o.fields["environment"], "a value for each variable", func(name string, value ast.Node) {
			vm.Environment = append(vm.Environment, Variable{name, r.bytesText(value)})
		})
	}
	return vm
}

// properties reads {path: value}, and other mappings from names to values of any kind.
func (r *reader) properties(n ast.Node) map[string]any {
	all := map[string]any{}
	r.members(n, "a value for each name", func(name string, value ast.Node) { all[name] = r.value(value) })
	return all
}

// members calls read for each name of a mapping.
func (r *reader) members(n ast.Node, expected string, read func(name string, value ast.Node)) {
	pairs, _ := r.pairs(n, expected)
	lines := map[string]int{}
	for _, p := range pairs {
		name := keyText(p)
		if line := lines[name]; line > 0 {
			r.errorf(p, "repeated key %q, expected it once, remove this one or that of line %d", name, line)
			continue
		}
		lines[name] = r.position(p).Line
		read(name, p.Value)
	}
}

// value reads a text, a number, a boolean, null, bytes, a list or a mapping.
func (r *reader) value(n ast.Node) any {
	switch n := n.(type) {
	case *ast.BoolNode:
		return n.Value
	case *ast.NullNode:
		return nil
	case *ast.IntegerNode:
		i, err := strconv.ParseInt(n.Token.Value, 10, 64)
		if err != nil {
			r.errorf(n, "the number %s, expected a decimal number of 64 bits, change it", n.Token.Value)
		}
		return i
	case *ast.FloatNode:
		return n.Value
	case *ast.SequenceNode:
		return each(n.Values, r.value)
	case *ast.MappingNode, *ast.MappingValueNode:
		if isBytes(n) {
			return r.bytes(n)
		}
		return r.properties(n)
	}
	s, _ := r.text(n)
	return s
}

// isBytes says whether a mapping has the keys of bytes and no others.
func isBytes(n ast.Node) bool {
	forms := map[string]bool{"text": true, "hex": true, "base64": true, "parts": true, "numbered": true, "file": true,
		"times": false}
	found := false
	for _, p := range entries(n) {
		form, known := forms[keyText(p)]
		if !known {
			return false
		}
		found = found || form
	}
	return found
}
