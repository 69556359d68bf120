// Package property has the values of properties, which a plugin reads with proxy_get_property, and their serialized
// form.
//
// A value is one of string, []byte, int64, uint64, float64, bool, time.Duration, time.Time, nil, []any, a Map or a
// Message. These are the types of CEL, whose attributes Envoy's properties are. Of takes other Go numbers and
// map[string]any too.
package property
