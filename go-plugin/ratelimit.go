// ratelimit.go: the key `rate_limit`, a bucket of tokens for each plugin context. Twin: ratelimit.rs.

package main

type rateLimit struct {
	tokens     uint32
	refillTime uint64 // nanoseconds
	deny       *deny

	left   uint32
	filled uint64 // when: nanoseconds of the host's clock
}

func readRateLimit(at *place, v jsonValue) (*rateLimit, error) {
	r := &rateLimit{deny: &deny{body: "rate limited, wait and retry.", pairs: []pair{{"powered-by", "header-auth"}}}}
	var refillMS uint32
	err := readObject(at, v, func(at *place, key string, v jsonValue) (err error) {
		switch key {
		case "tokens":
			r.tokens, err = readInteger(at, v, 1, 1_000_000)
		case "refill_ms":
			refillMS, err = readInteger(at, v, 1, 86_400_000)
		case "deny":
			err = readDeny(at, v, r.deny)
		default:
			err = faultAt(at, unknownKey)
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case r.tokens == 0:
		return nil, required(at, "tokens")
	case refillMS == 0:
		return nil, required(at, "refill_ms")
	}
	r.refillTime = uint64(refillMS) * 1_000_000
	r.deny.encode()
	return r, nil
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
