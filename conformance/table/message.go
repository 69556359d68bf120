package table

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/goccy/go-yaml/ast"

	"github.com/header-auth/header-auth/host/headermap"
)

// What Envoy adds to the headers of an HTTP/1.1 request before a plugin sees them: four pseudo-headers at the
// beginning, in this order, and two headers of its own at the end.
const (
	authority = "shop.example"
	scheme    = "http"
	requestID = "7f2c9a1e-5b0d-4c3a-9e86-d1f4b2a05c73"
)

// requestLine is what the wanted forwarded headers share with the request.
type requestLine struct {
	exact                           bool
	breaksOff                       bool // the response
	method, path, authority, scheme string
}

// complete adds Envoy's own headers to those that the client sent, unless the case says exact.
func (l requestLine) complete(wire []headermap.Header) []headermap.Header {
	if l.exact {
		return wire
	}
	before, after := l.around()
	return slices.Concat(before, wire, after)
}

// around are the headers that Envoy puts before and behind those of the client.
func (l requestLine) around() (before, after []headermap.Header) {
	if l.exact {
		return nil, nil
	}
	return headermap.Of(":authority", l.authority, ":path", l.path, ":method", l.method, ":scheme", l.scheme),
		headermap.Of("x-forwarded-proto", l.scheme, "x-request-id", requestID)
}

func (r *reader) request(n ast.Node) (*Request, requestLine) {
	l := requestLine{method: "GET", path: "/", authority: authority, scheme: scheme}
	request := &Request{Response: Message{Headers: headermap.Of(":status", "200")}}
	o, ok := r.object(n, requestShape)
	if !ok {
		return request, l
	}
	set(&l.exact, o, "exact", r.boolean)
	for key, field := range map[string]*string{"method": &l.method, "path": &l.path, "authority": &l.authority,
		"scheme": &l.scheme} {
		if o.has(key) && l.exact {
			r.errorf(o.fields[key], "%s beside exact, expected headers alone, write it as the pseudo-header %q", key, ":"+key)
		}
		set(field, o, key, r.bytesText)
	}
	wire := []headermap.Header{}
	if o.has("headers") {
		wire = r.headers(o.fields["headers"])
	} else if l.exact {
		r.errorf(n, "exact without headers, expected the whole list, add headers (it may be empty)")
	}
	request.Headers = l.complete(wire)
	request.Body, request.Trailers = r.rest(o)
	set(&request.Response, o, "response", r.response)
	l.breaksOff = request.Response.Failed != "" && request.Response.Headers != nil
	set(&request.Properties, o, "properties", r.properties)
	return request, l
}

// response reads what the upstream answers: {status, headers, body, trailers, failed}, or how
// it fails before all of it.
func (r *reader) response(n ast.Node) Message {
	if s, ok := n.(*ast.StringNode); ok {
		before := append([]AnswerKind{Reset, NoHost}, failures...)
		kind := AnswerKind(s.Value)
		if !slices.Contains(before, kind) {
			r.errorf(n, "the response %q, expected a mapping or one of %s, %s", s.Value, kindsText(before),
				r.suggest(s.Value, texts(before), "change it"))
		}
		return Message{Failed: kind}
	}
	o, ok := r.object(n, responseShape)
	if !ok {
		return Message{}
	}
	status := 200
	set(&status, o, "status", r.number(100, 599))
	response := Message{Headers: headermap.Of(":status", strconv.Itoa(status))}
	if o.has("headers") {
		response.Headers = append(response.Headers, r.headers(o.fields["headers"])...)
	}
	response.Body, response.Trailers = r.rest(o)
	if o.has("failed") {
		response.Failed = r.brokenOff(o)
	}
	return response
}

// brokenOff reads how a response ends that has begun.
func (r *reader) brokenOff(o object) AnswerKind {
	n := o.fields["failed"]
	s, ok := r.text(n)
	after := []AnswerKind{Reset, Closed, Garbage, TimedOut}
	switch kind := AnswerKind(s); {
	case !ok:
	case slices.Contains([]AnswerKind{Refused, NotConnected, NoHost}, kind):
		r.errorf(n, "failed: %s in a response that has begun, expected %s, write response: %s for one that never begins", s,
			kindsText(after), s)
	case !slices.Contains(after, kind):
		r.errorf(n, "failed: %q, expected %s, %s", s, kindsText(after), r.suggest(s, texts(after), "change it"))
	case len(o.fields) == 1 && !o.unknownKey:
		r.errorf(n, "failed without anything of the response, expected status, headers or body that come before, write "+
			"response: %s if nothing comes", s)
	}
	if o.has("trailers") {
		r.errorf(o.fields["trailers"], "trailers beside failed, expected none: they end the response, remove one of the two")
	}
	return AnswerKind(s)
}

func texts(kinds []AnswerKind) (all []string) {
	for _, k := range kinds {
		all = append(all, string(k))
	}
	return all
}

// rest reads what follows the headers of a message.
func (r *reader) rest(o object) (body [][]byte, trailers []headermap.Header) {
	if o.has("body") {
		body = r.chunks(o.fields["body"])
	}
	set(&trailers, o, "trailers", r.headers)
	return body, trailers
}

// chunks reads a body: a list of its chunks, or {bytes, chunks} or {bytes, chunk_size}.
func (r *reader) chunks(n ast.Node) [][]byte {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
	default:
		return each(r.list(n, "chunks (or {bytes, chunks | chunk_size})"), r.bytes)
	}
	if all := entries(n); len(all) > 0 && !slices.Contains(bodyShape.keys(), keyText(all[0])) {
		r.errorf(n, "a mapping with the key %q, expected a list of chunks (or {bytes, chunks | chunk_size}), "+
			"write JSON as a text: ['{%[1]q: …}']", keyText(all[0]))
		return [][]byte{}
	}
	o, ok := r.object(n, bodyShape)
	if !ok || !o.has("bytes") {
		return [][]byte{}
	}
	whole := r.bytes(o.fields["bytes"])
	size := max(1, len(whole))
	switch {
	case o.has("chunks") && o.has("chunk_size"):
		r.errorf(n, "chunks and chunk_size, expected the number of chunks or their size, remove one")
	case o.has("chunks"):
		number := r.integer(o.fields["chunks"], 1, maxPairs)
		if number > size {
			r.errorf(o.fields["chunks"], "%d chunks of a body of %d bytes, expected at most one for each byte, lower it", number,
				len(whole))
			return [][]byte{}
		}
		if !r.charge(n, number*perChunk) {
			return [][]byte{}
		}
		all := make([][]byte, 0, number) // all of one size, and the last has what is left
		for size = len(whole) / number; len(all) < number-1; whole = whole[size:] {
			all = append(all, whole[:size])
		}
		return append(all, whole)
	case o.has("chunk_size"):
		size = r.integer(o.fields["chunk_size"], 1, maxBytes)
	}
	if (len(whole)+size-1)/size > maxPairs {
		r.errorf(n, "more than %d chunks, expected fewer, raise chunk_size", maxPairs)
		return [][]byte{}
	}
	if !r.charge(n, len(whole)/size*perChunk) {
		return [][]byte{}
	}
	all := slices.Collect(slices.Chunk(whole, size))
	if all == nil {
		all = [][]byte{}
	}
	return all
}

// headers reads a list of pairs, each [name, value] or {name, value, times}; it never returns nil.
func (r *reader) headers(n ast.Node) []headermap.Header {
	all := []headermap.Header{}
	for _, item := range r.pairNodes(n) {
		all = append(all, r.pair(item)...)
		if len(all) > maxPairs {
			r.errorf(item, "more than %d headers, expected fewer, lower times", maxPairs)
			return all[:0]
		}
	}
	return all
}

func (r *reader) pair(n ast.Node) []headermap.Header {
	if s, ok := n.(*ast.SequenceNode); ok {
		if len(s.Values) != 2 {
			r.errorf(n, "a list of %d, expected a pair, write [name, value] (\"\" is an empty value)", len(s.Values))
			return nil
		}
		return headermap.Of(string(r.bytes(s.Values[0])), string(r.bytes(s.Values[1])))
	}
	if r.strangePair(n) {
		return nil
	}
	o, ok := r.object(n, pairShape)
	if !ok || !o.has("name") || !o.has("value") {
		return nil
	}
	name, value := r.bytes(o.fields["name"]), r.bytes(o.fields["value"])
	if !o.has("times") {
		return headermap.Of(string(name), string(value))
	}
	times := r.times(o, maxPairs)
	size := (numberedSize(name, times) + numberedSize(value, times)) * times
	if size > maxBytes {
		r.errorf(n, "headers of more than %d bytes, expected fewer, lower times", maxBytes)
		return nil
	}
	if !r.charge(n, size+times*perHeader) {
		return nil
	}
	all := make([]headermap.Header, times)
	names, values := numberedParts(name), numberedParts(value)
	for i := range all {
		all[i] = headermap.Header{Name: string(appendNumbered(nil, names, i+1)),
			Value: string(appendNumbered(nil, values, i+1))}
	}
	return all
}

// What a header and a chunk need beside their bytes.
const (
	perHeader = 32
	perChunk  = 24
)

// numberedSize is the most bytes that numbered gives for the numbers up to n.
func numberedSize(b []byte, n int) int {
	return len(b) + bytes.Count(b, []byte("%d"))*(len(strconv.Itoa(n))-2)
}

// numberedParts are what stands around each %d.
func numberedParts(b []byte) [][]byte { return bytes.Split(b, []byte("%d")) }

// appendNumbered appends the parts, with the number in place of each %d.
func appendNumbered(to []byte, parts [][]byte, i int) []byte {
	for n, part := range parts {
		if n > 0 {
			to = strconv.AppendInt(to, int64(i), 10)
		}
		to = append(to, part...)
	}
	return to
}
