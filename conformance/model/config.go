package model

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/host/headermap"
)

// config is a configuration that was accepted.
type config struct {
	header          string
	values          []string
	basic           *basic
	deny            deny
	requestHeaders  []headermap.Header
	responseHeaders []headermap.Header
	configHeader    string // "": off
	rateLimit       *rateLimit
	token           *tokenConfig
	callout         *calloutConfig
	logHeaders      bool
	metrics         bool
}

type basic struct {
	users map[string]string
	realm string
}

type deny struct {
	status  int
	body    string
	headers []headermap.Header
}

type rateLimit struct {
	tokens, refillMS int
	deny             deny
}

type service struct {
	cluster, authority, path string
	timeoutMS                int
}

type tokenConfig struct {
	service
	periodMS  int
	take, set string
}

type calloutConfig struct {
	service
	forward []string
	onError string
}

// readConfig is clause 1. It returns the configuration, or the text of the refusal for the log.
func readConfig(b []byte) (config, string) {
	c := config{
		header: "allow",
		values: []string{"true"},
		deny:   deny{403, "Forbidden by ASM Wasm Plugin", headermap.Of("content-type", "text/plain")},
	}
	if len(b) == 0 {
		return c, ""
	}
	top, refusal := document(b)
	if refusal != "" {
		return c, refusal
	}
	j := judge{}
	given := j.object("", top, map[string]read{
		"header":           func(p string, v value) { c.header = j.name(p, v) },
		"values":           func(p string, v value) { c.values = j.list(p, v, 1, math.MaxInt, j.fieldValue) },
		"basic":            func(p string, v value) { c.basic = j.basic(p, v) },
		"deny":             func(p string, v value) { c.deny = j.deny(p, v, c.deny) },
		"request_headers":  func(p string, v value) { c.requestHeaders = j.pairs(p, v) },
		"response_headers": func(p string, v value) { c.responseHeaders = j.pairs(p, v) },
		"config_header":    func(p string, v value) { c.configHeader = j.nameToSet(p, v) },
		"rate_limit":       func(p string, v value) { c.rateLimit = j.rateLimit(p, v) },
		"token":            func(p string, v value) { c.token = j.token(p, v) },
		"callout":          func(p string, v value) { c.callout = j.callout(p, v) },
		"log_headers":      func(p string, v value) { c.logHeaders = j.boolean(p, v) },
		"metrics":          func(p string, v value) { c.metrics = j.boolean(p, v) },
	})
	// Whether keys can be used together is checked last.
	if c.basic != nil {
		if given["header"] {
			j.fail("basic", "not together with header")
		}
		if given["values"] {
			j.fail("basic", "not together with values")
		}
		if given["config_header"] {
			j.fail("config_header", "not together with basic")
		}
		if !j.statusGiven {
			c.deny.status = 401
		} else if c.deny.status != 401 {
			j.fail("deny.status", "only 401 with basic")
		}
	}
	return c, j.refusal
}

// judge reads a document from its beginning to its end, and keeps the first reason to refuse it.
type judge struct {
	refusal     string
	statusGiven bool // deny.status is in the document
}

// read takes the value at a path.
type read func(path string, v value)

func (j *judge) fail(path, refusal string) {
	if j.refusal != "" {
		return
	}
	j.refusal = refusal
	if path != "" {
		j.refusal = path + ": " + refusal
	}
}

func (j *judge) is(path string, v value, want kind) bool {
	if v.kind != want {
		j.fail(path, "expected "+string(want))
	}
	return v.kind == want
}

// object reads the known members, and returns the names of those that are there.
func (j *judge) object(path string, v value, known map[string]read, required ...string) map[string]bool {
	given := map[string]bool{}
	if !j.is(path, v, anObject) {
		return given
	}
	for i, key := range v.keys {
		switch read, ok := known[key]; {
		case !ok:
			// fail would leave out the colon after the empty path of an empty key.
			if j.refusal == "" {
				j.refusal = join(path, shownKey(key)) + ": unknown key"
			}
		case given[key]:
			j.fail(join(path, key), "repeated key")
		default:
			given[key] = true
			read(join(path, key), v.values[i])
		}
	}
	for _, key := range required {
		if !given[key] {
			j.fail(join(path, key), "required")
		}
	}
	return given
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func (j *judge) text(path string, v value) string {
	j.is(path, v, aString)
	return v.text
}

// name is a header name in lower case.
func (j *judge) name(path string, v value) string {
	if j.is(path, v, aString) && !isToken(v.text) {
		j.fail(path, "not a header name")
	}
	return lower(v.text)
}

// nameToSet is the name of a header that the plugin puts on a message (1.2.8).
func (j *judge) nameToSet(path string, v value) string {
	name := j.name(path, v)
	switch name {
	case "connection", "content-length", "expect", "grpc-status", "host", "keep-alive", "proxy-connection", "te",
		"trailer", "transfer-encoding", "upgrade":
		j.fail(path, "not a header that may be set")
	}
	return name
}

// forwarded is the name of a header that is copied from the request to a call.
func (j *judge) forwarded(path string, v value) string {
	name := j.nameToSet(path, v)
	if name == "content-type" || strings.HasPrefix(name, "x-envoy-") {
		j.fail(path, "not a header that may be set")
	}
	return name
}

func (j *judge) fieldValue(path string, v value) string {
	if j.is(path, v, aString) && !fieldValue(v.text) {
		j.fail(path, "not a header value")
	}
	return v.text
}

func (j *judge) boolean(path string, v value) bool {
	j.is(path, v, aBoolean)
	return v.text == "true"
}

// maxItems is the greatest length of a list of names or pairs.
const maxItems = 64

func (j *judge) list(path string, v value, least, most int, read func(string, value) string) []string {
	var all []string
	if !j.is(path, v, anArray) {
		return nil
	}
	if len(v.values) < least {
		j.fail(path, "at least one item expected")
	}
	if len(v.values) > most {
		j.fail(path, fmt.Sprintf("more than %d items", most))
	}
	for i, item := range v.values {
		all = append(all, read(fmt.Sprintf("%s[%d]", path, i), item))
	}
	return all
}

func (j *judge) pairs(path string, v value) []headermap.Header {
	all := []headermap.Header{}
	if !j.is(path, v, anArray) {
		return nil
	}
	if len(v.values) > maxItems {
		j.fail(path, fmt.Sprintf("more than %d items", maxItems))
	}
	for i, item := range v.values {
		at := fmt.Sprintf("%s[%d]", path, i)
		if item.kind != anArray || len(item.values) != 2 {
			j.fail(at, "expected a pair")
			continue
		}
		all = append(all, headermap.Header{Name: j.nameToSet(at+"[0]", item.values[0]),
			Value: j.fieldValue(at+"[1]", item.values[1])})
	}
	return all
}

// integer is a number written without fraction and exponent (1.2.4), however long.
func (j *judge) integer(path string, v value, low, high int64) int {
	n, ok := new(big.Int).SetString(v.text, 10) // it refuses fractions and exponents
	if v.kind != aNumber || !ok {
		j.fail(path, "expected an integer")
		return 0
	}
	if n.Cmp(big.NewInt(low)) < 0 || n.Cmp(big.NewInt(high)) > 0 {
		j.fail(path, fmt.Sprintf("out of range %d to %d", low, high))
		return 0
	}
	return int(n.Int64())
}

// status is an HTTP status from 300 on that may have a body.
func (j *judge) status(path string, v value) int {
	n := j.integer(path, v, 300, 599)
	if n == 304 {
		j.fail(path, "not 304, which has no body")
	}
	return n
}

func (j *judge) deny(path string, v value, d deny) deny {
	given := j.object(path, v, map[string]read{
		"status":  func(p string, v value) { d.status = j.status(p, v) },
		"body":    func(p string, v value) { d.body = j.text(p, v) },
		"headers": func(p string, v value) { d.headers = j.pairs(p, v) },
	})
	if path == "deny" {
		j.statusGiven = given["status"]
	}
	return d
}

func (j *judge) basic(path string, v value) *basic {
	b := &basic{users: map[string]string{}, realm: "header-auth"}
	j.object(path, v, map[string]read{
		"users": func(p string, v value) { j.users(p, v, b.users) },
		"realm": func(p string, v value) {
			b.realm = v.text
			if j.is(p, v, aString) && !realm(v.text) {
				j.fail(p, "not a realm")
			}
		},
	}, "users")
	return b
}

// realm says whether a text needs no backslash in a quoted string.
func realm(s string) bool {
	return fieldValue(s) && !slices.ContainsFunc([]byte(s), func(c byte) bool { return c == '"' || c == '\\' })
}

// users reads the members, whose keys are user names.
func (j *judge) users(path string, v value, users map[string]string) {
	if !j.is(path, v, anObject) {
		return
	}
	if len(v.keys) == 0 {
		j.fail(path, "at least one item expected")
	}
	for i, user := range v.keys {
		at := path + "." + shownKey(user)
		if _, repeated := users[user]; repeated {
			j.fail(at, "repeated key")
		}
		if user == "" || hasControl(user) || slices.Contains([]byte(user), ':') {
			j.fail(at, "not a user name")
		}
		if j.is(at, v.values[i], aString) && hasControl(v.values[i].text) {
			j.fail(at, "not a password")
		}
		users[user] = v.values[i].text
	}
}

func (j *judge) rateLimit(path string, v value) *rateLimit {
	r := &rateLimit{deny: deny{403, "rate limited, wait and retry.", headermap.Of("powered-by", "header-auth")}}
	j.object(path, v, map[string]read{
		"tokens":    func(p string, v value) { r.tokens = j.integer(p, v, 1, 1_000_000) },
		"refill_ms": func(p string, v value) { r.refillMS = j.integer(p, v, 1, 86_400_000) },
		"deny":      func(p string, v value) { r.deny = j.deny(p, v, r.deny) },
	}, "tokens", "refill_ms")
	return r
}

// service reads the keys that token and callout share, and their own.
func (j *judge) service(path string, v value, s *service, own map[string]read) {
	s.timeoutMS = 5000
	text := func(refusal string, legal func(string) bool, to *string) read {
		return func(p string, v value) {
			*to = v.text
			if j.is(p, v, aString) && !legal(v.text) {
				j.fail(p, refusal)
			}
		}
	}
	own["cluster"] = text("not a cluster", func(s string) bool { return s != "" }, &s.cluster)
	own["authority"] = text("not an authority", func(s string) bool { return s != "" && fieldValue(s) }, &s.authority)
	own["path"] = text("not a path", urlPath, &s.path)
	own["timeout_ms"] = func(p string, v value) { s.timeoutMS = j.integer(p, v, 1, 3_600_000) }
	j.object(path, v, own, "cluster", "authority", "path")
}

func urlPath(s string) bool {
	return len(s) > 0 && s[0] == '/' && !hasControl(s) && !slices.Contains([]byte(s), ' ')
}

func (j *judge) token(path string, v value) *tokenConfig {
	t := &tokenConfig{periodMS: 15000, take: "authorization", set: "x-auth"}
	j.service(path, v, &t.service, map[string]read{
		"period_ms": func(p string, v value) { t.periodMS = j.integer(p, v, 1, 86_400_000) },
		"take":      func(p string, v value) { t.take = j.name(p, v) },
		"set":       func(p string, v value) { t.set = j.nameToSet(p, v) },
	})
	return t
}

func (j *judge) callout(path string, v value) *calloutConfig {
	c := &calloutConfig{onError: "deny"}
	j.service(path, v, &c.service, map[string]read{
		"forward": func(p string, v value) { c.forward = j.list(p, v, 0, maxItems, j.forwarded) },
		"on_error": func(p string, v value) {
			c.onError = v.text
			if j.is(p, v, aString) && v.text != "deny" && v.text != "allow" {
				j.fail(p, "expected deny or allow")
			}
		},
	})
	return c
}
