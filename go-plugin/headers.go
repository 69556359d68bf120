// headers.go: header names and values, and the serialized form in which lists of them cross the ABI. Twin: headers.rs.

package main

import "slices"

type pair struct{ name, value string }

// pairReader walks a serialized header map: u32 count, then for each pair u32 name size and u32 value size, then
// for each pair name NUL value NUL, all little-endian. Nothing at all is an empty map. The sizes come from outside
// and are believed only after they were held against the buffer.
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
	name, value := uint32At(p.buffer, p.sizes), uint32At(p.buffer, p.sizes+4)
	rest := p.buffer[p.data:]
	if uint64(name)+uint64(value)+2 > uint64(len(rest)) {
		p.malformed = true
		return false
	}
	middle, end := int(name), int(name)+1+int(value)
	if rest[middle] != 0 || rest[end] != 0 {
		p.malformed = true
		return false
	}
	p.name, p.value = rest[:middle], rest[middle+1:end]
	p.sizes, p.data, p.left = p.sizes+8, p.data+end+1, p.left-1
	return true
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

func uint32At(s string, i int) uint32 {
	return uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16 | uint32(s[i+3])<<24
}

// encodePairs is the way back, done once for each list in the configuration.
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

// sameName says whether a name equals one in lower case. Only ASCII letters fold: Unicode would make the Kelvin sign
// a k.
func sameName(name, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	for i := range len(name) {
		if toLower(name[i]) != lower[i] {
			return false
		}
	}
	return true
}

func lowerName(name string) string {
	lower := []byte(name)
	for i, c := range lower {
		lower[i] = toLower(c)
	}
	return string(lower)
}

func toLower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// isName: a token, RFC 9110 section 5.6.2.
func isName(s string) bool {
	for i := range len(s) {
		if !isTokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func isTokenByte(c byte) bool {
	switch c {
	case '!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~':
		return true
	}
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// reservedNames frame a message or belong to one hop. Envoy sends what a plugin sets under such a name, and its peer then
// sees another end of the message than Envoy does, or another connection. With grpc-status a refusal could read as OK.
var reservedNames = []string{"connection", "content-length", "expect", "grpc-status", "host", "keep-alive",
	"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}

// isReserved takes a name in lower case.
func isReserved(name string) bool { return slices.Contains(reservedNames, name) }

// isValue: a field-value, RFC 9110 section 5.5, which may be empty.
func isValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return s == "" || !isBlank(s[0]) && !isBlank(s[len(s)-1])
}

func hasControl(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return true
		}
	}
	return false
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
