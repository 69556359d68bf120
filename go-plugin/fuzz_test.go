// fuzz_test.go: nothing traps, and what is accepted is what it should be. No twin: the seeds are the shared tables.

package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func FuzzConfig(f *testing.F) {
	for _, row := range readRows(f, "configs.txt") {
		f.Add(row[1])
	}
	f.Fuzz(func(t *testing.T, document string) {
		c, err := parseConfig(document)
		if err != nil {
			if c != nil || strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("config %v, fault %q", c, err)
			}
			return
		}
		if document != "" && !json.Valid([]byte(document)) {
			t.Errorf("accepted what is no JSON")
		}
		if !isName(c.header) || strings.ToLower(c.header) != c.header || len(c.values) == 0 ||
			slices.ContainsFunc(c.values, func(v string) bool { return !isValue(v) }) {
			t.Errorf("accepted %q: %q", c.header, c.values)
		}
		headers, ok := decoded(c.deny.headers)
		status, _ := c.deny.statuses()
		if !ok || status < 300 || status > 599 ||
			slices.ContainsFunc(headers, func(p pair) bool { return !isName(p.name) || !isValue(p.value) }) {
			t.Errorf("accepted a reply %d with %q", status, c.deny.headers)
		}
		if c.basic != nil {
			return
		}
		if got := decide(c, encodePairs([]pair{{c.header, c.values[0]}})); got != allowed {
			t.Errorf("its own value: %s", verdictName(got))
		}
	})
}

func FuzzPairs(f *testing.F) {
	f.Add(sample)
	for _, row := range readRows(f, "requests.txt") {
		f.Add(encodePairs(pairsOf(row[3:])))
	}
	f.Fuzz(func(t *testing.T, buffer string) {
		pairs, ok := decoded(buffer)
		if ok && encodePairs(pairs) != buffer && buffer != "" {
			t.Errorf("%q read as %q", buffer, pairs)
		}
		matches := slices.DeleteFunc(slices.Clone(pairs), func(p pair) bool { return !strings.EqualFold(p.name, "allow") })
		want := ok && len(matches) == 1 && matches[0].value == "true"
		if got := decide(defaultConfig(), buffer); (got == allowed) != want || (got == malformed) == ok {
			t.Errorf("%s for %q", verdictName(got), pairs)
		}
	})
}
