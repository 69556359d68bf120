package headermap

import "strings"

// Load replaces the entries by headers from outside, whose strings it shares: names in lower case, pseudo-headers
// first, values of names that cannot occur twice joined. trim takes spaces and tabs off the values, as HTTP/1.1 asks.
func (m *Map) Load(h []Header, trim bool) {
	m.LoadKnown(h, 0)
	// Most lists are in order already. seen is a set of hashes of names: only a name that may be there twice makes the
	// list be built anew.
	var seen uint64
	inOrder, pseudo := true, true
	for i := range m.Entries {
		e := &m.Entries[i]
		e.Name = ToLower(e.Name)
		if trim {
			e.Value = strings.Trim(e.Value, " \t")
		}
		n := len(e.Name)
		if n == 0 {
			pseudo = false
			continue
		}
		if e.Name[0] == ':' {
			inOrder = inOrder && pseudo
		} else {
			pseudo = false
		}
		bit := uint64(1) << ((n*5 + int(e.Name[0]) + int(e.Name[n-1])*3 + int(e.Name[n/2])*7) & 63)
		if seen&bit != 0 && m.kind.joins(e.Name) || n == 4 && e.Name == "host" {
			inOrder = false
		}
		seen |= bit
	}
	if !inOrder {
		m.rebuild()
	}
}

// rebuild adds all entries once more, which puts them in order.
func (m *Map) rebuild() {
	old := append([]Header(nil), m.Entries...)
	m.Entries = m.Entries[:0]
	for _, e := range old {
		m.Add(e.Name, e.Value)
	}
}

// LoadKnown replaces the entries by those of a list that was loaded before. A number other than 0 stands for the list:
// under the same number the entries are not copied again, as long as nothing has changed them.
func (m *Map) LoadKnown(entries []Header, number uint64) {
	if number != 0 && m.known == number {
		m.Entries = m.Entries[:len(entries)]
		return
	}
	m.Entries, m.known = append(m.Entries[:0], entries...), number
}
