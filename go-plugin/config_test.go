// config_test.go: what is read from a configuration, and what is said against it. Twin: config_test.rs.

package main

import (
	"strconv"
	"strings"
	"testing"
)

func TestConfigs(t *testing.T) {
	for _, row := range readRows(t, "configs.txt") {
		t.Run(row[0], func(t *testing.T) {
			if len(row) != 3 {
				t.Fatalf("%d fields, want 3", len(row))
			}
			want := row[2]
			if want == "ok" {
				want = "ok " + describe(t, defaultConfig())
			}
			if got := answerTo(t, row[1]); got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	want := "allow: true -> 403 7 {content-type: text/plain} Forbidden by ASM Wasm Plugin"
	if got := describe(t, defaultConfig()); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func answerTo(t *testing.T, document string) string {
	c, err := parseConfig(document)
	if err != nil {
		return err.Error()
	}
	return "ok " + describe(t, c)
}

func describe(t *testing.T, c *config) string {
	var headers []string
	pairs := readPairs(c.deny.headers)
	for pairs.next() {
		headers = append(headers, pairs.name+": "+pairs.value)
	}
	if pairs.malformed {
		t.Errorf("deny.headers are malformed: %q", c.deny.headers)
	}
	status, grpcStatus := c.deny.statuses()
	return c.header + ": " + strings.Join(c.values, ", ") +
		" -> " + strconv.Itoa(int(status)) + " " + strconv.Itoa(int(grpcStatus)) +
		" {" + strings.Join(headers, ", ") + "} " + c.deny.body
}
