// response.go: what is put on a request that goes on, and on every response, the plugin's own refusals included.
// Twin: response.rs.

package main

// changeRequest: a request goes on only with all that is to be put on it.
func changeRequest(c *config) verdict {
	for _, p := range c.requestHeaders {
		if !replaceHeader(mapRequestHeaders, p.name, p.value) {
			return malformed
		}
	}
	return allowed
}

// changeResponse leaves out what the host does not take: the response goes on all the same.
func changeResponse(c *config) {
	for _, p := range c.responseHeaders {
		addHeader(mapResponseHeaders, p.name, p.value)
	}
	if c.configHeader != nil {
		replaceHeader(mapResponseHeaders, c.configHeader.name, c.configHeader.value)
	}
	if c.token != nil && c.token.value != "" {
		replaceHeader(mapResponseHeaders, c.token.set, c.token.value)
	}
}
