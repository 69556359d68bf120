package table_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/header-auth/header-auth/conformance/table"
)

var selectable = &table.Table{Digest: "d", Groups: []table.Group{
	{Name: "allow", Breaks: "a", Cases: []table.Case{{ID: "allow/true"}, {ID: "allow/true-twice"}}},
	{Name: "deny", Breaks: "d", Cases: []table.Case{{ID: "deny/true"}, {ID: "deny/status-200"}}},
}}

func TestSelect(t *testing.T) {
	for _, tt := range []struct {
		name     string
		patterns []string
		want     string
	}{
		{"nothing said", nil, "allow/true allow/true-twice deny/true deny/status-200"},
		{"one id", []string{"allow/true"}, "allow/true"},
		{"a group", []string{"deny"}, "deny/true deny/status-200"},
		{"a group with its slash", []string{"deny/"}, "deny/true deny/status-200"},
		{"a star within a segment", []string{"allow/true*"}, "allow/true allow/true-twice"},
		{"a star for a group", []string{"*/true"}, "allow/true deny/true"},
		{"two stars", []string{"**/true"}, "allow/true deny/true"},
		{"two stars alone", []string{"**"}, "allow/true allow/true-twice deny/true deny/status-200"},
		{"two stars at the end", []string{"deny/**"}, "deny/true deny/status-200"},
		{"a class", []string{"deny/status-[0-9]??"}, "deny/status-200"},
		{"two patterns in the table's order, once each", []string{"deny/true", "*/true"}, "allow/true deny/true"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := selectable.Select(tt.patterns...)
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, c := range got.Cases() {
				ids = append(ids, c.ID)
			}
			if diff := cmp.Diff(tt.want, strings.Join(ids, " ")); diff != "" || got.Digest != "d" || got.Len() != len(ids) {
				t.Errorf("digest %q, %d cases (-want +got):\n%s", got.Digest, got.Len(), diff)
			}
		})
	}
}

func TestSelectNothing(t *testing.T) {
	for _, tt := range []struct {
		name, pattern, want string
	}{
		{"a misspelt id", "allow/ture",
			`select cases: "allow/ture" selects none of 4 cases, expected an id or a pattern like "allow/*", did you mean "allow/true"?`},
		{"a misspelt group", "dney",
			`select cases: "dney" selects none of 4 cases, expected an id or a pattern like "allow/*", did you mean "deny"?`},
		{"a star does not cross segments", "al*e",
			`select cases: "al*e" selects none of 4 cases, expected an id or a pattern like "allow/*", see the files of the table`},
		{"half a name", "allow/tr", `did you mean "allow/true" or "allow/true-twice"`},
		{"nothing", "", `select cases: "" selects none`},
		{"no pattern", "allow/[", `select cases: "allow/[" is no pattern`},
		{"beyond an id", "allow/true/more", `selects none`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := selectable.Select("deny", tt.pattern)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
