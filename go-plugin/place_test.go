// place_test.go: what a place reads as. Twin: place_test.rs.

package main

import (
	"strings"
	"testing"
)

func TestPlaces(t *testing.T) {
	var root *place
	second := root.member("deny").member("headers").item(1)
	if got, want := second.item(0).String(), "deny.headers[1][0]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := second.member("").String(), "deny.headers[1]."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestShownKeys(t *testing.T) {
	for key, want := range map[string]string{
		"":                      "",
		"Az_09.-":               "Az_09.-",
		"a b\n[é":               "a?b????",
		strings.Repeat("k", 65): strings.Repeat("k", 64),
	} {
		var root *place
		if got := root.member(key).String(); got != want {
			t.Errorf("%q: got %q, want %q", key, got, want)
		}
	}
}
