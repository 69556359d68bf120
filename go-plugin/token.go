// token.go: the key `token`, a header that is fetched on a tick and put on every response. Twin: token.rs.

package main

type token struct {
	service
	period    uint32 // milliseconds
	take, set string // lower case

	value string // the last good one, empty until there is one
}

func readToken(path string, v value) (*token, error) {
	t := &token{service: service{timeout: 5000}, period: 15000, take: "authorization", set: "x-auth"}
	err := readObject(path, v, func(path, key string, v value) (err error) {
		switch key {
		case "period_ms":
			var period int64
			period, err = readInteger(path, v, 1, 86_400_000)
			t.period = uint32(period)
		case "take":
			t.take, err = readHeaderName(path, v)
		case "set":
			t.set, err = readNameToSet(path, v)
		default:
			err = t.readMember(path, key, v)
		}
		return err
	})
	if err == nil {
		err = t.complete(path)
	}
	return t, err
}

func (t *token) fetch() {
	if !t.ask(nil, t.learn) {
		log(levelWarn, "token: not asked")
	}
}

// learn takes the token from an answer. Whatever else comes, the last good one is kept.
func (t *token) learn(headers, trailers int) {
	r := readReply(new(answer), headers, trailers)
	switch {
	case !r.answered:
		log(levelWarn, "token: no answer")
	case r.status == "":
		log(levelWarn, "token: status unreadable")
	case r.status != "200":
		log(levelWarn, "token: status "+r.status)
	default:
		value, found := findOne(r.pairs, t.take)
		if found != allowed || value == "" || !isValue(value) {
			log(levelWarn, "token: no value")
			return
		}
		t.value = string([]byte(value)) // a copy: the answer may be given back
	}
}
