package fuzz

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// request is one that mostly has the right key, sometimes a distorted one, sometimes none.
func (d *dice) request(key headermap.Header) *table.Request {
	r := &table.Request{Response: table.Message{Headers: headermap.Of(":status", pick(d, "200", "404", "503"))}}
	r.Headers = headermap.Of(":authority", "shop.example", ":path", pick(d, "/", "/?allow=true"),
		":method", pick(d, "GET", "HEAD", "POST"), ":scheme", "http")
	r.Headers = append(r.Headers, d.headers(5)...)
	if !d.oneIn(4) {
		if d.oneIn(5) {
			key.Value = d.distorted(key.Value)
		}
		r.Headers = slices.DeleteFunc(r.Headers, func(h headermap.Header) bool { return h.Name == key.Name })
		r.Headers = append(r.Headers, key)
	}
	if d.oneIn(12) {
		r.Headers = append(r.Headers, headermap.Header{Name: "content-type", Value: pick(d, "application/grpc",
			"application/grpc+proto", "text/plain")})
	}
	if d.oneIn(4) {
		r.Body = [][]byte{[]byte("allow: true")}
	}
	if d.oneIn(8) {
		r.Trailers = []headermap.Header{d.header()}
	}
	r.Response.Headers = append(r.Response.Headers, d.headers(3)...)
	if d.oneIn(4) {
		r.Response.Body = [][]byte{[]byte("ok")}
	}
	if d.changing {
		// Envoy aborts a request with an illegal name or value once a plugin has changed its headers.
		r.Headers = slices.DeleteFunc(r.Headers, func(h headermap.Header) bool {
			return strings.ContainsAny(h.Name+h.Value, "\x00\r\n \u212a") && h.Name != key.Name || strings.Contains(h.Name,
				"\xff") || h.Name == ""
		})
	}
	return r
}

// headers are fewer than most; some names occur twice, with different values.
func (d *dice) headers(most int) []headermap.Header {
	var all []headermap.Header
	for range d.below(most) {
		h := d.header()
		if len(all) > 0 && d.oneIn(2) {
			h.Name = pick(d, all...).Name
		}
		all = append(all, h)
	}
	return all
}

func (d *dice) header() headermap.Header {
	name := pick(d, "allow", "allow", "x-a", "x-a", "x-a", "x_a", "x-auth", "a", "!#$%&'*+-.^_`|~09", "x-user", "cookie",
		"x-api-key", "accept",
		"allow ", "\u212a", "x\xff", "", "al\x00low")
	value := pick(d, "true", "true", "true", "", "True", "a\tb", "true,true", " true", "true ", "é", "\u212a", "K", "k",
		"ß", "ss", "a b", "😀",
		`\ud800`, "a/b", `"`, "\xff", "true\x00", "tru\u0065\u0301", "\r\n", strings.Repeat("v", 300))
	if d.oneIn(12) {
		name, value = "authorization", d.authorization()
	}
	return headermap.Header{Name: name, Value: value}
}

// authorization mostly has the credentials of a user from a configuration.
func (d *dice) authorization() string {
	return pick(d, "Basic ", "basic  ", "BASIC ", "Basic", "Basic\t", "Bearer ", "") + pick(d,
		"YWRtaW46cGFzc3cwcmQ=", "YWRtaW46cGFzc3cwcmQ", "YWRtaW46cGFzc3cwcmR=", "YWRtaW46", "w7xuYWw6w6k=", "eDphOmI=",
		"eDphOmI= ", "YWRtaW4=",
		"OnBhc3N3MHJk", "", "=", "YWRt\naW46cGFzc3cwcmQ=", "YSBiOg==", "YSBiOh==")
}

// distorted is a value similar to the right one. Of credentials, it distorts the user or the password.
func (d *dice) distorted(right string) string {
	scheme, coded, _ := strings.Cut(right, " ")
	inside, err := base64.StdEncoding.DecodeString(coded)
	user, password, ok := strings.Cut(string(inside), ":")
	if scheme != "Basic" || err != nil || !ok {
		return pick(d, right+" ", strings.ToUpper(right), right+right, right[:len(right)/2], right+",", right+"\x00")
	}
	user, password = pick(d, user, user, user, "", user+"x"),
		pick(d, "", "", password, password+":", password+"x", strings.ToUpper(password))
	return pick(d, "Basic ", "Basic ", "basic  ", "Basic") +
		base64.StdEncoding.EncodeToString([]byte(user+pick(d, ":", ":", ":", "")+password))
}
