// value.go: typed readers of JSON values. Each takes the path of its value and fails with a fault at that path; they
// are called in the order of the document, so the fault reported is its first. Twin: value.rs.

package main

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

const headersMax = 64

// value is the text of one JSON value. Its grammar is known to be right, so no read below can answer notJSON; saying it
// costs less than a trap would.
type value = jsontext.Value

// readObject gives the members to read in their order, and refuses a repeated key where it is repeated.
func readObject(path string, v value, read func(path, key string, v value) error) error {
	if v.Kind() != jsontext.KindBeginObject {
		return faultAt(path, expectedObject)
	}
	d := newDecoder(v)
	_, _ = d.ReadToken()
	given := map[string]bool{}
	for d.PeekKind() != jsontext.KindEndObject {
		name, err := d.ReadValue()
		if err != nil {
			return faultAt(path, notJSON)
		}
		key, err := readString(path, name)
		if err != nil {
			return err
		}
		path := member(path, key)
		if given[key] {
			return faultAt(path, repeatedKey)
		}
		given[key] = true
		item, err := d.ReadValue()
		if err != nil {
			return faultAt(path, notJSON)
		}
		if err := read(path, key, item); err != nil {
			return err
		}
	}
	return nil
}

func readArray(path string, v value) ([]value, error) {
	if v.Kind() != jsontext.KindBeginArray {
		return nil, faultAt(path, expectedArray)
	}
	d := newDecoder(v)
	_, _ = d.ReadToken()
	var items []value
	for d.PeekKind() != jsontext.KindEndArray {
		item, err := d.ReadValue()
		if err != nil {
			return nil, faultAt(path, notJSON)
		}
		items = append(items, item.Clone())
	}
	return items, nil
}

func readString(path string, v value) (string, error) {
	if v.Kind() != jsontext.KindString {
		return "", faultAt(path, expectedString)
	}
	text, _ := jsontext.AppendUnquote(nil, v) // no escape of a known grammar fails
	return string(text), nil
}

// readLegal reads a string for which there is a rule, and a fault of its own.
func readLegal(path string, v value, isLegal func(string) bool, what string) (string, error) {
	text, err := readString(path, v)
	if err == nil && !isLegal(text) {
		err = faultAt(path, what)
	}
	return text, err
}

func readBoolean(path string, v value) (bool, error) {
	switch v.Kind() {
	case jsontext.KindTrue:
		return true, nil
	case jsontext.KindFalse:
		return false, nil
	}
	return false, faultAt(path, expectedBoolean)
}

// readInteger takes an optional minus and digits: 403.0 and 4e2 are no integers. However many digits, it is a number
// out of range and no overflow.
func readInteger(path string, v value, low, high int64) (n int64, err error) {
	if v.Kind() != jsontext.KindNumber {
		return n, faultAt(path, expectedInteger)
	}
	digits, minus := bytes.CutPrefix(v, []byte("-"))
	for _, c := range digits {
		if c < '0' || c > '9' {
			return n, faultAt(path, expectedInteger)
		}
		if n <= high {
			n = n*10 + int64(c-'0')
		}
	}
	if minus {
		n = -n
	}
	if n < low || n > high {
		return n, faultAt(path, outOfRange(low, high))
	}
	return n, nil
}

// readHeaderName gives the name in lower case, as all names are compared and sent.
func readHeaderName(path string, v value) (string, error) {
	name, err := readLegal(path, v, isName, notHeaderName)
	return lowerName(name), err
}

// readNameToSet gives the name of a header that the plugin puts on a message.
func readNameToSet(path string, v value) (string, error) {
	name, err := readHeaderName(path, v)
	if err == nil && isReserved(name) {
		err = faultAt(path, notToBeSet)
	}
	return name, err
}

func readHeaderValue(path string, v value) (string, error) {
	return readLegal(path, v, isValue, notHeaderValue)
}

// readHeaders reads a list that is handed to the host: Envoy takes one that is too long for none at all.
func readHeaders(path string, v value) ([]value, error) {
	items, err := readArray(path, v)
	if err == nil && len(items) > headersMax {
		err = faultAt(path, tooManyItems)
	}
	return items, err
}

// readHeaderPairs reads a list of [name, value].
func readHeaderPairs(path string, v value) ([]pair, error) {
	items, err := readHeaders(path, v)
	if err != nil {
		return nil, err
	}
	pairs := make([]pair, 0, len(items))
	for i, item := range items {
		p, err := readHeaderPair(index(path, i), item)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}

func readHeaderPair(path string, v value) (pair, error) {
	both, err := readArray(path, v)
	if err != nil || len(both) != 2 {
		return pair{}, faultAt(path, expectedPair)
	}
	name, err := readNameToSet(index(path, 0), both[0])
	if err != nil {
		return pair{}, err
	}
	value, err := readHeaderValue(index(path, 1), both[1])
	if err != nil {
		return pair{}, err
	}
	return pair{name, value}, nil
}
