package host

import (
	"encoding/binary"
	"math"
)

// Limits of a serialized header map that comes from a guest (proxy-wasm-cpp-host, limits.h).
const (
	pairsBytes = 1 << 20
	pairsCount = 1024
)

// pair is a header in linear memory.
type pair struct{ name, value []byte }

// parsePairs reads a serialized header map: u32 count; for each pair u32 name length, u32 value length; then for each
// name, NUL, value, NUL. Anything wrong with it makes it a map without entries, which is what Envoy sees too.
func parsePairs(into []pair, b []byte) []pair {
	into = into[:0]
	if len(b) < 4 || len(b) > pairsBytes {
		return into
	}
	n := int(le32(b))
	if n > pairsCount || 4+8*n > len(b) {
		return into
	}
	lengths, rest := b[4:4+8*n], b[4+8*n:]
	for i := range n {
		name, ok := cutTerminated(&rest, le32(lengths[8*i:]))
		if !ok {
			return into[:0]
		}
		value, ok := cutTerminated(&rest, le32(lengths[8*i+4:]))
		if !ok {
			return into[:0]
		}
		into = append(into, pair{name, value})
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

// pairsSize is the length of the serialized form of headers, 0 for none.
func pairsSize(headers []Header) int {
	if len(headers) == 0 {
		return 0
	}
	n := 4 + 10*len(headers)
	for i := range headers {
		n += len(headers[i].Name) + len(headers[i].Value)
	}
	return n
}

// putPairs serializes headers into b, which is pairsSize long.
func putPairs(b []byte, headers []Header) {
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

// givePairs hands a serialized header map to the guest; an empty one is address 0 and length 0.
func (vm *VM) givePairs(headers []Header, outPtr, outLen uint32) Status {
	n := pairsSize(headers)
	if n > math.MaxInt32 {
		return StatusInvalidMemoryAccess
	}
	var ptr uint32
	if n > 0 {
		p, view, ok := vm.alloc(uint32(n))
		if !ok {
			return StatusInvalidMemoryAccess
		}
		putPairs(view, headers)
		ptr = p
	}
	return vm.giveRange(ptr, uint32(n), outPtr, outLen)
}
