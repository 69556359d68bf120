package textpb

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/conformance/casefile"
)

// request is what client and upstream send in a test.
func (c *converter) request(t *Test) (casefile.Map, error) {
	var m casefile.Map
	headers, err := c.input(t.RequestHeaders, true)
	if err != nil {
		return nil, err
	}
	body, err := c.body(t, "request_body", t.RequestBody)
	if err != nil {
		return nil, err
	}
	if t.deniesPseudo() { // the case can only be right without what Envoy adds
		m.Add("exact", true)
		m.Add("headers", pairs(headers))
	} else {
		given := map[string]bool{}
		var rest []Header
		for _, h := range headers {
			if key, ok := map[string]string{":method": "method", ":path": "path", ":authority": "authority",
				":scheme": "scheme"}[h.Name]; ok && !given[key] {
				m.Add(key, casefile.Bytes(h.Value))
				given[key] = true
				continue
			}
			rest = append(rest, h)
		}
		if body != nil && !given["method"] {
			m.Add("method", "POST")
		}
		if len(rest) > 0 {
			m.Add("headers", pairs(rest))
		}
	}
	if body != nil {
		m.Add("body", body)
	}
	response, err := c.response(t)
	if err != nil {
		return nil, err
	}
	if len(response) > 0 {
		m.Add("response", response)
	}
	return m, nil
}

// deniesPseudo says whether the test wants a pseudo-header not to be there, which its input does not have either.
func (t *Test) deniesPseudo() bool {
	if t.RequestHeaders == nil {
		return false
	}
	for _, h := range t.RequestHeaders.Result.No {
		if strings.HasPrefix(h.Name, ":") {
			return true
		}
	}
	for _, m := range t.RequestHeaders.Result.Headers {
		if line := m.Regex; m.Invert && (strings.HasPrefix(line, ":") || m.Exact != nil && strings.HasPrefix(*m.Exact, ":")) {
			return true
		}
	}
	return false
}

func (c *converter) response(t *Test) (casefile.Map, error) {
	var m casefile.Map
	headers, err := c.input(t.ResponseHeaders, false)
	if err != nil {
		return nil, err
	}
	var rest []Header
	for _, h := range headers {
		if h.Name != ":status" {
			rest = append(rest, h)
			continue
		}
		status, err := strconv.Atoi(h.Value)
		if err != nil || status < 100 || status > 599 {
			return nil, cantSay(fmt.Sprintf("the upstream's :status is %q, and a table has one from 100 to 599", h.Value))
		}
		m.Add("status", status)
	}
	if len(rest) > 0 {
		m.Add("headers", pairs(rest))
	}
	body, err := c.body(t, "response_body", t.ResponseBody)
	if body != nil {
		m.Add("body", body)
	}
	return m, err
}

func pairs(headers []Header) casefile.List {
	all := casefile.List{}
	for _, h := range headers {
		all = append(all, casefile.Pair(h.Name, h.Value))
	}
	return all
}

// input are the headers that a callback gets.
func (c *converter) input(i *Invocation, request bool) ([]Header, error) {
	if i == nil {
		return nil, nil
	}
	content := i.Input.Content
	if i.Input.File != "" {
		b, err := c.read(i.Input.File)
		if err != nil {
			return nil, err
		}
		text := string(b)
		content = &text
	}
	if content == nil {
		return i.Input.Headers, nil
	}
	return http1(*content, request)
}

// http1 reads the headers of a message of HTTP/1.
func http1(text string, request bool) ([]Header, error) {
	lines := strings.Split(strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
	first := strings.Fields(lines[0])
	var all []Header
	host := -1
	switch {
	case request && len(first) == 3:
		target := first[1]
		if u, err := url.Parse(target); err == nil && u.IsAbs() && u.Host != "" {
			all = append(all, Header{":scheme", u.Scheme}, Header{":authority", u.Host})
			host, target = 1, u.RequestURI()
		}
		all = append(all, Header{":method", first[0]}, Header{":path", target})
	case !request && len(first) >= 2:
		all = append(all, Header{":status", first[1]})
	default:
		return nil, cantSay(fmt.Sprintf("the input %q is no message of HTTP/1", lines[0]))
	}
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, cantSay(fmt.Sprintf("the line %q of the input is no header", line))
		}
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if request && name == "host" {
			if host < 0 {
				all = append(all, Header{":authority", value})
			}
			continue
		}
		all = append(all, Header{name, value})
	}
	return all, nil
}

// body is a body in its chunks, nil for none.
func (c *converter) body(t *Test, name string, all []Invocation) (any, error) {
	var chunks casefile.List
	for i := range all {
		in := all[i].Input
		var content []byte
		switch {
		case in.File != "":
			var err error
			if content, err = c.read(in.File); err != nil {
				return nil, err
			}
		case in.Content != nil:
			content = []byte(*in.Content)
		}
		file := name
		if in.File != "" {
			file = in.File
		}
		if t.Chunks == 0 && t.ChunkSize == 0 {
			chunks = append(chunks, c.keep(file, content))
			continue
		}
		if len(all) > 1 {
			return nil, cantSay("several bodies with a plan of chunks, which the service's runner refuses")
		}
		if t.Chunks < 0 || t.ChunkSize < 0 {
			return nil, cantSay(fmt.Sprintf("%d chunks of %d bytes", t.Chunks, t.ChunkSize))
		}
		m := casefile.Map{{Key: "bytes", Value: c.keep(file, content)}}
		switch {
		case t.ChunkSize > 0:
			m.Add("chunk_size", t.ChunkSize)
		case t.Chunks > len(content):
			return nil, cantSay(fmt.Sprintf("%d chunks of a body of %d bytes", t.Chunks, len(content)))
		default:
			m.Add("chunks", t.Chunks)
		}
		return m, nil
	}
	if chunks == nil {
		return nil, nil
	}
	return chunks, nil
}
