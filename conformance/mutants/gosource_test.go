package mutants

import (
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// changes are the mutants of a body, as `operator: change`, with what stands around the body taken away.
func changes(t *testing.T, found []Mutant, of ...Operator) []string {
	t.Helper()
	var got []string
	for _, m := range found {
		if len(of) == 0 || slices.Contains(of, m.Operator) {
			got = append(got, string(m.Operator)+": "+strings.TrimPrefix(m.Change, "f: "))
		}
	}
	return got
}

func TestGo(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		only       []Operator // nil: all
		want       []string
	}{
		{"less", "return a < b", nil, []string{
			"comparison: return a < b → return a >= b", "boundary: return a < b → return a <= b"}},
		{"equal has no boundary", "return a == b", nil, []string{"comparison: return a == b → return a != b"}},
		{"condition", "if g() { h() }", nil, []string{
			"condition: if g() { h() } → if true || (g()) { h() }", "condition: if g() { h() } → if false && (g()) { h() }",
			"statement: if g() { h() } → if g() { if false { h() } }"}},
		{"and", "return g() && !h()", nil, []string{
			"and, or: return g() && !h() → return true || (g()) && !h()", "and, or: return g() && !h() → return g() || !h()",
			"and, or: return g() && !h() → return g() && true || (!h())", "and, or: return g() && !h() → return g() && h()"}},
		{"numbers", "return 9 + 0x1f + 'a'", []Operator{Number}, []string{
			"number: return 9 + 0x1f + 'a' → return 10 + 0x1f + 'a'", "number: return 9 + 0x1f + 'a' → return 8 + 0x1f + 'a'",
			"number: return 9 + 0x1f + 'a' → return 9 + 0x20 + 'a'", "number: return 9 + 0x1f + 'a' → return 9 + 0x1e + 'a'",
			"number: return 9 + 0x1f + 'a' → return 9 + 0x1f + 'b'", "number: return 9 + 0x1f + 'a' → return 9 + 0x1f + '`'"}},
		{"texts are not subtracted", `return "a~" + x`, nil, []string{`text: return "a~" + x → return "@a~" + x`}},
		{"the last return stays", "if g() { return a }; return b", []Operator{Return}, []string{
			"return: if g() { return a }; return b → if g() { }; return b"}},
		{"host call", "if hostCall(1) != 0 { return }", []Operator{HostCall}, []string{
			"host call: if hostCall(1) != 0 { return } → if func() uint32 { if false { return hostCall(1) }; " +
				"return 0 }() != 0 { return }",
			"host call: if hostCall(1) != 0 { return } → if func() uint32 { if false { return hostCall(1) }; " +
				"return 10 }() != 0 { return }"}},
		{"assignments", "a, b = 1, 2; a += b; a++", []Operator{Statement, Arithmetic}, []string{
			"statement: a, b = 1, 2; a += b; a++ → _, b = 1, 2; a += b; a++",
			"statement: a, b = 1, 2; a += b; a++ → a, _ = 1, 2; a += b; a++",
			"statement: a, b = 1, 2; a += b; a++ → a, b = 1, 2; _ = b; a++",
			"arithmetic: a, b = 1, 2; a += b; a++ → a, b = 1, 2; a -= b; a++",
			"statement: a, b = 1, 2; a += b; a++ → a, b = 1, 2; a += b; _ = a",
			"arithmetic: a, b = 1, 2; a += b; a++ → a, b = 1, 2; a += b; a--"}},
		{"arms and their values", "switch a { case x, y: g() }", []Operator{Arm}, []string{
			"arm: switch a { case x, y: g() } → switch a { }", "arm: switch a { case x, y: g() } → switch a { case y: g() }",
			"arm: switch a { case x, y: g() } → switch a { case x: g() }"}},
		{"neighbours", "return one, true", nil, []string{
			"named value: return one, true → return two, true", "named value: return one, true → return one, false"}},
		{"a definition stays", "a := b; var x int", nil, nil},
		{"the same change twice", "g(); g()", nil, []string{
			"statement: g(); g() → if false { g() }; g()", "statement: g(); g() → g(); if false { g() }"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			source := "package p\n\nimport \"x\"\n\nfunc hostCall(n int) uint32\n\nconst (\n\tone = " +
				"a\n\ttwo = b\n)\n\nfunc f() {\n\t" + tt.body + "\n}\n"
			found, err := goMutants(map[string][]byte{"p.go": []byte(source)})
			if err != nil {
				t.Fatal(err)
			}
			found = slices.DeleteFunc(found, func(m Mutant) bool { return !strings.HasPrefix(m.Change, "f: ") })
			got := changes(t, found, tt.only...)
			slices.Sort(got)
			slices.Sort(tt.want)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			for _, m := range found {
				if _, err := parser.ParseFile(token.NewFileSet(), "p.go", m.apply([]byte(source)), 0); err != nil {
					t.Errorf("%s: %v", m.Change, err)
				}
			}
		})
	}
}

func TestGoFault(t *testing.T) {
	if _, err := goMutants(map[string][]byte{"p.go": []byte("package p\nfunc {")}); err == nil {
		t.Error("no error for a source that is none")
	}
}
