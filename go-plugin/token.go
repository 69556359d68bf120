// token.go: the key `token`, a header that is fetched on a tick and put on every response. Twin: token.rs.

package main

import "strings"

type token struct {
	service
	period    uint32 // milliseconds
	take, set string // lower case

	value string // the last good one, empty until there is one
}

func readToken(at *place, v jsonValue) (*token, error) {
	t := &token{service: newService(), period: 15000, take: "authorization", set: "x-auth"}
	err := readObject(at, v, func(at *place, key string, v jsonValue) (err error) {
		switch key {
		case "period_ms":
			t.period, err = readInteger(at, v, 1, 86_400_000)
		case "take":
			t.take, err = readHeaderName(at, v)
		case "set":
			t.set, err = readNameToSet(at, v)
		default:
			err = t.readMember(at, key, v)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return t, t.complete(at)
}

func (t *token) fetch() {
	if !t.ask(nil, t.learn) {
		logLine(levelWarn, "token: not asked")
	}
}

// learn takes the token from an answer. Whatever else comes, the last good one is kept.
func (t *token) learn(headers, trailers int) {
	r := readReply(new(answer), headers, trailers)
	switch {
	case !r.answered:
		logLine(levelWarn, "token: no answer")
	case r.status == "":
		logLine(levelWarn, "token: status unreadable")
	case r.status != "200":
		logLine(levelWarn, "token: status "+r.status)
	default:
		sent, found := findOne(r.pairs, t.take)
		if found != allowed || sent == "" || !isValue(sent) {
			logLine(levelWarn, "token: no value")
			return
		}
		t.value = strings.Clone(sent) // sent is a part of the answer, and would keep all of it in memory
	}
}
