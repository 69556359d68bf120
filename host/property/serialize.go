package property

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/header-auth/header-auth/host/headermap"
)

// Serialize is a value as a plugin gets it: strings and bytes as they are; numbers as 8 bytes, little-endian; times
// (since 1970) and durations in nanoseconds likewise; booleans as 1 byte; a Message in its binary form; a Map as pairs
// of its keys and serialized values; a list as pairs whose names are its serialized values and whose values are empty.
// It reports false for nil, for a Map whose keys cannot be listed, and for what contains one of them (Envoy,
// source/extensions/common/wasm/context.cc, serializeValue).
func Serialize(v any) ([]byte, bool) {
	switch v := v.(type) {
	case string:
		return []byte(v), true
	case []byte:
		return v, true
	case int64:
		return number(uint64(v)), true
	case uint64:
		return number(v), true
	case float64:
		return number(math.Float64bits(v)), true
	case bool:
		if v {
			return []byte{1}, true
		}
		return []byte{0}, true
	case time.Duration:
		return number(uint64(v)), true
	case time.Time:
		return number(uint64(v.UnixNano())), true
	case Map:
		return serializeMap(v)
	case Message:
		return v.Marshal(), true
	case []any:
		entries := make([]headermap.Header, len(v))
		for i := range v {
			b, ok := Serialize(v[i])
			if !ok {
				return nil, false
			}
			entries[i].Name = string(b)
		}
		return pairs(entries), true
	}
	return nil, false
}

func serializeMap(m Map) ([]byte, bool) {
	keys, ok := m.Keys()
	if !ok {
		return nil, false
	}
	entries := make([]headermap.Header, len(keys))
	for i, key := range keys {
		v, _ := m.Get(key)
		b, ok := Serialize(v)
		if !ok {
			return nil, false
		}
		entries[i] = headermap.Header{Name: key, Value: string(b)}
	}
	return pairs(entries), true
}

// pairs serializes a header map; of an empty one the count remains, which is 0.
func pairs(entries []headermap.Header) []byte {
	b := make([]byte, max(4, headermap.PairsSize(entries)))
	if len(entries) > 0 {
		headermap.PutPairs(b, entries)
	}
	return b
}

func number(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }
