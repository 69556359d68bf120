// fault.go: what can be wrong with a configuration, and the words for it. Twin: fault.rs.

package main

import (
	"errors"
	"strconv"
)

const (
	tooLong          = "longer than 65536 bytes"
	notUTF8          = "not valid UTF-8"
	byteOrderMark    = "starts with a byte order mark"
	tooDeep          = "nested deeper than 8 levels"
	notJSON          = "not valid JSON"
	expectedString   = "expected a string"
	expectedArray    = "expected an array"
	expectedObject   = "expected an object"
	expectedInteger  = "expected an integer"
	expectedPair     = "expected a pair"
	expectedBoolean  = "expected a boolean"
	unknownKey       = "unknown key"
	repeatedKey      = "repeated key"
	notHeaderName    = "not a header name"
	notHeaderValue   = "not a header value"
	notToBeSet       = "not a header that may be set"
	notWithBody      = "not 304, which has no body"
	noItem           = "at least one item expected"
	tooManyItems     = "more than 64 items"
	required         = "required"
	notUser          = "not a user name"
	notPassword      = "not a password"
	notRealm         = "not a realm"
	notCluster       = "not a cluster"
	notAuthority     = "not an authority"
	notPath          = "not a path"
	notOnError       = "expected deny or allow"
	onlyStatus401    = "only 401 with basic"
	notWith          = "not together with "
	shownKeyBytesMax = 64
)

// fault is about the document as a whole.
func fault(what string) error { return errors.New(what) }

// faultAt is about the value at a path such as `deny.headers[1][0]`.
func faultAt(path, what string) error { return errors.New(path + ": " + what) }

func outOfRange(low, high int64) string {
	return "out of range " + strconv.FormatInt(low, 10) + " to " + strconv.FormatInt(high, 10)
}

// member is the path of a key. A key comes from outside: it reaches the log with its odd bytes replaced, and cut.
func member(path, key string) string {
	shown := []byte(key[:min(len(key), shownKeyBytesMax)])
	for i, c := range shown {
		if !isShown(c) {
			shown[i] = '?'
		}
	}
	if path == "" {
		return string(shown)
	}
	return path + "." + string(shown)
}

func isShown(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '.' || c == '-'
}

// index is the path of an item.
func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
