package fuzz

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/conformance/dictionary"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// wordsAtOnce is how many words are tried together, as headers of one request. Envoy accepts a hundred headers.
const wordsAtOnce = 80

// switchValues are values that switch something on, the likeliest first.
var switchValues = []string{"1", "true", "yes", "on", "", "y", "ok", "allow", "enabled", "*"}

// wellKnown are common headers in which a value may open a door.
var wellKnown = []string{"user-agent", "x-forwarded-host", "x-forwarded-for", "x-real-ip", "referer", "origin", "via",
	"from", "accept", "forwarded",
	"x-original-url", "x-rewrite-url", "x-forwarded-proto", "x-forwarded-uri", "x-request-id", "x-envoy-internal",
	"x-forwarded-client-cert",
	"x-api-key", "x-auth-token", "proxy-authorization", "content-type", "accept-language", "x-http-method-override"}

// framingHeaders decide how a message is transferred. A host may treat them in its own way.
var framingHeaders = []string{"host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade",
	"keep-alive", "proxy-connection", "expect"}

// variation is a request with words, and the part of it that contains them.
type variation struct {
	part    string
	request *table.Request
}

// variations put words into each part of a request: as names, as values, and as both. A request takes many words as
// headers, but only one as a path or a method. Words as values of the keys, which decide, are tried one by one.
func variations(words []dictionary.Word, base *table.Request, keys []string) []variation {
	v := variationList{base: base}
	v.headers(words, keys)
	for _, w := range words {
		v.requestLine(w)
		v.values(w.Text, keys)
	}
	return v.all
}

type variationList struct {
	base *table.Request
	all  []variation
}

// with adds a request: the base with one change. The change must not modify the base's headers in place.
func (v *variationList) with(part string, change func(*table.Request)) {
	r := *v.base
	r.Headers = slices.Clone(r.Headers)
	change(&r)
	v.all = append(v.all, variation{part, &r})
}

// headers uses words as names of headers, trailers, cookies and arguments of the query. The values are the likely
// ones: switchValues, and the neighbours of the word.
func (v *variationList) headers(words []dictionary.Word, keys []string) {
	var names []dictionary.Word
	most := 0
	for _, w := range words {
		if name, ok := headerName(w.Text); ok && !slices.Contains(keys, name) {
			names = append(names, w)
			most = max(most, len(w.Neighbours))
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
	for _, s := range switchValues {
		pairs(func(dictionary.Word) string { return s })
	}
	pairs(func(w dictionary.Word) string { return w.Text })
	for n := range most {
		pairs(func(w dictionary.Word) string {
			if len(w.Neighbours) == 0 {
				return switchValues[0]
			}
			return w.Neighbours[n%len(w.Neighbours)]
		})
	}
}

// requestLine uses a word in the first line of a request.
func (v *variationList) requestLine(w dictionary.Word) {
	paths := []string{"/" + w.Text, "/" + w.Text + "/", "/" + w.Text + "/x", "/x/" + w.Text, "/?" + w.Text,
		"/?" + w.Text + "=1", "/?" + w.Text + "=true"}
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

// values uses a word as a value: of all common headers at once, and of each header that decides.
func (v *variationList) values(word string, keys []string) {
	v.with("values", func(r *table.Request) {
		for _, name := range wellKnown {
			if !slices.Contains(keys, name) {
				set(r, name, word)
			}
		}
	})
	coded := base64.StdEncoding.EncodeToString([]byte(word))
	credentials := []string{word, "Basic " + word, "Basic " + coded,
		"Basic " + base64.StdEncoding.EncodeToString([]byte(word+":")),
		"Basic " + base64.StdEncoding.EncodeToString([]byte(word+":"+word)), "Bearer " + word, "Token " + word}
	for _, c := range credentials {
		v.with("credentials", func(r *table.Request) { set(r, "authorization", c) })
	}
	for _, key := range keys {
		v.with("values", func(r *table.Request) { set(r, key, word) })
	}
}

// set sets a header of a request, and removes further headers of that name.
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

// headerName is the word as a host passes a header's name, if it can be a header's name.
func headerName(word string) (string, bool) {
	name := strings.ToLower(word)
	return name, isName(word) && !slices.Contains(framingHeaders, name)
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
