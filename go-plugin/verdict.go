// verdict.go: the outcome of a check. Twin: verdict.rs.

package main

// verdict says whether a request is allowed, or why it is refused.
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

// line is what a refusal logs: the reason, and nothing of what the client sent.
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
