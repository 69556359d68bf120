package headermap

import "encoding/binary"

// Limits of a serialized header map that comes from a guest (proxy-wasm-cpp-host, include/proxy-wasm/limits.h).
const (
	maxPairsBytes = 1 << 20
	maxPairs      = 1024
)

// Pair is a header in linear memory: views of it, which the guest may overwrite when it runs again.
type Pair struct{ Name, Value []byte }

// ParsePairs reads a serialized header map into the slice that is given, from its beginning, and returns it. All
// numbers are u32, little-endian:
//
//	count
//	name length, value length        count times
//	name, NUL, value, NUL            count times
//
// A map that is damaged, above 1 MiB or above 1024 pairs becomes one without pairs, which is what Envoy makes of it too
// (proxy-wasm-cpp-host, src/pairs_util.cc, PairsUtil::toPairs).
func ParsePairs(into []Pair, b []byte) []Pair {
	into = into[:0]
	if len(b) < 4 || len(b) > maxPairsBytes {
		return into
	}
	n := int(binary.LittleEndian.Uint32(b))
	if n > maxPairs || 4+8*n > len(b) {
		return into
	}
	lengths, rest := b[4:4+8*n], b[4+8*n:]
	for i := range n {
		name, ok := cutTerminated(&rest, binary.LittleEndian.Uint32(lengths[8*i:]))
		if !ok {
			return into[:0]
		}
		value, ok := cutTerminated(&rest, binary.LittleEndian.Uint32(lengths[8*i+4:]))
		if !ok {
			return into[:0]
		}
		into = append(into, Pair{name, value})
	}
	if len(rest) > 0 {
		return into[:0]
	}
	return into
}

// cutTerminated takes n bytes and a NUL off the front of rest.
func cutTerminated(rest *[]byte, n uint32) ([]byte, bool) {
	b := *rest
	if uint64(n) >= uint64(len(b)) || b[n] != 0 {
		return nil, false
	}
	*rest = b[n+1:]
	return b[:n:n], true
}

// PairsSize is the length of the serialized form of headers in bytes, 0 for none.
func PairsSize(headers []Header) int {
	if len(headers) == 0 {
		return 0
	}
	n := 4 + 10*len(headers)
	for i := range headers {
		n += len(headers[i].Name) + len(headers[i].Value)
	}
	return n
}

// PutPairs serializes headers, at least one, into b, which is PairsSize long.
func PutPairs(b []byte, headers []Header) {
	binary.LittleEndian.PutUint32(b, uint32(len(headers)))
	at := 4 + 8*len(headers)
	for i := range headers {
		h := &headers[i]
		binary.LittleEndian.PutUint32(b[4+8*i:], uint32(len(h.Name)))
		binary.LittleEndian.PutUint32(b[8+8*i:], uint32(len(h.Value)))
		at += copy(b[at:], h.Name)
		b[at] = 0
		at += 1 + copy(b[at+1:], h.Value)
		b[at] = 0
		at++
	}
}
