// headers.go: what a header name and a header value are. Twin: headers.rs.

package main

import "slices"

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

// reservedNames frame a message or belong to one hop. Envoy sends what a plugin sets under such a name, and its peer
// then sees another end of the message than Envoy does, or another connection. With grpc-status a refusal could read as
// OK.
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
