package table_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/conformance/table"
)

// loose is a contract that demands no reasons.
const loose = "name: sample\nstrict: {reasons: false, duplicates: false}\n"

func loadFiles(t *testing.T, files map[string]string) (*table.Table, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, dir, name, text)
	}
	return table.Load(dir)
}

func TestPatternMatch(t *testing.T) {
	matching := func(e string) table.Pattern {
		p, err := table.Matching(e)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, tt := range []struct {
		pattern    table.Pattern
		value      string
		want       bool
		pronounced string
	}{
		{table.Exact("a"), "a", true, `"a"`},
		{table.Exact("a"), "A", false, `"a"`},
		{table.Pattern{Form: table.Contains, Text: "b"}, "abc", true, `contains "b"`},
		{matching("a|b"), "ab", false, `matches "a|b"`},
		{matching("a.c"), "a\nc", false, `matches "a.c"`},
		{matching("(?s)a.c"), "a\nc", true, `matches "(?s)a.c"`},
		{matching("a"), "a\n", false, `matches "a"`},
		{table.Pattern{Form: table.AnyValue}, "", true, "any value"},
		{table.Pattern{Form: table.Not, Parts: []table.Pattern{matching("a")}}, "a", false, `not matches "a"`},
		{table.Pattern{Form: table.All, Parts: []table.Pattern{matching("a.*"), table.Exact("ab")}}, "ab", true,
			`matches "a.*" and "ab"`},
		{table.Pattern{Form: table.All, Parts: []table.Pattern{matching("a.*"), table.Exact("ab")}}, "ac", false,
			`matches "a.*" and "ab"`},
	} {
		if got := tt.pattern.Match(tt.value); got != tt.want || tt.pattern.String() != tt.pronounced {
			t.Errorf("%v matches %q: %v, want %v; %s", tt.pattern, tt.value, got, tt.want, tt.pronounced)
		}
	}
	if _, err := table.Matching("a("); err == nil || strings.Contains(err.Error(), `\A`) {
		t.Errorf("a wrong expression: %v", err)
	}
}

// A table in JSON, which is YAML with all keys in quotes, is read as one in YAML.
func TestJSON(t *testing.T) {
	contract := `{"name": "sample", "clauses": [{"id": "1", "text": "One."}], "logs": {"hi": {"info": "hello"}},
"strict": {"actions": true}}`
	source := `{"breaks": "It breaks.", "cases": [{"id": "a/one", "clauses": ["1"], "why": "Because.", "clusters": {"auth": {"status": 200}},
"steps": [{"request": {"method": "GET", "headers": [["a", "b"], {"name": "c", "value": {"hex": "ff"}}]},
"want": {"decision": "allow", "logs": [{"info": "x"}, "hi"], "metrics": {"m": {"gauge": 1}}, "forwarded": {"has": [["a", {"any": true}]]}}}],
"good": {"none": "It is enough."}}]}`
	inYAML := `
breaks: It breaks.
cases:
  - id: a/one
    clauses: ["1"]
    why: Because.
    clusters: {auth: {status: 200}}
    steps:
      - request: {method: GET, headers: [[a, b], {name: c, value: {hex: ff}}]}
        want: {decision: allow, logs: [{info: x}, hi], metrics: {m: {gauge: 1}}, forwarded: {has: [[a, {any: true}]]}}
    good: {none: It is enough.}
`
	fromJSON, err := loadFiles(t, map[string]string{"contract.yaml": contract, "a.yaml": source})
	if err != nil {
		t.Fatal(err)
	}
	fromYAML, err := loadFiles(t, map[string]string{"contract.yaml": contract, "a.yaml": inYAML})
	if err != nil {
		t.Fatal(err)
	}
	noPlaces := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().Type().Name() == "Position" }, cmp.Ignore())
	if diff := cmp.Diff(fromYAML.Cases(), fromJSON.Cases(), noPlaces); diff != "" {
		t.Errorf("YAML -, JSON +:\n%s", diff)
	}
}

// TestDefaults: a case's own key takes the place of the file's, and that the place of the table's.
func TestDefaults(t *testing.T) {
	loaded, err := loadFiles(t, map[string]string{
		"contract.yaml": loose +
			"defaults: {config: table, logs: any, start: {accepted: true, logs: [{info: up}]}, good: {path: /table}}\n",
		"a.yaml": `
cases:
  - {id: a/all, steps: [{request: {}, want: {decision: allow}}]}
  - {id: a/none, config: null, good: {none: why}, start: {accepted: true}, steps: [{request: {}, want: {decision: allow, logs: []}}]}
  - {id: a/refused, config: bad, start: {accepted: false}}
`,
		"b.yaml": `
defaults: {config: file, logs: [{warn: file}]}
cases:
  - {id: b/file, steps: [{request: {}, want: {decision: allow}}]}
  - {id: b/own, config: own, steps: [{request: {}, want: {decision: allow}}]}
`})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, c := range loaded.Cases() {
		text := string(c.Config)
		if c.Config == nil {
			text = "(none)"
		}
		if c.Good != nil {
			text += " good " + c.Good.Headers[1].Value
		}
		for _, l := range c.Start.Logs.Lines {
			text += " start " + l.Text
		}
		for _, s := range c.Steps {
			if s.Want.Logs.Any {
				text += " any"
			}
			for _, l := range s.Want.Logs.Lines {
				text += " " + l.Text
			}
		}
		got[c.ID] = text
	}
	want := map[string]string{
		"a/all": "table good /table start up any", "a/none": "(none)", "a/refused": "bad",
		"b/file": "file good /table start up file", "b/own": "own good /table start up file",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// What defaults leave open, a want may still name.
func TestDefaultsOfEffects(t *testing.T) {
	loaded, err := loadFiles(t, map[string]string{
		"contract.yaml": loose + "defaults: {calls: any, metrics: any}\n",
		"a.yaml": "defaults: {effects: any}\ncases:\n  - {id: a/one, steps: [{request: {}, want: {decision: " +
			"allow}}, {advance: 1s, want: {calls: [], effects: []}}]}\n"})
	if err != nil {
		t.Fatal(err)
	}
	first, second := loaded.Cases()[0].Steps[0].Want, loaded.Cases()[0].Steps[1].Want
	if !first.AnyCalls || !first.AnyMetrics || !first.AnyEffects || second.AnyCalls || !second.AnyMetrics ||
		second.AnyEffects {
		t.Errorf("got %+v and %+v", first, second)
	}
	if _, err := loadFiles(t, map[string]string{"contract.yaml": loose + "defaults: {calls: []}\n",
		"a.yaml": "cases:\n  - {id: a/one, steps: [{advance: 1s, want: {}}]}\n"}); err == nil {
		t.Error("calls in defaults are no error")
	}
}

func TestDuplicateIsAWarning(t *testing.T) {
	two := "cases:\n  - {id: a/one, steps: [{request: {}, want: {decision: allow}}]}\n  - {id: a/two, steps: [{request: " +
		"{}, want: {decision: allow}}]}\n"
	loaded, err := loadFiles(t, map[string]string{"contract.yaml": loose, "a.yaml": two})
	if err != nil || len(loaded.Warnings) != 1 {
		t.Fatalf("got %v, %v, want one warning", loaded, err)
	}
	if w := loaded.Warnings[0]; w.Line != 3 || !strings.Contains(w.Text, "the same test as a/one (a.yaml:2)") {
		t.Errorf("got %v, want both places", w)
	}
	if _, err := loadFiles(t, map[string]string{"contract.yaml": "name: a\nstrict: {reasons: false}\n",
		"a.yaml": two}); err == nil {
		t.Error("without a word of contract.yaml it is no error")
	}
}

func TestChunks(t *testing.T) {
	source := "cases:\n  - {id: a/one, steps: [{request: {method: POST, body: BODY}, want: {decision: allow}}]}\n"
	for body, want := range map[string][]string{
		"{bytes: abcdefg, chunks: 3}":                  {"ab", "cd", "efg"},
		"{bytes: abcdefg, chunk_size: 3}":              {"abc", "def", "g"},
		"{bytes: abc}":                                 {"abc"},
		"{bytes: abc, chunk_size: 9}":                  {"abc"},
		`{bytes: "", chunk_size: 9}`:                   {},
		"{bytes: {file: data/in.bin}, chunk_size: 2}":  {"\x00\xff", "z"},
		"[{file: data/in.bin}, {text: a, times: 2}]":   {"\x00\xffz", "aa"},
		"{bytes: {file: data/in.bin, times: 2}}":       {"\x00\xffz\x00\xffz"},
		"{bytes: [a, {file: data/in.bin}], chunks: 1}": {"a\x00\xffz"},
	} {
		loaded, err := loadFiles(t, map[string]string{"contract.yaml": loose,
			"a.yaml": strings.Replace(source, "BODY", body, 1), "data/in.bin": "\x00\xffz"})
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		got := []string{}
		for _, chunk := range loaded.Cases()[0].Steps[0].Request.Body {
			got = append(got, string(chunk))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", body, diff)
		}
	}
}

// TestFileCounts: the digest names the table, so a file that a case takes bytes from belongs to it.
func TestFileCounts(t *testing.T) {
	digest := func(content string) string {
		loaded, err := loadFiles(t, map[string]string{"contract.yaml": loose, "in.bin": content,
			"a.yaml": "cases:\n  - {id: a/one, steps: [{request: {body: [{file: in.bin}]}, want: {decision: allow}}]}\n"})
		if err != nil {
			t.Fatal(err)
		}
		return loaded.Digest
	}
	if digest("a") == digest("b") {
		t.Error("the digest does not change with the file")
	}
}
