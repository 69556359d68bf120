package fuzz

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// configuration is a legal one, or one with a fault or two.
func (d *dice) configuration(keys []string) []byte {
	if d.oneIn(24) {
		return nil
	}
	c := d.legalConfiguration(keys)
	for range d.below(4) - 1 {
		c = d.withFault(c, keys)
	}
	return []byte(c)
}

// legalConfiguration is a configuration without a fault, except that it may contain keys that exclude each other.
func (d *dice) legalConfiguration(keys []string) string {
	var members []string
	for range d.below(9) {
		key := pick(d, keys...)
		if d.oneIn(16) || !strings.Contains(strings.Join(members, ","), `"`+key+`":`) {
			members = append(members, d.key(key)+d.blank()+":"+d.blank()+d.value(key))
		}
	}
	return d.blank() + "{" + strings.Join(members, d.blank()+","+d.blank()) + "}" + d.blank()
}

func (d *dice) blank() string {
	if d.oneIn(8) {
		return pick(d, " ", "\n", "\t", "\r", "  ")
	}
	return ""
}

// key is a key in quotes, sometimes with an escape.
func (d *dice) key(k string) string {
	if d.oneIn(16) {
		k = fmt.Sprintf(`\u%04x`, k[0]) + k[1:]
	}
	return `"` + k + `"`
}

// allKeys are all keys that a configuration may have.
var allKeys = []string{"header", "values", "deny", "basic", "request_headers", "response_headers", "config_header",
	"rate_limit", "token", "callout", "log_headers", "metrics"}

func (d *dice) value(key string) string {
	switch key {
	case "header", "config_header":
		return d.name()
	case "values":
		return d.list(1, d.fieldValue)
	case "deny":
		return d.deny()
	case "basic":
		users := d.list(1, func() string { return d.user() + ":" + pick(d, `"passw0rd"`, `""`, `"a:b"`, `"é"`) })
		return d.object([]string{`"users":{` + users[1:len(users)-1] + "}"},
			`"realm":`+pick(d, `"shop"`, `""`, `"a b"`, `"é"`))
	case "request_headers", "response_headers":
		return d.pairs()
	case "rate_limit":
		return d.object([]string{fmt.Sprintf(`"tokens":%d`, pick(d, 1, 2, 3, 1_000_000)),
			d.time("refill_ms", 1000, 1, 999, 86_400_000)}, `"deny":`+d.deny())
	case "token":
		must, take := append(d.service(), d.time("period_ms", 1000, 400, 1000, 400, 400, 86_400_000)), `"authorization"`
		if d.oneIn(2) {
			take = d.name()
			must = append(must, `"take":`+take)
		}
		d.takes = append(d.takes, strings.ToLower(strings.Trim(take, `"`)))
		return d.object(must, d.time("timeout_ms", 500, 1, 3_600_000), `"set":`+d.name())
	case "callout":
		return d.object(d.service(), d.time("timeout_ms", 500, 1, 3_600_000), `"forward":`+d.list(0, d.name),
			`"on_error":`+pick(d, `"deny"`, `"allow"`))
	}
	return pick(d, "true", "false")
}

// time is a member with a time in milliseconds; later steps use the same times again.
func (d *dice) time(key string, ms ...int) string {
	d.times = append(d.times, pick(d, ms...))
	return fmt.Sprintf(`"%s":%d`, key, d.times[len(d.times)-1])
}

func (d *dice) service() []string {
	return []string{`"cluster":` + pick(d, `"auth"`, `"tokens"`, `"auth"`, `"tokens"`, `"nowhere"`, `"ü"`),
		`"authority":` + pick(d, `"auth.example"`, `"a"`), `"path":` + pick(d, `"/"`, `"/check?x=1"`, `"/é"`)}
}

func (d *dice) deny() string {
	return d.object(nil, `"status":`+pick(d, "403", "401", "300", "599", "429"),
		`"body":`+pick(d, `""`, `"no"`, `"a\u0000b\r\n"`, `"é\ud83d\ude00"`), `"headers":`+d.pairs())
}

// object has all required members and some of the optional ones, in any order.
func (d *dice) object(must []string, may ...string) string {
	members := append([]string(nil), must...)
	for _, m := range may {
		if d.oneIn(2) {
			members = append(members, m)
		}
	}
	for i := len(members) - 1; i > 0; i-- {
		j := d.below(i + 1)
		members[i], members[j] = members[j], members[i]
	}
	return "{" + strings.Join(members, ",") + "}"
}

func (d *dice) list(least int, item func() string) string {
	var items []string
	for range least + d.below(3) {
		items = append(items, item())
	}
	return "[" + strings.Join(items, ",") + "]"
}

func (d *dice) pairs() string {
	if d.oneIn(32) {
		return "[" + strings.Repeat(`["x-a","1"],`, pick(d, 63, 64)) + `["x-b","2"]]`
	}
	return d.list(0, func() string { return "[" + d.name() + "," + d.fieldValue() + "]" })
}

func (d *dice) user() string { return pick(d, `"admin"`, `"ünal"`, `"a b"`, `"x"`) }

func (d *dice) name() string {
	return pick(d, `"allow"`, `"Allow"`, `"x-a"`, `"x-a"`, `"cookie"`, `"x-a"`, `"X_A"`, `"x-auth"`, `"a"`,
		"\"!#$%&'*+-.^_`|~09\"", `"ALLOW"`, `"x-user"`)
}

func (d *dice) fieldValue() string {
	return pick(d, `"true"`, `""`, `"True"`, `"a\tb"`, `"tr\u0075e"`, `"true,true"`, `"é"`, `"\u212a"`, `"k"`,
		`"ß"`, `"a b"`, `"\ud83d\ude00"`, `"\\ud800"`, `"a\/b"`, `"\""`)
}

// withFault puts a fault into a configuration, or something that looks like one.
func (d *dice) withFault(c string, keys []string) string {
	at := d.below(len(c) + 1)
	end := min(len(c), at+1+d.below(4))
	quoted := strings.Split(c, `"`)
	token := d.below(len(quoted))
	switch d.below(11) {
	case 0: // special bytes anywhere
		return c[:at] + d.strangeText() + c[at:]
	case 1:
		return c[:at] + c[end:]
	case 2:
		return c[:at] + c[at:end] + c[at:end] + c[end:]
	case 3: // special bytes at the end of a text, of a key or between them
		quoted[token] += d.strangeText()
		return strings.Join(quoted, `"`)
	case 4:
		quoted[token] = pick(d, "", "unknown", pick(d, keys...), "status", " ", "a:b", "users", "0", strings.Repeat("k", 65))
		return strings.Join(quoted, `"`)
	case 5: // another value for a key
		if i := strings.IndexByte(c[at:], ':'); i >= 0 {
			rest := c[at+i+1:]
			to := strings.IndexAny(rest, ",}]")
			return c[:at+i+1] + d.wrongValue() + rest[max(0, to):]
		}
		return c
	case 6:
		return strings.Replace(c, ":", ":"+strings.Repeat("[", d.below(12)), 1)
	case 7:
		if i := strings.LastIndexByte(c, '}'); i > 0 {
			return c[:i] + "," + pick(d, `"x":1`, `"header":"x"`, `"deny":{"status":404}`, `"":1`, `"clé":1`, "") + c[i:]
		}
		return c
	case 8: // nothing but one key with a wrong value
		return fmt.Sprintf(`{%q:%s}`, pick(d, keys...), d.wrongValue())
	case 9: // a field of a protobuf message, or almost
		return pick(d, "\n", "\x12", "*") + string(binary.AppendUvarint(nil, uint64(len(c)+d.below(2)))) + c
	}
	return c[:at] + d.wrongValue() + c[end:]
}

// wrongValue is a value that is wrong in most places.
func (d *dice) wrongValue() string {
	return pick(d, "null", "true", "1", "0", "-0", "-1", "403.0", "4e2", "1e999", "299", "600", "18446744073709551616",
		"4294967699", "007",
		`""`, `" x"`, `"x "`, `"a\nb"`, `"\u007f"`, `"\ud800"`, `"a:b"`, `"é"`, "[]", "{}", "[[]]", `["a"]`, `["host"]`,
		`"te"`, `"Content-Length"`, `[["transfer-encoding","chunked"]]`, `{"forward":["a","Upgrade"]}`, `{"set":"expect"}`,
		`{"headers":[["trailer",""]]}`, `{"status":304}`, "304", `[["a"]]`, `[["a","b","c"]]`,
		`[["a",1]]`, `{"a":1}`, `[1]`, `[["a","b"],["A","\r"]]`, `{"status":200}`, `{"users":{}}`, `{"users":{"a:b":"x"}}`,
		`{"tokens":0}`, `{"users":{"a":"b","a":"c"}}`, `{"tokens":1}`, `{"refill_ms":86400001,"tokens":1}`,
		`{"on_error":"no"}`, `{"path":"x"}`, `{"users":{"":"\t"}}`)
}

func (d *dice) strangeText() string {
	return pick(d, "\xff", "\xef\xbb\xbf", "\x00", "\x7f", "\xc0\xaf", "\xed\xa0\x80", `\ud800`, `\udc00`, `\ud83d\ude00`,
		`\u0000`, `\u004`, `\x`, `\`, `"`, "[", "]", "{", "}", ",", ":", "\f", "\u2028", "/", "'", "//", "\u212a", "ſ", ".0",
		"e1", "-", "\ufeff", "é", " ", "\t")
}
