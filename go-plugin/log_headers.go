// log_headers.go: the key `log_headers`, a line for each header, with credentials masked. Twin: log_headers.rs.

package main

import "slices"

const loggedValueBytesMax = 256

// credentialHeaders are masked whatever the configuration.
var credentialHeaders = []string{"authorization", "proxy-authorization", "cookie", "set-cookie", "x-auth",
	"x-auth-token", "x-access-token", "x-api-key", "api-key", "x-amz-security-token", "x-csrf-token", "x-xsrf-token",
	"x-goog-iap-jwt-assertion"}

// logHeaders logs a header map, or nothing of one that is malformed.
func logHeaders(c *config, side, buffer string) {
	if !isWellFormed(buffer) {
		return
	}
	for pairs := readPairs(buffer); pairs.next(); {
		value := "***"
		if !isCredential(c, pairs.name) {
			value = printable(pairs.value[:min(len(pairs.value), loggedValueBytesMax)])
		}
		log(levelInfo, side+" header "+printable(pairs.name)+": "+value)
	}
}

func isCredential(c *config, name string) bool {
	return sameName(name, c.header) ||
		slices.ContainsFunc(credentialHeaders, func(credential string) bool { return sameName(name, credential) }) ||
		c.token != nil && (sameName(name, c.token.take) || sameName(name, c.token.set))
}

func printable(s string) string {
	text := []byte(s)
	for i, c := range text {
		if c < ' ' || c > '~' {
			text[i] = '?'
		}
	}
	return string(text)
}
