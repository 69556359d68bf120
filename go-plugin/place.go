// place.go: where a value stands in the configuration. Twin: place.rs.

package main

import "strconv"

const shownKeyBytesMax = 64

// place is built on the way down to a value. It becomes text, such as `deny.headers[1][0]`, only when a fault is found
// there.
type place struct {
	parent *place // nil: the document itself
	key    string // of a member
	index  int    // of an array's item
	isItem bool
}

// member is the place of a key's value. The document itself is a nil place.
func (p *place) member(key string) *place { return &place{parent: p, key: key} }

func (p *place) item(i int) *place { return &place{parent: p, index: i, isItem: true} }

// String shows a key with its odd bytes replaced, and cut: it comes from outside and reaches the log.
func (p *place) String() string {
	switch {
	case p.isItem:
		return p.parent.String() + "[" + strconv.Itoa(p.index) + "]"
	case p.parent == nil:
		return shownKey(p.key)
	}
	return p.parent.String() + "." + shownKey(p.key)
}

func shownKey(key string) string {
	shown := []byte(key[:min(len(key), shownKeyBytesMax)])
	for i, c := range shown {
		if !isShown(c) {
			shown[i] = '?'
		}
	}
	return string(shown)
}

func isShown(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '.' || c == '-'
}
