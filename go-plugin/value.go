// value.go: typed readers of JSON values. Each takes the place of its value and fails with a fault at that place; they
// are called in the order of the document, so the fault reported is its first. Twin: value.rs.

package main

import (
	"bytes"
	"math"

	"github.com/go-json-experiment/json/jsontext"
)

const headersMax = 64

// jsonValue is the text of one JSON value. Its grammar has been checked, so the library finds no error below; should it
// find one all the same, that is notJSON and no trap.
type jsonValue = jsontext.Value

// readObject gives the members to read in their order, and refuses a repeated key where it is repeated.
func readObject(at *place, v jsonValue, read func(at *place, key string, v jsonValue) error) error {
	if v.Kind() != jsontext.KindBeginObject {
		return faultAt(at, expectedObject)
	}
	d := newDecoder(v)
	_, _ = d.ReadToken()
	given := map[string]bool{}
	for d.PeekKind() != jsontext.KindEndObject {
		name, err := d.ReadValue()
		if err != nil {
			return faultAt(at, notJSON)
		}
		key, err := readString(at, name)
		if err != nil {
			return err
		}
		at := at.member(key)
		if given[key] {
			return faultAt(at, repeatedKey)
		}
		given[key] = true
		item, err := d.ReadValue()
		if err != nil {
			return faultAt(at, notJSON)
		}
		if err := read(at, key, item); err != nil {
			return err
		}
	}
	return nil
}

func readArray(at *place, v jsonValue) ([]jsonValue, error) {
	if v.Kind() != jsontext.KindBeginArray {
		return nil, faultAt(at, expectedArray)
	}
	d := newDecoder(v)
	_, _ = d.ReadToken()
	var items []jsonValue
	for d.PeekKind() != jsontext.KindEndArray {
		item, err := d.ReadValue()
		if err != nil {
			return nil, faultAt(at, notJSON)
		}
		items = append(items, item.Clone())
	}
	return items, nil
}

func readString(at *place, v jsonValue) (string, error) {
	if v.Kind() != jsontext.KindString {
		return "", faultAt(at, expectedString)
	}
	text, _ := jsontext.AppendUnquote(nil, v) // no escape of a known grammar fails
	return string(text), nil
}

// readLegal reads a string for which there is a rule, and a fault of its own.
func readLegal(at *place, v jsonValue, isLegal func(string) bool, what string) (string, error) {
	text, err := readString(at, v)
	if err == nil && !isLegal(text) {
		err = faultAt(at, what)
	}
	return text, err
}

func readBoolean(at *place, v jsonValue) (bool, error) {
	switch v.Kind() {
	case jsontext.KindTrue:
		return true, nil
	case jsontext.KindFalse:
		return false, nil
	}
	return false, faultAt(at, expectedBoolean)
}

// readInteger reads an optional minus and digits: 403.0 and 4e2 are no integers. A number of too many digits is out of
// range, and does not overflow. A negative number is out of every range.
func readInteger(at *place, v jsonValue, low, high uint32) (uint32, error) {
	if v.Kind() != jsontext.KindNumber {
		return 0, faultAt(at, expectedInteger)
	}
	digits, negative := bytes.CutPrefix(v, []byte("-"))
	n := uint64(0)
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, faultAt(at, expectedInteger)
		}
		n = min(n*10+uint64(c-'0'), math.MaxUint32)
	}
	if negative || n < uint64(low) || n > uint64(high) {
		return 0, outOfRange(at, low, high)
	}
	return uint32(n), nil
}

// readHeaderName gives the name in lower case, as all names are compared and sent.
func readHeaderName(at *place, v jsonValue) (string, error) {
	name, err := readLegal(at, v, isName, notHeaderName)
	if err != nil {
		return "", err
	}
	return lowerName(name), nil
}

// readNameToSet gives the name of a header that the plugin puts on a message.
func readNameToSet(at *place, v jsonValue) (string, error) {
	name, err := readHeaderName(at, v)
	if err == nil && isReserved(name) {
		err = faultAt(at, notToBeSet)
	}
	return name, err
}

func readHeaderValue(at *place, v jsonValue) (string, error) {
	return readLegal(at, v, isValue, notHeaderValue)
}

// readHeaders reads a list that is handed to the host. Its length has a limit, because Envoy ignores a list that is too
// long.
func readHeaders(at *place, v jsonValue) ([]jsonValue, error) {
	items, err := readArray(at, v)
	if err == nil && len(items) > headersMax {
		err = faultAt(at, tooManyItems)
	}
	return items, err
}

// readHeaderPairs reads a list of [name, value].
func readHeaderPairs(at *place, v jsonValue) ([]pair, error) {
	items, err := readHeaders(at, v)
	if err != nil {
		return nil, err
	}
	pairs := make([]pair, 0, len(items))
	for i, item := range items {
		p, err := readHeaderPair(at.item(i), item)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}

func readHeaderPair(at *place, v jsonValue) (pair, error) {
	both, err := readArray(at, v)
	if err != nil || len(both) != 2 {
		return pair{}, faultAt(at, expectedPair)
	}
	name, err := readNameToSet(at.item(0), both[0])
	if err != nil {
		return pair{}, err
	}
	text, err := readHeaderValue(at.item(1), both[1])
	if err != nil {
		return pair{}, err
	}
	return pair{name, text}, nil
}
