// fault.go: what can be wrong with a configuration, and the words for it. Twin: fault.rs.

package main

import (
	"errors"
	"strconv"
)

const (
	tooLong         = "longer than 65536 bytes"
	protobuf        = "a protobuf message, not JSON: use google.protobuf.StringValue"
	notUTF8         = "not valid UTF-8"
	byteOrderMark   = "starts with a byte order mark"
	tooDeep         = "nested deeper than 8 levels"
	notJSON         = "not valid JSON"
	expectedString  = "expected a string"
	expectedArray   = "expected an array"
	expectedObject  = "expected an object"
	expectedInteger = "expected an integer"
	expectedPair    = "expected a pair"
	expectedBoolean = "expected a boolean"
	unknownKey      = "unknown key"
	repeatedKey     = "repeated key"
	notHeaderName   = "not a header name"
	notHeaderValue  = "not a header value"
	notToBeSet      = "not a header that may be set"
	notWithBody     = "not 304, which has no body"
	noItem          = "at least one item expected"
	tooManyItems    = "more than 64 items"
	notUser         = "not a user name"
	notPassword     = "not a password"
	notRealm        = "not a realm"
	notCluster      = "not a cluster"
	notAuthority    = "not an authority"
	notPath         = "not a path"
	notOnError      = "expected deny or allow"
	onlyStatus401   = "only 401 with basic"
)

// fault is about the document as a whole.
func fault(what string) error { return errors.New(what) }

// faultAt is about the value at a place.
func faultAt(at *place, what string) error { return errors.New(at.String() + ": " + what) }

func outOfRange(at *place, low, high uint32) error {
	return faultAt(at, "out of range "+strconv.Itoa(int(low))+" to "+strconv.Itoa(int(high)))
}

// required is about a key that an object does not have.
func required(at *place, key string) error { return faultAt(at.member(key), "required") }

// notWith is about a key that another key excludes.
func notWith(key, other string) error {
	return faultAt((*place)(nil).member(key), "not together with "+other)
}
