package host

import (
	"strings"

	"github.com/header-auth/header-auth/host/abi"
)

// property is the value at a path, serialized as Envoy does: strings and bytes as they are; numbers, times and
// durations (both in ns) as 8 bytes, little-endian; booleans as 1 byte; maps as pairs (Envoy
// source/extensions/common/wasm/context.cc, serializeValue). The names are those of Envoy's attributes.
func (vm *VM) property(acting *abiContext, path string) ([]byte, abi.Status) {
	path = strings.TrimSuffix(path, "\x00")
	if path == "" {
		return nil, abi.StatusSerializationFailure
	}
	root, rest, nested := strings.Cut(path, "\x00")
	if v, status := vm.rootProperty(acting, root); status != abi.StatusNotFound {
		if nested && status == abi.StatusOk {
			return nil, abi.StatusNotFound
		}
		return v, status
	}
	s := acting.stream
	if s == nil {
		return nil, abi.StatusNotFound
	}
	if v, found := s.config.Properties[strings.ReplaceAll(path, "\x00", ".")]; found {
		return v, abi.StatusOk
	}
	switch root {
	case "request", "response", "source", "destination", "connection", "upstream", "filter_state",
		"upstream_filter_state", "xds":
		if !nested {
			return nil, abi.StatusSerializationFailure
		}
	case "metadata":
		if !nested {
			return nil, abi.StatusOk
		}
	default:
		if v, found := s.guestProperties[path]; found && !nested {
			return v, abi.StatusOk
		}
		return nil, abi.StatusNotFound
	}
	return s.property(root, rest)
}

// rootProperty are the values that need no stream.
func (vm *VM) rootProperty(acting *abiContext, name string) ([]byte, abi.Status) {
	p := acting.plugin
	switch {
	case p == nil:
		return nil, abi.StatusNotFound
	case name == "plugin_name":
		return []byte(p.config.Name), abi.StatusOk
	case name == "plugin_root_id":
		return []byte(p.config.RootID), abi.StatusOk
	case name == "plugin_vm_id":
		return []byte(vm.config.ID), abi.StatusOk
	}
	return nil, abi.StatusNotFound
}
