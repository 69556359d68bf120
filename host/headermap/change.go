package headermap

import (
	"slices"
	"strings"
)

// Add appends an entry, or joins its value to the entry that there is when the name cannot occur twice. The name is in
// lower case, and the strings stay valid as long as the map is in use.
func (m *Map) Add(name, value string) {
	if m.kind == Request && name == "host" {
		name = ":authority"
	}
	if m.kind.joins(name) {
		if i := m.Index(name); i >= 0 {
			m.join(i, value)
			return
		}
	}
	m.Append(name, value)
}

// AddPairs adds copies of all pairs.
func (m *Map) AddPairs(pairs []Pair) {
	for _, p := range pairs {
		m.AddCopy(p.Name, p.Value)
	}
}

// AddCopy is Add with copies of bytes that the guest may overwrite.
func (m *Map) AddCopy(name, value []byte) { m.Add(m.KeepName(name), m.Keep(value)) }

// ReplaceCopy removes all entries of the name and adds one with a copy of the value, which thus goes to the end.
func (m *Map) ReplaceCopy(name, value []byte) {
	own := m.KeepName(name)
	m.Remove(own)
	m.Add(own, m.Keep(value))
}

// Append puts an entry last, a pseudo-header last among the pseudo-headers, whether or not the name may occur twice.
func (m *Map) Append(name, value string) {
	m.known = 0
	at := len(m.Entries)
	if strings.HasPrefix(name, ":") {
		at = m.pseudoHeaders()
	}
	m.Entries = append(m.Entries, Header{})
	copy(m.Entries[at+1:], m.Entries[at:])
	m.Entries[at] = Header{Name: name, Value: value}
}

// pseudoHeaders is how many pseudo-headers there are.
func (m *Map) pseudoHeaders() int {
	for i := range m.Entries {
		if !strings.HasPrefix(m.Entries[i].Name, ":") {
			return i
		}
	}
	return len(m.Entries)
}

func (m *Map) join(i int, value string) {
	m.known = 0
	e := &m.Entries[i]
	switch {
	case value == "":
	case e.Value == "":
		e.Value = value
	default:
		e.Value += "," + value
	}
}

// Set gives a name one value, in the place of its first entry or at the end.
func (m *Map) Set(name, value string) {
	if i := m.Index(name); i >= 0 {
		m.known = 0
		m.Entries[i].Value = value
		return
	}
	m.Append(name, value)
}

// Remove deletes all entries of a name in any case.
func (m *Map) Remove(name string) {
	i := m.Index(name)
	if i < 0 {
		return
	}
	name = m.Entries[i].Name
	m.DeleteFunc(func(h Header) bool { return h.Name == name })
}

// DeleteFunc deletes the entries for which drop is true.
func (m *Map) DeleteFunc(drop func(Header) bool) {
	m.known = 0
	m.Entries = slices.DeleteFunc(m.Entries, drop)
}

// Clear deletes all entries. The map stays of its kind, and its strings stay valid.
func (m *Map) Clear() {
	m.known = 0
	clear(m.Entries)
	m.Entries = m.Entries[:0]
}
