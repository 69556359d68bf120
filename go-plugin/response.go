// response.go: what is put on a request that goes on, and on every response, the plugin's own refusals included.
// Twin: response.rs.

package main

import "strings"

const configHeaderBytesMax = 4096

// changeRequest says whether all of it could be done.
func changeRequest(c *config) bool {
	for _, p := range c.requestHeaders {
		if !replaceHeader(mapRequestHeaders, p.name, p.value) {
			return false
		}
	}
	return true
}

// changeResponse leaves out what the host does not take: the response goes on all the same.
func changeResponse(c *config) {
	for _, p := range c.responseHeaders {
		addHeader(mapResponseHeaders, p.name, p.value)
	}
	if c.configText != "" {
		replaceHeader(mapResponseHeaders, c.configHeader, c.configText)
	}
	if c.token != nil && c.token.value != "" {
		replaceHeader(mapResponseHeaders, c.token.set, c.token.value)
	}
}

// configText is a configuration made safe for a header.
func configText(document string) string {
	text := []byte(document[:min(len(document), configHeaderBytesMax)])
	for i, c := range text {
		switch {
		case c < ' ':
			text[i] = ' '
		case c >= 0x7f:
			text[i] = '?'
		}
	}
	return strings.Trim(string(text), " ")
}
