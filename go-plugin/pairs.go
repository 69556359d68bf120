// pairs.go: lists of headers, and the serialized form in which they cross the ABI. Twin: pairs.rs.

package main

type pair struct{ name, value string }

// pairReader walks a serialized header map: u32 count, then for each pair u32 name size and u32 value size, then for
// each pair name NUL value NUL, all little-endian. No bytes at all are an empty map. The sizes come from outside: each
// is checked against the buffer before it is used.
type pairReader struct {
	name, value string // of the current pair: parts of the buffer, no copies
	malformed   bool   // known when next has returned false
	buffer      string
	sizes       int // offset of the next pair's sizes
	data        int // offset of the next pair's name; also where the sizes end
	left        int // pairs to come
}

func readPairs(buffer string) pairReader {
	if len(buffer) == 0 {
		return pairReader{}
	}
	if len(buffer) < 4 {
		return pairReader{malformed: true}
	}
	count := uint32At(buffer, 0)
	if uint64(count) > uint64(len(buffer)-4)/8 {
		return pairReader{malformed: true}
	}
	return pairReader{buffer: buffer, sizes: 4, data: 4 + 8*int(count), left: int(count)}
}

func (p *pairReader) next() bool {
	if p.malformed {
		return false
	}
	if p.left == 0 {
		p.malformed = p.data != len(p.buffer)
		return false
	}
	nameSize, valueSize := uint32At(p.buffer, p.sizes), uint32At(p.buffer, p.sizes+4)
	rest := p.buffer[p.data:]
	if uint64(nameSize)+uint64(valueSize)+2 > uint64(len(rest)) {
		p.malformed = true
		return false
	}
	middle, end := int(nameSize), int(nameSize)+1+int(valueSize)
	if rest[middle] != 0 || rest[end] != 0 {
		p.malformed = true
		return false
	}
	p.name, p.value = rest[:middle], rest[middle+1:end]
	p.sizes, p.data, p.left = p.sizes+8, p.data+end+1, p.left-1
	return true
}

func uint32At(s string, i int) uint32 {
	return uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16 | uint32(s[i+3])<<24
}

// allPairs gives them as a list, for a reader that looks at them many times: in TinyGo a walk costs ten times as much.
func allPairs(buffer string) []pair {
	pairs := readPairs(buffer)
	all := make([]pair, 0, pairs.left)
	for pairs.next() {
		all = append(all, pair{pairs.name, pairs.value})
	}
	return all
}

// isWellFormed looks at every pair.
func isWellFormed(buffer string) bool {
	pairs := readPairs(buffer)
	for pairs.next() {
	}
	return !pairs.malformed
}

// findOne gives the value of a header that occurs exactly once, and allowed; or the reason to refuse. All pairs are
// read before there is an answer: when there are two, a server behind the proxy may use the second.
func findOne(buffer, name string) (string, verdict) {
	count, one := 0, ""
	pairs := readPairs(buffer)
	for pairs.next() {
		if sameName(pairs.name, name) {
			count++
			one = pairs.value
		}
	}
	switch {
	case pairs.malformed:
		return "", malformed
	case count == 0:
		return "", missing
	case count > 1:
		return "", repeated
	}
	return one, allowed
}

// encodePairs serializes pairs, once for each list in the configuration.
func encodePairs(pairs []pair) string {
	buffer := appendUint32(nil, len(pairs))
	for _, p := range pairs {
		buffer = appendUint32(buffer, len(p.name))
		buffer = appendUint32(buffer, len(p.value))
	}
	for _, p := range pairs {
		buffer = append(buffer, p.name...)
		buffer = append(buffer, 0)
		buffer = append(buffer, p.value...)
		buffer = append(buffer, 0)
	}
	return string(buffer)
}

func appendUint32(buffer []byte, n int) []byte {
	return append(buffer, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
}
