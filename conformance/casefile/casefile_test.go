package casefile_test

import (
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/conformance/casefile"
)

// What is written is what a YAML parser reads.
func TestRead(t *testing.T) {
	texts := []string{"a", "", "true", "No", "null", "1", "1e3", "0x10", "a: b", "a #b", "- a", "{a}", "[a]", "a, b",
		"'a'", `"a"`, `a\b`, " a ", "a\nb\t", "é€", "%d", "@a", "`a`", "*a", "&a", "!a", "|", ">", "?", ":", "a:", "/x/y",
		"<b>&</b>", "2026-01-01", "~", "=", "<<", "..", "---"}
	list := casefile.List{}
	want := []any{}
	for _, s := range texts {
		list = append(list, casefile.Bytes(s))
		want = append(want, s)
	}
	var m casefile.Map
	m.Add("texts", list)
	m.Add("steps", casefile.Block{
		casefile.Map{{"a", casefile.Map{{"b c", 1}, {"d", false}}},
			{"e", casefile.Block{casefile.Map{{"f", "g"}, {"h", "i"}}, "j"}}},
		casefile.Bytes("\xff\x00"),
		casefile.Map{},
	})
	var got map[string]any
	if err := yaml.Unmarshal(m.YAML(), &got); err != nil {
		t.Fatalf("%v\n%s", err, m.YAML())
	}
	if diff := cmp.Diff(map[string]any{"texts": want, "steps": []any{
		map[string]any{"a": map[string]any{"b c": uint64(1), "d": false},
			"e": []any{map[string]any{"f": "g", "h": "i"}, "j"}},
		map[string]any{"hex": "ff00"},
		map[string]any{},
	}}, got); diff != "" {
		t.Errorf("-want +got:\n%s\n%s", diff, m.YAML())
	}
}
