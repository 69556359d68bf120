package fuzz

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/conformance/dictionary"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// together is how many words are tried at once: as headers of one request, of which Envoy takes a hundred.
const together = 80

// short are the values that switch something on, the likeliest first.
var short = []string{"1", "true", "yes", "on", "", "y", "ok", "allow", "enabled", "*"}

// wellKnown are headers in which a value may open a door.
var wellKnown = []string{"user-agent", "x-forwarded-host", "x-forwarded-for", "x-real-ip", "referer", "origin", "via", "from", "accept", "forwarded",
	"x-original-url", "x-rewrite-url", "x-forwarded-proto", "x-forwarded-uri", "x-request-id", "x-envoy-internal", "x-forwarded-client-cert",
	"x-api-key", "x-auth-token", "proxy-authorization", "content-type", "accept-language", "x-http-method-override"}

// framing are headers that say how a message goes over the wire: on these a host may do things of its own.
var framing = []string{"host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "keep-alive", "proxy-connection", "expect"}

// variation is a request with words in it, and the part of it in which they are.
type variation struct {
	part    string
	request *table.Request
}

// variations put words into each part of a request: as names, as values, as both. One that has words for headers tries as
// many at once; of paths and methods a request has one. The values of keys, which decide, are tried one by one, too.
func variations(words []dictionary.Word, base *table.Request, keys []string) []variation {
	v := varied{base: base}
	v.headers(words, keys)
	for _, w := range words {
		v.line(w)
		v.values(w.Text, keys)
	}
	return v.all
}

type varied struct {
	base *table.Request
	all  []variation
}

// with adds a request that is the base but for a change. The base's headers are not to be changed in place.
func (v *varied) with(part string, change func(*table.Request)) {
	r := *v.base
	r.Headers = slices.Clone(r.Headers)
	change(&r)
	v.all = append(v.all, variation{part, &r})
}

// headers takes words for the names of headers, trailers, cookies and arguments of the query, with the values that are
// likely: short ones, and what stands beside a word in its functions.
func (v *varied) headers(words []dictionary.Word, keys []string) {
	var names []dictionary.Word
	most := 0
	for _, w := range words {
		if name, ok := headerName(w.Text); ok && !slices.Contains(keys, name) {
			names = append(names, w)
			most = max(most, len(w.Near))
		}
	}
	if len(names) == 0 {
		return
	}
	pairs := func(value func(dictionary.Word) string) {
		var headers []headermap.Header
		var arguments []string
		for _, w := range names {
			headers = append(headers, headermap.Header{Name: strings.ToLower(w.Text), Value: value(w)})
			arguments = append(arguments, w.Text+"="+value(w))
		}
		v.with("headers", func(r *table.Request) { r.Headers = append(r.Headers, headers...) })
		v.with("cookies", func(r *table.Request) { set(r, "cookie", strings.Join(arguments, "; ")) })
		v.with("query", func(r *table.Request) {
			set(r, ":path", "/?"+strings.ReplaceAll(strings.Join(arguments, "&"), " ", "+"))
		})
		v.with("trailers and body", func(r *table.Request) {
			r.Trailers = headers
			r.Body = [][]byte{[]byte(strings.Join(arguments, "\n"))}
		})
	}
	for _, s := range short {
		pairs(func(dictionary.Word) string { return s })
	}
	pairs(func(w dictionary.Word) string { return w.Text })
	for n := range most {
		pairs(func(w dictionary.Word) string {
			if len(w.Near) == 0 {
				return short[0]
			}
			return w.Near[n%len(w.Near)]
		})
	}
}

// line takes a word for what stands in the first line of a request.
func (v *varied) line(w dictionary.Word) {
	paths := []string{"/" + w.Text, "/" + w.Text + "/", "/" + w.Text + "/x", "/x/" + w.Text, "/?" + w.Text, "/?" + w.Text + "=1", "/?" + w.Text + "=true"}
	if strings.HasPrefix(w.Text, "/") {
		paths = append(paths, w.Text, w.Text+"x", strings.TrimRight(w.Text, "/")+"/x", "/x"+w.Text)
	}
	if strings.HasPrefix(w.Text, "?") || strings.HasPrefix(w.Text, "&") {
		paths = append(paths, "/"+w.Text, "/"+w.Text+"1")
	}
	for _, path := range paths {
		if !strings.Contains(path, " ") {
			v.with("path", func(r *table.Request) { set(r, ":path", path) })
		}
	}
	if isName(w.Text) {
		for _, method := range slices.Compact([]string{w.Text, strings.ToUpper(w.Text)}) {
			v.with("method", func(r *table.Request) { set(r, ":method", method) })
		}
		v.with("authority", func(r *table.Request) { set(r, ":authority", w.Text) })
		v.with("cookies", func(r *table.Request) { set(r, "cookie", w.Text+"=1") })
	}
	v.with("cookies", func(r *table.Request) { set(r, "cookie", w.Text) })
}

// values takes a word for the value of headers: of all that are well known at once, and of each that decides.
func (v *varied) values(word string, keys []string) {
	v.with("values", func(r *table.Request) {
		for _, name := range wellKnown {
			if !slices.Contains(keys, name) {
				set(r, name, word)
			}
		}
	})
	coded := base64.StdEncoding.EncodeToString([]byte(word))
	credentials := []string{word, "Basic " + word, "Basic " + coded, "Basic " + base64.StdEncoding.EncodeToString([]byte(word+":")),
		"Basic " + base64.StdEncoding.EncodeToString([]byte(word+":"+word)), "Bearer " + word, "Token " + word}
	for _, c := range credentials {
		v.with("credentials", func(r *table.Request) { set(r, "authorization", c) })
	}
	for _, key := range keys {
		v.with("values", func(r *table.Request) { set(r, key, word) })
	}
}

// set gives a header of a request a value, in place of all there are of its name.
func set(r *table.Request, name, value string) {
	for i, h := range r.Headers {
		if h.Name == name {
			r.Headers[i].Value = value
			rest := slices.DeleteFunc(slices.Clone(r.Headers[i+1:]), func(h headermap.Header) bool { return h.Name == name })
			r.Headers = append(r.Headers[:i+1], rest...)
			return
		}
	}
	r.Headers = append(r.Headers, headermap.Header{Name: name, Value: value})
}

// headerName is a word as a host hands a header's name over, if it can be one.
func headerName(word string) (string, bool) {
	name := strings.ToLower(word)
	return name, isName(word) && !slices.Contains(framing, name)
}

// isName says whether a text is a token (RFC 9110), as header names and methods are.
func isName(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}
