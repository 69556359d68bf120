package table_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// one is a file with one case of these keys.
func one(keys string) string {
	return "breaks: It breaks.\ncases:\n  - id: a/one\n    clauses: [\"1\"]\n    why: Because.\n    " +
		strings.ReplaceAll(strings.TrimSpace(keys), "\n", "\n    ") + "\n"
}

func TestCase(t *testing.T) {
	got := loadCases(t, one(`
config: {hex: "7b 7d"}
start: {accepted: true, logs: [{info: hello}, refused]}
steps:
  - request:
      method: POST
      path: {hex: "2fff"}
      headers: [[allow, "true"]]
      body: [a, {text: bc, times: 2}]
      trailers: [[x-sum, "5"]]
      response: {status: 404, headers: [[x-a, b]], body: [], trailers: []}
    times: 3
    faults:
      - {function: proxy_log, status: 4294967295}
      - {function: proxy_get_header_map_pairs, bytes: ""}
    want:
      decision: allow
      forwarded: [[allow, "yes"]]
      response: [[":status", "404"]]
      logs: any
      memory: {grows_at_most: 2KiB}
  - advance: 1500ms
    want: {logs: [{warn: late}]}
  - request: {exact: true, headers: []}
    want: {decision: refuse, reply: {status: 401, headers: [[a, b]], body: [x, {hex: "00"}], grpc_status: 16, details: why}}
good: {headers: [[k, v]]}
`))
	c := got.Groups[0].Cases[0]
	file := c.Position.File
	at := func(line, column int) table.Position { return table.Position{File: file, Line: line, Column: column} }
	sixteen := 16
	around := func(method, path string, wire ...string) []headermap.Header {
		return headermap.Of(slices.Concat([]string{":authority", "shop.example", ":path", path, ":method", method, ":scheme",
			"http"}, wire, []string{"x-forwarded-proto", "http", "x-request-id", "7f2c9a1e-5b0d-4c3a-9e86-d1f4b2a05c73"})...)
	}
	plain := table.Message{Headers: headermap.Of(":status", "200")}
	want := table.Case{
		ID: "a/one", Clauses: []string{"1"}, Why: "Because.", Position: at(3, 9), AnyAction: true,
		Config: []byte("{}"),
		Start: table.Start{Accepted: true, Logs: table.Logs{Lines: []table.Log{{Level: "info", Text: "hello"},
			{Level: "debug", Text: "no"}}}},
		Steps: []table.Step{{
			Position: at(9, 9),
			Request: &table.Request{
				Message: table.Message{
					Headers: around("POST", "/\xff", "allow", "true"), Body: [][]byte{[]byte("a"), []byte("bcbc")},
					Trailers: headermap.Of("x-sum", "5")},
				Response: table.Message{
					Headers: headermap.Of(":status", "404", "x-a", "b"), Body: [][]byte{}, Trailers: []headermap.Header{}},
			},
			Times: 3,
			Faults: []table.HostFault{
				{Function: "proxy_log", Status: 4294967295, Position: at(18, 13)},
				{Function: "proxy_get_header_map_pairs", Bytes: []byte{}, Position: at(19, 13)},
			},
			Want: table.Want{
				Decision:  table.Allow,
				Forwarded: around("POST", "/\xff", "allow", "yes"),
				Response:  headermap.Of(":status", "404"),
				Logs:      table.Logs{Any: true}, MemoryGrowth: 2048, MemoryBounded: true,
			},
		}, {
			Position: at(26, 9), Times: 1, Advance: 1500 * time.Millisecond,
			Want: table.Want{Logs: table.Logs{Lines: []table.Log{{"warn", "late"}}}},
		}, {
			Position: at(28, 9), Times: 1,
			Request: &table.Request{Message: table.Message{Headers: []headermap.Header{}}, Response: plain},
			Want: table.Want{Decision: table.Refuse, Reply: &table.Reply{
				Status: 401, Headers: headermap.Of("a", "b"), Body: "x\x00", GRPCStatus: &sixteen, Details: "why"}},
		}},
		Good: &table.Request{Message: table.Message{Headers: around("GET", "/", "k", "v")}, Response: plain},
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("case (-want +got):\n%s", diff)
	}
	if got.Groups[0].Breaks != "It breaks." || got.Contract.Clauses[0].Text != "One." {
		t.Errorf("group %+v, contract %+v", got.Groups[0].Breaks, got.Contract)
	}
}

func TestStartRefused(t *testing.T) {
	c := loadCases(t, one(`start: {accepted: false, logs: [{error: "configuration refused: not valid JSON"}]}`)).Cases()[0]
	want := table.Start{Logs: table.Logs{Lines: []table.Log{{"error", "configuration refused: not valid JSON"}}}}
	if diff := cmp.Diff(want, c.Start); diff != "" || c.Steps != nil || c.Config != nil {
		t.Errorf("start (-want +got):\n%s\nsteps %v, configuration %v, want none of both", diff, c.Steps, c.Config)
	}
}

func TestGoodNone(t *testing.T) {
	c := loadCases(t, one("steps: [{request: {}, want: {decision: hold}}]\ngood: {none: The VM is gone.}")).Cases()[0]
	if !c.GoodNone || c.GoodWhy != "The VM is gone." || c.Good != nil {
		t.Errorf("got %v, %q, %v, want none for that reason", c.GoodNone, c.GoodWhy, c.Good)
	}
}

func TestBytes(t *testing.T) {
	for _, tt := range []struct{ name, yaml, want string }{
		{"text", `plain`, "plain"},
		{"empty", `''`, ""},
		{"quoted", `"a\t\x7f\u00e9\\"`, "a\t\x7fé\\"},
		{"an escaped backslash before x", `"\\xff"`, `\xff`},
		{"single quotes", `'it''s \u00e9'`, `it's \u00e9`},
		{"hex", `{hex: "00ff"}`, "\x00\xff"},
		{"hex with spaces", `{hex: "00 FF 7f"}`, "\x00\xff\x7f"},
		{"hex of nothing", `{hex: ""}`, ""},
		{"text repeated", `{text: ab, times: 3}`, "ababab"},
		{"hex repeated", `{hex: ff, times: 2}`, "\xff\xff"},
		{"list", `[a, {hex: "00"}, {text: b, times: 2}]`, "a\x00bb"},
		{"parts", `{parts: [a, {hex: "00"}], times: 2}`, "a\x00a\x00"},
		{"lists in lists", `[[a, b], {parts: [c, [d]]}]`, "abcd"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := loadCases(t, one("config: "+tt.yaml+"\nstart: {accepted: false}")).Cases()[0]
			if c.Config == nil || string(c.Config) != tt.want {
				t.Errorf("got %q (nil: %v), want %q", c.Config, c.Config == nil, tt.want)
			}
		})
	}
}

func TestPairs(t *testing.T) {
	for _, tt := range []struct {
		name, yaml string
		want       []headermap.Header
	}{
		{"none", `[]`, []headermap.Header{}},
		{"bytes on both sides", `[[{hex: ff}, [a, b]]]`, headermap.Of("\xff", "ab")},
		{"numbered", `[{name: "x-%d", value: "%d/%d", times: 2}, [a, "%d"]]`,
			headermap.Of("x-1", "1/1", "x-2", "2/2", "a", "%d")},
		{"repeated", `[{name: a, value: b, times: 2}]`, headermap.Of("a", "b", "a", "b")},
		{"one mapping", `[{name: "x-%d", value: b}]`, headermap.Of("x-%d", "b")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := loadCases(t, one("steps: [{request: {exact: true, headers: "+tt.yaml+"}, want: {decision: allow}}]")).Cases()[0]
			if diff := cmp.Diff(tt.want, c.Steps[0].Request.Headers); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzLoad: loading any file gives a table, or errors of one line each.
func FuzzLoad(f *testing.F) {
	for _, source := range []string{plainCase, one("steps: [{request: {}, want: {decision: hold}}]"), "a: [", "? a\n: b",
		"- - -", "\xff"} {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		dir := t.TempDir()
		write(t, dir, "contract.yaml", plain)
		write(t, dir, "a.yaml", source)
		_, err := table.Load(dir)
		var all table.Errors
		if ok := errors.As(err, &all); err != nil && !ok {
			t.Errorf("got %v, want table.Errors", err)
		} else if ok && strings.Count(all.Error(), "\n") != len(all)-1 {
			t.Errorf("%d errors in %q", len(all), all.Error())
		}
	})
}

func TestLoadGroups(t *testing.T) {
	whole, err := table.Load("../cases")
	if err != nil {
		t.Fatal(err)
	}
	want, err := whole.Select("allow", "typical")
	if err != nil {
		t.Fatal(err)
	}
	some, err := table.LoadGroups("../cases", "typical", "allow")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Groups, some.Groups); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
}
