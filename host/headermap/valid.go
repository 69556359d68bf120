package headermap

import "strings"

// ValidName says whether a name is a token, after the colon of a pseudo-header (RFC 9110 5.1).
func ValidName(name string) bool {
	if name == "" {
		return false
	}
	if name[0] == ':' {
		name = name[1:]
	}
	for i := range len(name) {
		if charClass[name[i]]&tokenChar == 0 {
			return false
		}
	}
	return true
}

// ValidValue says whether a value is free of control bytes but HTAB; bytes from 0x80 on pass.
func ValidValue(value string) bool {
	for i := range len(value) {
		if charClass[value[i]]&valueChar == 0 {
			return false
		}
	}
	return true
}

// Fault is the first entry that Envoy's router does not send, in Envoy's words; empty when it sends them all.
func (m *Map) Fault() string {
	for _, e := range m.Entries {
		if !ValidValue(e.Value) {
			return "invalid header value for: " + e.Name
		}
		if e.Name != "" && !ValidName(e.Name) {
			return "invalid header name: " + e.Name
		}
	}
	return ""
}

const (
	tokenChar = 1 << iota
	valueChar
)

// charClass says where in a header a byte may stand.
var charClass = func() (class [256]byte) {
	for c := range class {
		if c >= ' ' && c != 0x7f || c == '\t' {
			class[c] |= valueChar
		}
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' ||
			c < 0x80 && strings.IndexByte("!#$%&'*+-.^_`|~", byte(c)) >= 0 && c != 0 {
			class[c] |= tokenChar
		}
	}
	return class
}()
