package property

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
)

// Map is a value with keys: google.protobuf.Struct, the headers of a request, or an object such as request.
type Map interface {
	// Get is the value of a key; false when there is none.
	Get(key string) (any, bool)
	// Keys are all keys, in the order in which they are serialized; false when they cannot be listed, as in an object
	// such as request.
	Keys() ([]string, bool)
}

// Message is a protobuf message.
type Message interface {
	// Field is the value of a field by its name in the .proto file, its default when it is not set; false when the
	// message has no such field.
	Field(name string) (any, bool)
	// Marshal is the message in its binary form.
	Marshal() []byte
}

// Object is a Map whose keys cannot be listed.
type Object func(key string) (any, bool)

// Get calls the function.
func (o Object) Get(key string) (any, bool) { return o(key) }

// Keys reports false.
func (o Object) Keys() ([]string, bool) { return nil, false }

// Values is a Map of values. Its keys are serialized in order; Envoy has no fixed order.
type Values map[string]any

// Get is the value of a key.
func (v Values) Get(key string) (any, bool) {
	value, found := v[key]
	return value, found
}

// Keys are the keys, sorted.
func (v Values) Keys() ([]string, bool) { return slices.Sorted(maps.Keys(v)), true }

// Of makes a value of a Go value. Integers of all sizes become int64 or uint64, map[string]any becomes Values, and
// lists and maps are converted in depth. What is a value already stays.
func Of(v any) any { return convert(v, false) }

// convert is Of; in a Struct all numbers are floating-point.
func convert(v any, inStruct bool) any {
	switch v := v.(type) {
	case map[string]any:
		return convertMap(v, inStruct)
	case Values:
		return convertMap(v, inStruct)
	case Struct:
		return convertMap(v, true)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = convert(v[i], inStruct)
		}
		return out
	case nil, Map, Message:
		return v
	}
	r := reflect.ValueOf(v)
	if r.Type().PkgPath() != "" {
		return v // such as time.Duration
	}
	var number any
	switch {
	case r.CanInt():
		number = r.Int()
	case r.CanUint():
		number = r.Uint()
	case r.CanFloat():
		return r.Float()
	default:
		return v
	}
	if inStruct {
		return r.Convert(reflect.TypeFor[float64]()).Float()
	}
	return number
}

func convertMap(m map[string]any, inStruct bool) Values {
	out := make(Values, len(m))
	for k, v := range m {
		out[k] = convert(v, inStruct)
	}
	return out
}

// Step goes one segment of a path down: into a Map by key, a Message by field, a list by index. false: there is
// nothing (Envoy, source/extensions/common/wasm/context.cc, Context::getProperty).
func Step(v any, segment string) (any, bool) {
	switch v := v.(type) {
	case Map:
		return v.Get(segment)
	case Message:
		return v.Field(segment)
	case []any:
		if i, err := strconv.Atoi(segment); err == nil && i >= 0 && i < len(v) {
			return v[i], true
		}
	}
	return nil, false
}
