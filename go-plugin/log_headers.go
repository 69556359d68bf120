// log_headers.go: the key `log_headers`, a line for each header, with credentials masked. Twin: log_headers.rs.

package main

import "slices"

const loggedValueBytesMax = 256

// credentialHeaders are masked whatever the configuration.
var credentialHeaders = []string{"authorization", "proxy-authorization", "cookie", "set-cookie", "x-auth",
	"x-auth-token", "x-access-token", "x-api-key", "api-key", "x-amz-security-token", "x-csrf-token", "x-xsrf-token",
	"x-goog-iap-jwt-assertion"}

// logHeaders logs a header map, or nothing of one that is malformed. All lines are made in one buffer.
func logHeaders(c *config, side, buffer string) {
	if !isWellFormed(buffer) {
		return
	}
	var line []byte
	for pairs := readPairs(buffer); pairs.next(); {
		line = append(append(line[:0], side...), " header "...)
		line = append(appendPrintable(line, pairs.name), ": "...)
		if isCredential(c, pairs.name) {
			line = append(line, "***"...)
		} else {
			line = appendPrintable(line, pairs.value[:min(len(pairs.value), loggedValueBytesMax)])
		}
		logBytes(levelInfo, line)
	}
}

func isCredential(c *config, name string) bool {
	return sameName(name, c.header) ||
		slices.ContainsFunc(credentialHeaders, func(credential string) bool { return sameName(name, credential) }) ||
		c.token != nil && (sameName(name, c.token.take) || sameName(name, c.token.set))
}

func appendPrintable(line []byte, s string) []byte {
	start := len(line)
	line = append(line, s...)
	for i, c := range line[start:] {
		if c < ' ' || c > '~' {
			line[start+i] = '?'
		}
	}
	return line
}
