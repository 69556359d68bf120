// auth.go: the decision. Twin: auth.rs.

package main

import "slices"

// decide allows a request whose header occurs exactly once, with one of the values byte for byte.
func decide(c *config, buffer string) verdict {
	if c.basic != nil {
		authorization, found := findOne(buffer, credentialsHeader)
		if found != allowed {
			return found
		}
		return c.basic.check(authorization)
	}
	sent, found := findOne(buffer, c.header)
	if found != allowed {
		return found
	}
	if !slices.Contains(c.values, sent) {
		return mismatch
	}
	return allowed
}
