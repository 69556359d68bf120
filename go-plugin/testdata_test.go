// testdata_test.go: reads the tables both plugins are tested with. Twin: testdata_test.rs.

package main

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// readRows gives the rows of a table in testdata: fields between tabs, the first is the row's name. Blank lines and
// lines that begin with # are left out.
func readRows(t testing.TB, file string) [][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Split(line, "\t")
		for i := range fields {
			fields[i] = unescape(t, fields[i])
		}
		rows = append(rows, fields)
	}
	return rows
}

// unescape reads %XX, a byte, and %{N*TEXT}, TEXT N times.
func unescape(t testing.TB, s string) string {
	t.Helper()
	plain, rest, escaped := strings.Cut(s, "%")
	if !escaped {
		return plain
	}
	if repetition, ok := strings.CutPrefix(rest, "{"); ok {
		repetition, rest, closed := strings.Cut(repetition, "}")
		times, text, starred := strings.Cut(repetition, "*")
		n, err := strconv.Atoi(times)
		if err != nil || !starred || !closed {
			t.Fatalf("no repetition: %%{%s", repetition)
		}
		return plain + strings.Repeat(unescape(t, text), n) + unescape(t, rest)
	}
	code, err := strconv.ParseUint(rest[:2], 16, 8)
	if err != nil {
		t.Fatal(err)
	}
	return plain + string([]byte{byte(code)}) + unescape(t, rest[2:])
}
