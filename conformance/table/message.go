package table

import (
	"bytes"
	"strconv"

	"github.com/goccy/go-yaml/ast"

	"github.com/header-auth/header-auth/host/headermap"
)

// What Envoy adds to the headers of an HTTP/1.1 request before a plugin sees them: four pseudo-headers at the beginning, in
// this order, and two headers of its own at the end.
const (
	authority = "shop.example"
	scheme    = "http"
	requestID = "7f2c9a1e-5b0d-4c3a-9e86-d1f4b2a05c73"
)

// requestLine is what the wanted forwarded headers share with the request.
type requestLine struct {
	exact        bool
	method, path string
}

// complete adds Envoy's own headers to those that the client sent, unless the case says exact.
func (l requestLine) complete(wire []headermap.Header) []headermap.Header {
	if l.exact {
		return wire
	}
	all := headermap.Of(":authority", authority, ":path", l.path, ":method", l.method, ":scheme", scheme)
	all = append(all, wire...)
	return append(all, headermap.Of("x-forwarded-proto", scheme, "x-request-id", requestID)...)
}

func (r *reader) request(n ast.Node) (*Request, requestLine) {
	l := requestLine{method: "GET", path: "/"}
	request := &Request{Response: Message{Headers: headermap.Of(":status", "200")}}
	o, ok := r.object(n, requestShape)
	if !ok {
		return request, l
	}
	set(&l.exact, o, "exact", r.boolean)
	for key, field := range map[string]*string{"method": &l.method, "path": &l.path} {
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
	return request, l
}

func (r *reader) response(n ast.Node) Message {
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
	return response
}

// rest reads what follows the headers of a message.
func (r *reader) rest(o object) (body [][]byte, trailers []headermap.Header) {
	if o.has("body") {
		body = each(r.list(o.fields["body"], "chunks"), r.bytes)
	}
	set(&trailers, o, "trailers", r.headers)
	return body, trailers
}

// headers reads a list of pairs, each [name, value] or {name, value, times}; it never returns nil.
func (r *reader) headers(n ast.Node) []headermap.Header {
	all := []headermap.Header{}
	for _, item := range r.list(n, "pairs [name, value]") {
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
			r.errorf(n, "a list of %d, expected a pair, write [name, value]", len(s.Values))
			return nil
		}
		return headermap.Of(string(r.bytes(s.Values[0])), string(r.bytes(s.Values[1])))
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
	if (len(name)+len(value))*times > maxBytes {
		r.errorf(n, "headers of more than %d bytes, expected fewer, lower times", maxBytes)
		return nil
	}
	all := make([]headermap.Header, times)
	for i := range all {
		all[i] = headermap.Header{Name: numbered(name, i+1), Value: numbered(value, i+1)}
	}
	return all
}

// numbered replaces %d by the number.
func numbered(b []byte, i int) string {
	return string(bytes.ReplaceAll(b, []byte("%d"), strconv.AppendInt(nil, int64(i), 10)))
}
