// value.go: typed readers of JSON values. Each takes the path of its value and fails with a fault at that path; they
// are called in the order of the document, so the fault reported is its first. Twin: value.rs.

package main

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

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
	var keys []string
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
		if slices.Contains(keys, key) {
			return faultAt(path, repeatedKey)
		}
		keys = append(keys, key)
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
	text, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return "", faultAt(path, notUTF8)
	}
	return string(text), nil
}

// readInteger takes an optional minus and digits: 403.0 and 4e2 are no integers. However many digits, it is a number
// out of range and no overflow.
func readInteger(path string, v value, low, high int64) (int64, error) {
	if v.Kind() != jsontext.KindNumber {
		return 0, faultAt(path, expectedInteger)
	}
	digits, minus := bytes.CutPrefix(v, []byte("-"))
	var n int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, faultAt(path, expectedInteger)
		}
		if n <= high {
			n = n*10 + int64(c-'0')
		}
	}
	if minus {
		n = -n
	}
	if n < low || n > high {
		return 0, faultAt(path, outOfRange(low, high))
	}
	return n, nil
}

// readHeaderName gives the name in lower case, as all names are compared and sent.
func readHeaderName(path string, v value) (string, error) {
	name, err := readString(path, v)
	if err != nil {
		return "", err
	}
	if !isName(name) {
		return "", faultAt(path, notHeaderName)
	}
	return lowerName(name), nil
}

func readHeaderValue(path string, v value) (string, error) {
	value, err := readString(path, v)
	if err != nil {
		return "", err
	}
	if !isValue(value) {
		return "", faultAt(path, notHeaderValue)
	}
	return value, nil
}

// readHeaderPairs reads a list of [name, value].
func readHeaderPairs(path string, v value) ([]pair, error) {
	items, err := readArray(path, v)
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
	name, err := readHeaderName(index(path, 0), both[0])
	if err != nil {
		return pair{}, err
	}
	value, err := readHeaderValue(index(path, 1), both[1])
	if err != nil {
		return pair{}, err
	}
	return pair{name, value}, nil
}
