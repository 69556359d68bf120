// ratelimit.go: the key `rate_limit`, a bucket of tokens for each plugin context. Twin: ratelimit.rs.

package main

type rateLimit struct {
	tokens     int64
	refillTime uint64 // nanoseconds
	deny       *deny

	left   int64
	filled uint64 // when: nanoseconds of the host's clock
}

func readRateLimit(path string, v value) (*rateLimit, error) {
	r := &rateLimit{deny: &deny{
		status: 403,
		body:   "rate limited, wait and retry.",
		pairs:  []pair{{"powered-by", "header-auth"}},
	}}
	err := readObject(path, v, func(path, key string, v value) (err error) {
		switch key {
		case "tokens":
			r.tokens, err = readInteger(path, v, 1, 1_000_000)
		case "refill_ms":
			var refill int64
			refill, err = readInteger(path, v, 1, 86_400_000)
			r.refillTime = uint64(refill) * 1_000_000
		case "deny":
			err = readDeny(path, v, r.deny)
		default:
			err = faultAt(path, unknownKey)
		}
		return err
	})
	switch {
	case err != nil:
	case r.tokens == 0:
		err = faultAt(member(path, "tokens"), required)
	case r.refillTime == 0:
		err = faultAt(member(path, "refill_ms"), required)
	}
	r.deny.encode()
	return r, err
}

func (r *rateLimit) fill(now uint64) { r.left, r.filled = r.tokens, now }

// take takes a token, if there is one. A clock that goes backwards fills nothing.
func (r *rateLimit) take(now uint64) bool {
	if now > r.filled && now-r.filled > r.refillTime {
		r.fill(now)
	}
	if r.left == 0 {
		return false
	}
	r.left--
	return true
}
