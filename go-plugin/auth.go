// auth.go: the decision. Twin: auth.rs.

package main

type verdict uint8

const (
	allowed verdict = iota
	missing
	repeated
	mismatch
	malformed
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
	}
	return ""
}

// decide allows a request whose header occurs exactly once, with one of the values byte for byte. Every pair is
// looked at before anything is said: the second of two is what a server behind the proxy may act upon.
func decide(c *config, buffer string) verdict {
	count, value := 0, ""
	pairs := readPairs(buffer)
	for pairs.next() {
		if sameName(pairs.name, c.header) {
			count++
			value = pairs.value
		}
	}
	switch {
	case pairs.malformed:
		return malformed
	case count == 0:
		return missing
	case count > 1:
		return repeated
	}
	for _, accepted := range c.values {
		if value == accepted {
			return allowed
		}
	}
	return mismatch
}
