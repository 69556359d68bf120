package host

import (
	"strings"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/property"
)

// property is the value at a path, as it is serialized. SerializationFailure for an empty path, for an object as a
// whole and for what contains a null.
func (vm *VM) property(acting *abiContext, path string) ([]byte, abi.Status) {
	if path == "" {
		return nil, abi.StatusSerializationFailure
	}
	trimmed := strings.TrimSuffix(path, "\x00")
	if v, found := acting.stream.wholeMessage(trimmed); found {
		return v, abi.StatusOk
	}
	v, found := vm.findProperty(acting, trimmed)
	if !found {
		return nil, abi.StatusNotFound
	}
	b, ok := property.Serialize(v)
	if !ok {
		return nil, abi.StatusSerializationFailure
	}
	return b, abi.StatusOk
}

// findProperty is the value at a path whose segments have NULs between them. The names are those of Envoy's attributes.
func (vm *VM) findProperty(acting *abiContext, path string) (any, bool) {
	if s := acting.stream; s != nil {
		if v, rest, found := s.givenProperty(path); found {
			return descend(property.Of(v), rest)
		}
	}
	root, rest := path, ""
	if end := strings.IndexByte(path, 0); end >= 0 {
		root, rest = path[:end], path[end:]
	}
	v, found := vm.topProperty(acting, root)
	if !found {
		return nil, false
	}
	return descend(v, rest)
}

// descend goes the rest of a path down from v: segments with a NUL before each.
func descend(v any, rest string) (any, bool) {
	for rest != "" {
		segment := rest[1:]
		if end := strings.IndexByte(segment, 0); end >= 0 {
			segment = segment[:end]
		}
		rest = rest[1+len(segment):]
		var found bool
		if v, found = property.Step(v, segment); !found {
			return nil, false
		}
	}
	return v, true
}

// givenProperty is the caller's value at the path or at the longest beginning of it, and what follows of the path.
func (s *Stream) givenProperty(path string) (v any, rest string, found bool) {
	if len(s.config.Properties) == 0 && len(s.plugin.config.Properties) == 0 {
		return nil, "", false
	}
	for end := len(path); end >= 0; end = strings.LastIndexByte(path[:end], 0) {
		name := strings.ReplaceAll(path[:end], "\x00", ".")
		if v, found = s.config.Properties[name]; !found {
			v, found = s.plugin.config.Properties[name]
		}
		if found {
			return v, path[end:], true
		}
	}
	return nil, "", false
}

// topProperty is the value of the first segment of a path (Envoy, source/extensions/common/wasm/context.cc,
// Context::findValue, and source/extensions/filters/common/expr/evaluator.cc, StreamActivation::FindValue).
func (vm *VM) topProperty(acting *abiContext, name string) (any, bool) {
	p, s := acting.plugin, acting.stream
	if name == "xds" {
		return property.Object(func(field string) (any, bool) {
			if field == "node" {
				return vm.node(), p != nil
			}
			if s == nil {
				return nil, false
			}
			return s.xdsProperty(field)
		}), true
	}
	switch { // a value that a plugin has set under one of these names is not found
	case p == nil:
	case name == "plugin_name":
		return p.config.Name, true
	case name == "plugin_root_id":
		return p.config.RootID, true
	case name == "plugin_vm_id":
		return vm.config.ID, true
	}
	if s != nil {
		return s.topProperty(name)
	}
	return nil, false
}

// node is the Envoy's own description.
func (vm *VM) node() *property.Node {
	if vm.config.Node == nil {
		return &property.Node{}
	}
	return vm.config.Node
}
