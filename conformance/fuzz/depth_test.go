package fuzz

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/conformance/table"
)

var update = flag.Bool("update", false, "draw a new entry for each deep path whose entry no longer reaches it")

// deep are paths that every run has to take, even one without time to explore. Each has an entry of its name.
var deep = map[string][]string{
	"FuzzConfiguration": {"use google.protobuf.StringValue", "not valid UTF-8", "starts with a byte order mark",
		"nested deeper than N levels", "not valid JSON", "expected an object", "expected a string", "expected an array",
		"expected an integer", "expected a boolean", "expected a pair", "unknown key", "repeated key", "out of range N to N",
		"not a header name", "not a header value", "not a header that may be set", "not N, which has no body",
		"at least one item expected", "not a user name", "not a password", "not a realm",
		"not a cluster", "not an authority", "not a path", "expected deny or allow", "more than N items", "required",
		"not together with header", "not together with values", "not together with basic", "only N with basic"},
	"FuzzRequests": {"refused: missing", "refused: repeated", "refused: mismatch", "refused: malformed",
		"refused: rate limited",
		"refused: callout", "refused: callout unanswered", "token: not asked", "token: no answer", "token: status N",
		"token: status unreadable", "token: no value", "rate_limit: the host gives no time", "token: the host gives no ticks",
		"empty bucket filled", "empty bucket just not filled", "bucket and a clock that went back", "user with the password",
		"user without the password", "request header not set", "request header set in place of several",
		"header forwarded twice",
		"callout unanswered, on_error deny", "callout unanswered, on_error allow", "held request allowed",
		"held request refused",
		"held request unanswered", "gRPC error in an answer", "gRPC error in an answer's trailers", "answer made by Envoy",
		"held request not continued", "call timed out", "call failed", "call that can't be sent",
		"answer for a stream that is gone",
		"answer for a context that is gone", "token remembered", "token replaced by another", "token kept after a bad answer",
		"token set on allow", "token set on refuse", "config_header set", "response header on a refusal", "logged value cut",
		"second credential masked", "counted allowed", "counted denied", "counted rate_limited", "counted callout_errors",
		"counter not defined", "refusal not sent", "host function fails at a later call",
		"other configuration than the host has",
		"update while a stream is open", "response under an old configuration", "request to a second context", "upload",
		"respond",
		"close of a held request", "answer broken off", "update refused",
		"answers of the case over steps"},
}

var number = regexp.MustCompile(`[0-9]+`)

// reached are the paths of a case: those that the model records, its log lines, and what its steps do.
func reached(c table.Case) []string {
	w := replay(c)
	all := w.Reached()
	lines := slices.Clone(w.Case.Start.Logs.Lines)
	held := map[string]bool{}
	note := func(is bool, path string) {
		if is {
			all = append(all, path)
		}
	}
	asking := 0 // steps whose calls a list of the case answers
	listed := func(c table.Cluster) bool { return len(c.Answers) > 1 }
	for _, s := range w.Case.Steps {
		if len(s.Want.Calls) > 0 && len(s.Clusters) == 0 && slices.ContainsFunc(c.Clusters, listed) {
			asking++
		}
		lines = append(lines, s.Want.Logs.Lines...)
		note(s.Plugin != "", "request to a second context")
		note(s.Upload != "", "upload")
		note(s.Respond != "", "respond")
		note(held[s.Close], "close of a held request")
		note(s.Answer != nil && s.Answer.Kind == table.Reset, "answer broken off")
		note(s.Want.Refused, "update refused")
		held[s.Stream] = s.Stream != "" && s.Want.Decision == table.Hold && len(s.Want.Calls) > 0
	}
	note(asking > 1, "answers of the case over steps")
	for _, l := range lines {
		parts := strings.Split(l.Text, ": ")
		if parts[0] == "configuration refused" {
			parts = parts[len(parts)-1:]
		}
		if l.Level != "info" {
			all = append(all, strings.Replace(number.ReplaceAllString(strings.Join(parts, ": "), "N"), "UTF-N", "UTF-8", 1))
		}
	}
	return all
}

// entry is the file of a path. made turns its content into a case.
func entry(target, path string) string {
	name := strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(path), "-"), "-")
	return filepath.Join("testdata/fuzz", target, name)
}

func made(target string, data []byte) table.Case {
	if target == "FuzzRequests" {
		return newDice(data, 0).scenario(allKeys)
	}
	return table.Case{Config: data, GoodNone: true}
}

// read is the first value of an entry.
func read(t *testing.T, file string) []byte {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	line := strings.Split(string(text), "\n")[1]
	data, err := strconv.Unquote(strings.TrimSuffix(strings.TrimPrefix(line, "[]byte("), ")"))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return []byte(data)
}

// draw gives for each path the smallest of many entries that reach it.
func draw(t *testing.T, target string, paths []string) map[string][]byte {
	best, size := map[string][]byte{}, map[string]int{}
	for i := range 20_000 {
		data := []byte{byte(i >> 8), byte(i)}
		if target == "FuzzConfiguration" {
			data = newDice(data, 1).configuration(allKeys)
		}
		c := made(target, data)
		wanted := slices.DeleteFunc(reached(c), func(path string) bool { return !slices.Contains(paths, path) })
		if len(wanted) == 0 {
			continue
		}
		content, err := caseFile(c, "", &Difference{})
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range wanted {
			if best[path] == nil || len(content) < size[path] {
				best[path], size[path] = data, len(content)
			}
		}
	}
	return best
}

func TestCorpusGoesDeep(t *testing.T) {
	for target, paths := range deep {
		missing := slices.DeleteFunc(slices.Clone(paths), func(path string) bool {
			data := read(t, entry(target, path))
			return data != nil && slices.Contains(reached(made(target, data)), path)
		})
		drawn := map[string][]byte{}
		if *update && len(missing) > 0 {
			drawn = draw(t, target, missing)
		}
		for _, path := range missing {
			file, data := entry(target, path), drawn[path]
			if data == nil {
				t.Errorf("%s does not reach %q: go test ./conformance/fuzz -run Deep -update", file, path)
			} else if err := os.WriteFile(file, encode(target, data), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// encode writes an entry in the engine's format.
func encode(target string, data []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "go test fuzz v1\n[]byte(%q)\n", data)
	if target == "FuzzConfiguration" {
		b.WriteString("uint64(0)\n")
	}
	return b.Bytes()
}

// Drawn cases must be useful: each deep path is taken by some of the first ten thousand cases.
func TestDrawnCasesGoDeep(t *testing.T) {
	const cases = 10_000
	often := map[string]int{}
	for i := range uint64(cases) {
		all := reached(newDice(nil, i+1).scenario(allKeys))
		slices.Sort(all)
		for _, path := range slices.Compact(all) {
			often[path]++
		}
	}
	for _, path := range deep["FuzzRequests"] {
		t.Logf("%5d  %s", often[path], path)
		if often[path] == 0 {
			t.Errorf("none of %d cases reaches %q", cases, path)
		}
	}
}
