// auth.go: the decision. Twin: auth.rs.

package main

type verdict uint8

const (
	allowed verdict = iota
	missing
	repeated
	mismatch
	malformed
	rateLimited
	calloutRefused
	unanswered
)

// line is what a refusal logs: the verdict, and nothing of what the client sent.
func (v verdict) line() string {
	switch v {
	case missing:
		return "refused: missing"
	case repeated:
		return "refused: repeated"
	case mismatch:
		return "refused: mismatch"
	case malformed:
		return "refused: malformed"
	case rateLimited:
		return "refused: rate limited"
	case calloutRefused:
		return "refused: callout"
	case unanswered:
		return "refused: callout unanswered"
	}
	return ""
}

// decide allows a request whose header occurs exactly once, with one of the values byte for byte.
func decide(c *config, buffer string) verdict {
	if c.basic != nil {
		authorization, verdict := findOne(buffer, credentialsHeader)
		if verdict != allowed {
			return verdict
		}
		return c.basic.check(authorization)
	}
	value, verdict := findOne(buffer, c.header)
	if verdict != allowed {
		return verdict
	}
	for _, accepted := range c.values {
		if value == accepted {
			return allowed
		}
	}
	return mismatch
}

// findOne gives the value of a header that occurs exactly once. Every pair is looked at before anything is said: the
// second of two is what a server behind the proxy may act upon.
func findOne(buffer, name string) (string, verdict) {
	count, value := 0, ""
	pairs := readPairs(buffer)
	for pairs.next() {
		if sameName(pairs.name, name) {
			count++
			value = pairs.value
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
	return value, allowed
}
