package host

import (
	"strings"
	"unsafe"
)

// Header is one entry of a header map.
type Header struct{ Name, Value string }

// headerMap is a list of headers with Envoy's rules: pseudo-headers first, names in lower case, some names that cannot
// occur twice, and in requests no host beside :authority (Envoy, header_map_impl.cc). Entries that came from outside
// share the caller's strings; what a guest adds is kept in an arena that the map uses again.
type headerMap struct {
	entries []Header
	arena   []byte
	kind    mapKind
	touched bool // by the guest
}

// mapKind says which names cannot occur twice.
type mapKind uint8

const (
	requestMap mapKind = iota
	responseMap
	trailerMap
	plainMap // nothing is joined
)

// arenaBytes is how much a map keeps of what its guest adds before it leaves the rest to the garbage collector, which
// then also frees what is replaced.
const arenaBytes = 16 << 10

func (m *headerMap) reset(kind mapKind) {
	if len(m.arena) > 0 {
		clear(m.entries) // they may point into the arena
	}
	m.entries, m.arena, m.kind, m.touched = m.entries[:0], m.arena[:0], kind, false
}

// keep copies b.
func (m *headerMap) keep(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(m.arena)+len(b) > arenaBytes {
		return string(b)
	}
	if m.arena == nil {
		m.arena = make([]byte, 0, 512)
	}
	at := len(m.arena)
	m.arena = append(m.arena, b...) // earlier strings go on pointing into an outgrown arena
	return unsafe.String(&m.arena[at], len(b))
}

// keepName is keep for names: in lower case.
func (m *headerMap) keepName(b []byte) string {
	if isLower(unsafe.String(unsafe.SliceData(b), len(b))) {
		return m.keep(b)
	}
	if len(m.arena)+len(b) > arenaBytes {
		return toLower(string(b))
	}
	at := len(m.arena)
	m.arena = append(m.arena, b...)
	own := m.arena[at:]
	for i, c := range own {
		own[i] = lower(c)
	}
	return unsafe.String(unsafe.SliceData(own), len(own))
}

// get is the value of the first entry of that name.
func (m *headerMap) get(name string) (string, bool) {
	if i := m.index(name); i >= 0 {
		return m.entries[i].Value, true
	}
	return "", false
}

// index finds the first entry of a name in any case, -1 if there is none.
func (m *headerMap) index(name string) int {
	if m.kind == requestMap && isHost(name) {
		name = ":authority"
	}
	for i := range m.entries {
		if e := &m.entries[i]; len(e.Name) == len(name) && (e.Name == name || sameFold(e.Name, name)) {
			return i
		}
	}
	return -1
}

// add appends an entry, or joins its value to the entry that there is when the name cannot occur twice. Name and value
// are the map's own.
func (m *headerMap) add(name, value string) {
	if m.kind == requestMap && name == "host" {
		name = ":authority"
	}
	if m.joins(name) {
		if i := m.index(name); i >= 0 {
			m.join(i, value)
			return
		}
	}
	m.append(name, value)
}

// append puts an entry last, pseudo-headers last among them.
func (m *headerMap) append(name, value string) {
	at := len(m.entries)
	if strings.HasPrefix(name, ":") {
		at = m.pseudo()
	}
	m.entries = append(m.entries, Header{})
	copy(m.entries[at+1:], m.entries[at:])
	m.entries[at] = Header{name, value}
}

// pseudo is how many pseudo-headers there are.
func (m *headerMap) pseudo() int {
	for i := range m.entries {
		if !strings.HasPrefix(m.entries[i].Name, ":") {
			return i
		}
	}
	return len(m.entries)
}

func (m *headerMap) join(i int, value string) {
	e := &m.entries[i]
	switch {
	case value == "":
	case e.Value == "":
		e.Value = value
	default:
		e.Value += "," + value
	}
}

// set gives a name one value, in the place of its first entry or at the end.
func (m *headerMap) set(name, value string) {
	if i := m.index(name); i >= 0 {
		m.entries[i].Value = value
		return
	}
	m.append(name, value)
}

// remove deletes all entries of a name in any case.
func (m *headerMap) remove(name string) {
	i := m.index(name)
	if i < 0 {
		return
	}
	name = m.entries[i].Name
	kept := m.entries[:i]
	for _, e := range m.entries[i+1:] {
		if e.Name != name {
			kept = append(kept, e)
		}
	}
	clear(m.entries[len(kept):])
	m.entries = kept
}

func (m *headerMap) clear() {
	clear(m.entries)
	m.entries = m.entries[:0]
}

// size is the sum of the lengths of all names and values.
func (m *headerMap) size() int {
	n := 0
	for i := range m.entries {
		n += len(m.entries[i].Name) + len(m.entries[i].Value)
	}
	return n
}

// joined is all values of a name joined by commas, as the property request.headers.NAME shows them.
func (m *headerMap) joined(name string) (string, bool) {
	i := m.index(name)
	if i < 0 {
		return "", false
	}
	value := m.entries[i].Value
	for _, e := range m.entries[i+1:] {
		if e.Name == m.entries[i].Name {
			value += "," + e.Value
		}
	}
	return value, true
}

// copies are the entries with strings of their own.
func (m *headerMap) copies() []Header {
	list := make([]Header, len(m.entries))
	for i, e := range m.entries {
		list[i] = Header{strings.Clone(e.Name), strings.Clone(e.Value)}
	}
	return list
}

// joins says whether a second value of the name is joined to the first.
func (m *headerMap) joins(name string) bool {
	switch m.kind {
	case requestMap:
		return inlineRequest(name)
	case responseMap:
		return inlineResponse(name)
	case trailerMap:
		return name == "grpc-status" || name == "grpc-message"
	}
	return false
}

// inlineRequest are the names of which a request has one entry in an Envoy with its usual filters linked in
// (envoy/http/header_map.h, and the filters that register more).
func inlineRequest(name string) bool {
	switch name {
	case ":authority", ":method", ":path", ":scheme", ":protocol", "accept", "accept-encoding",
		"access-control-request-headers", "access-control-request-method", "access-control-request-private-network",
		"authorization", "cache-control", "cdn-loop", "client-trace-id", "connection", "content-encoding",
		"content-length", "content-type", "expect", "grpc-accept-encoding", "grpc-timeout", "if-match",
		"if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "keep-alive", "origin", "pragma",
		"proxy-connection", "proxy-status", "referer", "te", "transfer-encoding", "upgrade", "user-agent", "via",
		"x-client-trace-id", "x-forwarded-client-cert", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port",
		"x-forwarded-proto", "x-request-id":
		return true
	}
	return strings.HasPrefix(name, "x-envoy-")
}

// inlineResponse is the same for responses.
func inlineResponse(name string) bool {
	switch name {
	case ":status", "access-control-allow-credentials", "access-control-allow-headers",
		"access-control-allow-methods", "access-control-allow-origin", "access-control-allow-private-network",
		"access-control-expose-headers", "access-control-max-age", "age", "cache-control", "connection",
		"content-encoding", "content-length", "content-type", "date", "etag", "expires", "grpc-message",
		"grpc-status", "keep-alive", "last-modified", "location", "proxy-connection", "proxy-status", "server",
		"transfer-encoding", "upgrade", "vary", "via", "x-request-id":
		return true
	}
	return strings.HasPrefix(name, "x-envoy-")
}

func isHost(name string) bool { return len(name) == 4 && sameFold("host", name) }

// sameFold compares s, in lower case, with t in any case. They are equally long.
func sameFold(s, t string) bool {
	for i := range len(s) {
		if s[i] != lower(t[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func isLower(s string) bool {
	for i := range len(s) {
		if c := s[i]; 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

// toLower is strings.ToLower for ASCII letters alone; other bytes stay as they are, valid UTF-8 or not.
func toLower(s string) string {
	if isLower(s) {
		return s
	}
	b := []byte(s)
	for i, c := range b {
		b[i] = lower(c)
	}
	return string(b)
}
