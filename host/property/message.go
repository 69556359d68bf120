package property

import (
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Struct is a google.protobuf.Struct: strings, numbers of any Go type (which all become floating-point), bool, nil,
// []any and map[string]any. As a value it is a Map.
type Struct map[string]any

// Get is the value of a key.
func (s Struct) Get(key string) (any, bool) {
	v, found := s[key]
	return convert(v, true), found
}

// Keys are the keys, sorted.
func (s Struct) Keys() ([]string, bool) { return Values(s).Keys() }

// Metadata is an envoy.config.core.v3.Metadata: a Struct for each filter. A route, a cluster, a host, a listener and an
// exchange have one.
type Metadata map[string]Struct

// Field is filter_metadata or typed_filter_metadata, which is empty.
func (m Metadata) Field(name string) (any, bool) {
	switch name {
	case "filter_metadata":
		all := make(Values, len(m))
		for k, v := range m {
			all[k] = v
		}
		return all, true
	case "typed_filter_metadata":
		return Values{}, true
	}
	return nil, false
}

// Marshal is the message in its binary form.
func (m Metadata) Marshal() []byte {
	var b []byte
	for _, k := range slices.Sorted(maps.Keys(m)) {
		b = appendEntry(b, 1, k, m[k].marshal())
	}
	return b
}

// Locality is an envoy.config.core.v3.Locality.
type Locality struct{ Region, Zone, SubZone string }

// Field is region, zone or sub_zone.
func (l Locality) Field(name string) (any, bool) {
	switch name {
	case "region":
		return l.Region, true
	case "zone":
		return l.Zone, true
	case "sub_zone":
		return l.SubZone, true
	}
	return nil, false
}

// Marshal is the message in its binary form.
func (l Locality) Marshal() []byte {
	return appendString(appendString(appendString(nil, 1, l.Region), 2, l.Zone), 3, l.SubZone)
}

// Node is what Envoy's bootstrap says of this Envoy, an envoy.config.core.v3.Node. What Envoy adds about its own build
// (user_agent_build_version, extensions) is left out.
type Node struct {
	ID, Cluster string
	Metadata    Struct
	Locality    Locality
}

const userAgent = "envoy"

// Field is a field by its name in the .proto file.
func (n *Node) Field(name string) (any, bool) {
	switch name {
	case "id":
		return n.ID, true
	case "cluster":
		return n.Cluster, true
	case "metadata":
		return n.Metadata, true
	case "locality":
		return n.Locality, true
	case "user_agent_name":
		return userAgent, true
	case "user_agent_version":
		return "", true
	case "dynamic_parameters":
		return Values{}, true
	case "extensions", "client_features", "listening_addresses":
		return []any{}, true
	}
	return nil, false
}

// Marshal is the message in its binary form.
func (n *Node) Marshal() []byte {
	b := appendString(appendString(nil, 1, n.ID), 2, n.Cluster)
	if n.Metadata != nil {
		b = appendMessage(b, 3, n.Metadata.marshal())
	}
	if n.Locality != (Locality{}) {
		b = appendMessage(b, 4, n.Locality.Marshal())
	}
	return appendString(b, 6, userAgent)
}

// marshal is the Struct in its binary form.
func (s Struct) marshal() []byte {
	var b []byte
	keys, _ := s.Keys()
	for _, k := range keys {
		v, _ := s.Get(k)
		b = appendEntry(b, 1, k, marshalValue(v))
	}
	return b
}

// marshalValue is a google.protobuf.Value in its binary form.
func marshalValue(v any) []byte {
	switch v := v.(type) {
	case float64:
		return protowire.AppendFixed64(protowire.AppendTag(nil, 2, protowire.Fixed64Type), math.Float64bits(v))
	case string:
		return protowire.AppendString(protowire.AppendTag(nil, 3, protowire.BytesType), v)
	case bool:
		return protowire.AppendVarint(protowire.AppendTag(nil, 4, protowire.VarintType), protowire.EncodeBool(v))
	case Values:
		return appendMessage(nil, 5, Struct(v).marshal())
	case []any:
		var list []byte
		for _, e := range v {
			list = appendMessage(list, 1, marshalValue(e))
		}
		return appendMessage(nil, 6, list)
	}
	return protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 0)
}

// appendEntry appends an entry of a map from strings to messages.
func appendEntry(b []byte, field protowire.Number, key string, value []byte) []byte {
	entry := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), key)
	return appendMessage(b, field, appendMessage(entry, 2, value))
}

func appendMessage(b []byte, field protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), message)
}

// appendString appends a field, unless it has its default.
func appendString(b []byte, field protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

// ParseStruct reads a Struct in its binary form; false when b is none.
func ParseStruct(b []byte) (Struct, bool) {
	s := Struct{}
	ok := eachField(b, func(field protowire.Number, entry []byte) bool {
		if field != 1 {
			return true
		}
		var key string
		var value []byte
		ok := eachField(entry, func(field protowire.Number, part []byte) bool {
			switch field {
			case 1:
				key = string(part)
			case 2:
				value = part
			}
			return true
		})
		v, valid := parseValue(value)
		s[key] = v
		return ok && valid
	})
	return s, ok
}

// parseValue reads a google.protobuf.Value.
func parseValue(b []byte) (v any, ok bool) {
	for len(b) > 0 {
		field, kind, tag := protowire.ConsumeTag(b)
		n := protowire.ConsumeFieldValue(field, kind, b[max(0, tag):])
		if tag < 0 || n < 0 {
			return nil, false
		}
		part := b[tag:]
		b = part[n:]
		switch {
		case field == 1 && kind == protowire.VarintType:
			v = nil
		case field == 2 && kind == protowire.Fixed64Type:
			bits, _ := protowire.ConsumeFixed64(part)
			v = math.Float64frombits(bits)
		case field == 4 && kind == protowire.VarintType:
			n, _ := protowire.ConsumeVarint(part)
			v = n != 0
		case kind != protowire.BytesType:
		case field == 3:
			text, _ := protowire.ConsumeBytes(part)
			v = string(text)
		case field == 5:
			inner, _ := protowire.ConsumeBytes(part)
			if v, ok = ParseStruct(inner); !ok {
				return nil, false
			}
		case field == 6:
			inner, _ := protowire.ConsumeBytes(part)
			list := []any{}
			ok := eachField(inner, func(field protowire.Number, item []byte) bool {
				e, valid := parseValue(item)
				if field == 1 {
					list = append(list, e)
				}
				return valid
			})
			if !ok {
				return nil, false
			}
			v = list
		}
	}
	return v, true
}

// eachField goes through the fields that have a length, until do reports false. It reports false then, and when b is no
// message.
func eachField(b []byte, do func(protowire.Number, []byte) bool) bool {
	for len(b) > 0 {
		field, kind, tag := protowire.ConsumeTag(b)
		if tag < 0 {
			return false
		}
		n := protowire.ConsumeFieldValue(field, kind, b[tag:])
		if n < 0 {
			return false
		}
		if kind == protowire.BytesType {
			part, _ := protowire.ConsumeBytes(b[tag:])
			if !do(field, part) {
				return false
			}
		}
		b = b[tag+n:]
	}
	return true
}
