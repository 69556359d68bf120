package headermap

import (
	"strconv"
	"strings"
	"unsafe"
)

// Map is a list of headers with Envoy's rules: pseudo-headers first, names in lower case, some names that cannot occur
// twice, and in requests :authority in place of host (Envoy, source/common/http/header_map_impl.cc). The zero value is
// an empty map of kind Request.
//
// Entries that come from outside share the caller's strings. What a guest adds is copied into an arena that the map
// uses again after Reset; a string from the map is good until then.
type Map struct {
	Entries []Header // names in lower case; read them as they are, change them through the methods

	arena []byte
	kind  Kind
	known uint64 // the number under which the entries were loaded, when nothing has changed them since; else 0
}

// arenaBytes is how much a map keeps of what its guest adds before it leaves the rest to the garbage collector, which
// then also frees what is replaced.
const arenaBytes = 16 << 10

// FromPairs makes a map of its own, with copies of all strings and room for a few entries more.
func FromPairs(pairs []Pair, kind Kind) Map {
	const moreEntries, moreBytes = 3, 64
	m := Map{kind: kind}
	if len(pairs) == 0 {
		return m
	}
	size := moreBytes
	for _, p := range pairs {
		size += len(p.Name) + len(p.Value)
	}
	m.Entries = make([]Header, 0, len(pairs)+moreEntries)
	m.arena = make([]byte, 0, min(size, arenaBytes))
	m.AddPairs(pairs)
	return m
}

// Reset makes the map an empty one of that kind. Strings taken from it before are not valid any more.
func (m *Map) Reset(kind Kind) {
	if len(m.arena) > 0 {
		clear(m.Entries) // they may point into the arena
		m.known = 0
	}
	m.Entries, m.arena, m.kind = m.Entries[:0], m.arena[:0], kind
}

// Kind is the kind that Reset or FromPairs set.
func (m *Map) Kind() Kind { return m.kind }

// Keep copies b into the map's arena.
func (m *Map) Keep(b []byte) string {
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

// KeepName is Keep for names: the copy is in lower case.
func (m *Map) KeepName(b []byte) string {
	if IsLower(unsafe.String(unsafe.SliceData(b), len(b))) {
		return m.Keep(b)
	}
	if len(m.arena)+len(b) > arenaBytes {
		return ToLower(string(b))
	}
	at := len(m.arena)
	m.arena = append(m.arena, b...)
	own := m.arena[at:]
	for i, c := range own {
		own[i] = lower(c)
	}
	return unsafe.String(unsafe.SliceData(own), len(own))
}

// Decimal is n in digits, kept in the map's arena.
func (m *Map) Decimal(n int) string {
	var digits [20]byte
	return m.Keep(strconv.AppendInt(digits[:0], int64(n), 10))
}

// Get is the value of the first entry of that name, in any case.
func (m *Map) Get(name string) (string, bool) {
	if i := m.Index(name); i >= 0 {
		return m.Entries[i].Value, true
	}
	return "", false
}

// Index finds the first entry of a name in any case, -1 if there is none.
func (m *Map) Index(name string) int {
	if m.kind == Request && isHost(name) {
		name = ":authority"
	}
	for i := range m.Entries {
		if e := &m.Entries[i]; len(e.Name) == len(name) && (e.Name == name || EqualFold(e.Name, name)) {
			return i
		}
	}
	return -1
}

// Joined is all values of a name joined by commas, as the property request.headers.NAME shows them.
func (m *Map) Joined(name string) (string, bool) {
	i := m.Index(name)
	if i < 0 {
		return "", false
	}
	value := m.Entries[i].Value
	for _, e := range m.Entries[i+1:] {
		if e.Name == m.Entries[i].Name {
			value += "," + e.Value
		}
	}
	return value, true
}

// Size is the sum of the lengths of all names and values, in bytes.
func (m *Map) Size() int {
	n := 0
	for i := range m.Entries {
		n += len(m.Entries[i].Name) + len(m.Entries[i].Value)
	}
	return n
}

// Clone is a list of the entries with strings of their own, which stay valid after Reset.
func (m *Map) Clone() []Header { return Clone(m.Entries) }

// Clone is a list of the same headers with strings of their own.
func Clone(h []Header) []Header {
	list := make([]Header, len(h))
	for i, e := range h {
		list[i] = Header{Name: strings.Clone(e.Name), Value: strings.Clone(e.Value)}
	}
	return list
}
