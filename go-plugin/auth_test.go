// auth_test.go: the decision on every row of testdata/requests.txt. Twin: auth_test.rs.

package main

import "testing"

func TestRequests(t *testing.T) {
	for _, row := range readRows(t, "requests.txt") {
		t.Run(row[0], func(t *testing.T) {
			c, err := parseConfig(row[1])
			if err != nil {
				t.Fatal(err)
			}
			if got := verdictName(decide(c, encodePairs(pairsOf(row[3:])))); got != row[2] {
				t.Errorf("got %s, want %s", got, row[2])
			}
		})
	}
}

func TestLast(t *testing.T) {
	pairs := make([]pair, 10000, 10001)
	for i := range pairs {
		pairs[i] = pair{"x", "y"}
	}
	pairs = append(pairs, pair{"allow", "true"})
	if got := decide(defaultConfig(), encodePairs(pairs)); got != allowed {
		t.Errorf("last of many: got %s", verdictName(got))
	}
}

func TestClosed(t *testing.T) {
	for _, value := range []string{"true", ""} {
		if got := decide(closedConfig(), encodePairs([]pair{{"allow", value}})); got != mismatch {
			t.Errorf("%q: got %s, want mismatch", value, verdictName(got))
		}
	}
}

// TestMalformedFirst: a map with a fault further on is not believed in its good part either.
func TestMalformedFirst(t *testing.T) {
	whole := encodePairs([]pair{{"allow", "true"}, {"allow", "true"}, {"a", "b"}})
	for _, buffer := range []string{whole[:len(whole)-1], whole + "\x00"} {
		if got := decide(defaultConfig(), buffer); got != malformed {
			t.Errorf("%q: got %s", buffer, verdictName(got))
		}
	}
}

func pairsOf(fields []string) []pair {
	var pairs []pair
	for i := 0; i < len(fields); i += 2 {
		pairs = append(pairs, pair{fields[i], fields[i+1]})
	}
	return pairs
}

func verdictName(v verdict) string {
	return []string{"allowed", "missing", "repeated", "mismatch", "malformed", "rate limited", "callout", "unanswered"}[v]
}
