package mutants

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/toolchain"
)

func TestRust(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		only       []Operator // nil: all
		want       []string
	}{
		{"less", "a < b", nil, []string{"comparison: a < b → a >= b", "boundary: a < b → a <= b"}},
		{"types are no comparisons", "let x: Option<Vec<u8>> = Vec::<u8>::new().pop();", nil, nil},
		{"condition", "if g() { h(); }", nil, []string{
			"condition: if g() { h(); } → if true || (g()) { h(); }", "condition: if g() { h(); } → if false && (g()) { h(); }",
			"statement: if g() { h(); } → if g() { if false { h(); } }"}},
		{"a pattern is no condition", "if let Some(x) = y { x } else { z }", nil, nil},
		{"guard", "match x { y if g(y) => a, _ => b }", []Operator{Condition}, []string{
			"condition: match x { y if g(y) => a, _ => b } → match x { y if true || (g(y)) => a, _ => b }",
			"condition: match x { y if g(y) => a, _ => b } → match x { y if false && (g(y)) => a, _ => b }"}},
		{"and, or", "s.all(|c| c == x || !g(c)) && h", []Operator{Logic}, []string{
			"and, or: s.all(|c| c == x || !g(c)) && h → s.all(|c| false && (c == x) || !g(c)) && h",
			"and, or: s.all(|c| c == x || !g(c)) && h → s.all(|c| c == x && !g(c)) && h",
			"and, or: s.all(|c| c == x || !g(c)) && h → s.all(|c| c == x || false && (!g(c))) && h",
			"and, or: s.all(|c| c == x || !g(c)) && h → s.all(|c| c == x || g(c)) && h",
			"and, or: s.all(|c| c == x || !g(c)) && h → true || (s.all(|c| c == x || !g(c))) && h",
			"and, or: s.all(|c| c == x || !g(c)) && h → s.all(|c| c == x || !g(c)) || h",
			"and, or: s.all(|c| c == x || !g(c)) && h → s.all(|c| c == x || !g(c)) && true || (h)"}},
		{"numbers", "(9usize, 0x0f, b'a', '\\u{feff}', p.0)", []Operator{Number}, []string{
			`number: (9usize, 0x0f, b'a', '\u{feff}', p.0) → (10usize, 0x0f, b'a', '\u{feff}', p.0)`,
			`number: (9usize, 0x0f, b'a', '\u{feff}', p.0) → (8usize, 0x0f, b'a', '\u{feff}', p.0)`,
			`number: (9usize, 0x0f, b'a', '\u{feff}', p.0) → (9usize, 0x10, b'a', '\u{feff}', p.0)`,
			`number: (9usize, 0x0f, b'a', '\u{feff}', p.0) → (9usize, 0x0e, b'a', '\u{feff}', p.0)`,
			`number: (9usize, 0x0f, b'a', '\u{feff}', p.0) → (9usize, 0x0f, b'\x62', '\u{feff}', p.0)`,
			`number: (9usize, 0x0f, b'a', '\u{feff}', p.0) → (9usize, 0x0f, b'\x60', '\u{feff}', p.0)`,
			`number: (9usize, 0x0f, b'a', '\u{feff}', p.0) → (9usize, 0x0f, b'a', '\u{ff00}', p.0)`,
			`number: (9usize, 0x0f, b'a', '\u{feff}', p.0) → (9usize, 0x0f, b'a', '\u{fefe}', p.0)`}},
		{"a set of bytes", `b"a~".contains(x)`, nil, []string{
			`text: b"a~".contains(x) → b"@a~".contains(x)`, `arm: b"a~".contains(x) → b"~".contains(x)`,
			`arm: b"a~".contains(x) → b"a".contains(x)`}},
		{"ranges", "a..=b; c..d; e[..f]; g[h..]", []Operator{Boundary}, []string{
			"boundary: a..=b; c..d; e[..f]; g[h..] → a..b; c..d; e[..f]; g[h..]",
			"boundary: a..=b; c..d; e[..f]; g[h..] → a..=b; c..=d; e[..f]; g[h..]"}},
		{"returns", "if a { return Err(b); } g(c)?;", []Operator{Return}, []string{
			"return: if a { return Err(b); } g(c)?; → if a { {}; } g(c)?;",
			"return: if a { return Err(b); } g(c)?; → if a { return Err(b); } g(c).ok();"}},
		{"host call", "let s = unsafe { host::proxy_log(1, &mut x) };", []Operator{HostCall}, []string{
			"host call: let s = unsafe { host::proxy_log(1, &mut x) }; → let s = unsafe { 0 };",
			"host call: let s = unsafe { host::proxy_log(1, &mut x) }; → let s = unsafe { 10 };"}},
		{"assignments", "self.a = b; (x, y) = z; n += m; *p = q;", []Operator{Statement}, []string{
			"statement: self.a = b; (x, y) = z; n += m; *p = q; → _ = b; (x, y) = z; n += m; *p = q;",
			"statement: self.a = b; (x, y) = z; n += m; *p = q; → self.a = b; (_, y) = z; n += m; *p = q;",
			"statement: self.a = b; (x, y) = z; n += m; *p = q; → self.a = b; (x, _) = z; n += m; *p = q;",
			"statement: self.a = b; (x, y) = z; n += m; *p = q; → self.a = b; (x, y) = z; _ = m; *p = q;",
			"statement: self.a = b; (x, y) = z; n += m; *p = q; → self.a = b; (x, y) = z; n += m; _ = q;"}},
		{"arms and their values", "match x { A | B => {} C => d, _ => e }", []Operator{Arm}, []string{
			"arm: match x { A | B => {} C => d, _ => e } → match x { C => d, _ => e }",
			"arm: match x { A | B => {} C => d, _ => e } → match x { B => {} C => d, _ => e }",
			"arm: match x { A | B => {} C => d, _ => e } → match x { A => {} C => d, _ => e }",
			"arm: match x { A | B => {} C => d, _ => e } → match x { A | B => {} _ => e }",
			"arm: match x { A | B => {} C => d, _ => e } → match x { A | B => {} C => d, }"}},
		{"neighbours", "g(ONE, Colour::Red, Action::Pause, true)", nil, []string{
			"named value: g(ONE, Colour::Red, Action::Pause, true) → g(crate::p::TWO, Colour::Red, Action::Pause, true)",
			"named value: g(ONE, Colour::Red, Action::Pause, true) → g(ONE, Colour::Green, Action::Pause, true)",
			"named value: g(ONE, Colour::Red, Action::Pause, true) → g(ONE, Colour::Red, Action::Continue, true)",
			"named value: g(ONE, Colour::Red, Action::Pause, true) → g(ONE, Colour::Red, Action::Pause, false)"}},
		{"literals of all kinds", `let r = br#"a"b"#; 'x: loop { g('\'', 1.5, t.0.1) } /* /* */ */ // end`,
			[]Operator{Number, Text}, []string{
				`text: let r = br#"a"b"#; 'x: loop { g('\'', 1.5, t.0.1) } /* /* */ */ // end → let r = br#"~a"b"#; 'x: loop { g('\'', 1.5, t.0.1) } /* /* */ */ // end`,
				`number: let r = br#"a"b"#; 'x: loop { g('\'', 1.5, t.0.1) } /* /* */ */ // end → let r = br#"a"b"#; 'x: loop { g('\u{28}', 1.5, t.0.1) } /* /* */ */ // end`,
				`number: let r = br#"a"b"#; 'x: loop { g('\'', 1.5, t.0.1) } /* /* */ */ // end → let r = br#"a"b"#; 'x: loop { g('\u{26}', 1.5, t.0.1) } /* /* */ */ // end`}},
		{"macros", "log::info!(\"a {}\", x = 1); matches!(y, A | B if c)",
			[]Operator{Number, Text, Arm, Condition, Statement}, []string{
				"statement: log::info!(\"a {}\", x = 1); matches!(y, A | B if c) → if false { log::info!(\"a {}\", x = " +
					"1); } matches!(y, A | B if c)",
				"text: log::info!(\"a {}\", x = 1); matches!(y, A | B if c) → log::info!(\"~a {}\", x = 1); matches!(y, A | B if c)",
				"number: log::info!(\"a {}\", x = 1); matches!(y, A | B if c) → log::info!(\"a {}\", x = " +
					"2); matches!(y, A | B if c)",
				"number: log::info!(\"a {}\", x = 1); matches!(y, A | B if c) → log::info!(\"a {}\", x = " +
					"0); matches!(y, A | B if c)",
				"arm: log::info!(\"a {}\", x = 1); matches!(y, A | B if c) → log::info!(\"a {}\", x = 1); matches!(y, B if c)",
				"arm: log::info!(\"a {}\", x = 1); matches!(y, A | B if c) → log::info!(\"a {}\", x = 1); matches!(y, A if c)",
				"condition: log::info!(\"a {}\", x = 1); matches!(y, A | B if c) → log::info!(\"a {}\", x = 1); " +
					"matches!(y, A | B if true || (c))",
				"condition: log::info!(\"a {}\", x = 1); matches!(y, A | B if c) → log::info!(\"a {}\", x = 1); " +
					"matches!(y, A | B if false && (c))"}},
		{"what binds a name", "let Some(x) = y else { return; }; if let Some(x) = y && a && b {}",
			[]Operator{Condition, Logic, Return}, []string{
				"return: let Some(x) = y else { return; }; if let Some(x) = y && a && b {} → let Some(x) = y else { {}; }; if " +
					"let Some(x) = y && a && b {}",
				"and, or: let Some(x) = y else { return; }; if let Some(x) = y && a && b {} → let Some(x) = y else { return; }; " +
					"if let Some(x) = y || a && b {}",
				"and, or: let Some(x) = y else { return; }; if let Some(x) = y && a && b {} → let Some(x) = y else { return; }; " +
					"if let Some(x) = y && a || b {}",
				"and, or: let Some(x) = y else { return; }; if let Some(x) = y && a && b {} → let Some(x) = y else { return; }; " +
					"if let Some(x) = y && true || (a) && b {}",
				"and, or: let Some(x) = y else { return; }; if let Some(x) = y && a && b {} → let Some(x) = y else { return; }; " +
					"if let Some(x) = y && a && true || (b) {}"}},
		{"comments, attributes and tests",
			"// a < b\n/* c < /* d < */ e */ #[allow(x = 1)] { g }\n#[cfg(test)] mod t { fn f() { a < 1 } }", nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			source := "use x::{ONE, TWO};\nunsafe extern \"C\" { pub fn proxy_log(a: i32) -> u32; }\nconst ONE: u32 " +
				"= A;\nconst TWO: u32 = A;\nenum Colour { Red, Green }\nfn f<'a>(x: [u8; 4]) -> Option<&'a u8> {\n" + tt.body +
				"\n}\n"
			found := readRust(t, map[string]string{"p.rs": source})
			found = slices.DeleteFunc(found, func(m Mutant) bool { return !strings.HasPrefix(m.Change, "f: ") })
			got := changes(t, found, tt.only...)
			slices.Sort(got)
			slices.Sort(tt.want)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			changed := map[string]string{}
			for i, m := range found {
				changed[fmt.Sprintf("p%d.rs", i)] = string(m.apply([]byte(source)))
			}
			readRust(t, changed) // each is Rust again
		})
	}
}

func TestRustFault(t *testing.T) {
	for _, tt := range []struct{ name, source, want string }{
		{"open", "fn f() {", "p.rs:1:8: cannot parse"},
		{"closed", "\n )", "p.rs:2:2: "},
		{"text", "\"a", "p.rs:1:1: "},
		{"raw text", `r#"a"`, "p.rs:1:1: "},
		{"comment", "/* a", "p.rs:1:1: "},
		{"character", `'\`, "p.rs:1:1: "},
		{"macro", "fn f() { g!(a b) }", "p.rs:1:15: in g!: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found, err := rustMutants(t, map[string]string{"p.rs": tt.source})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("mutants %v, error %v, want one with %q", found, err, tt.want)
			}
		})
	}
}

func readRust(t *testing.T, sources map[string]string) []Mutant {
	t.Helper()
	found, err := rustMutants(t, sources)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func rustMutants(t *testing.T, sources map[string]string) ([]Mutant, error) {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	found, err := toolchain.Survey(t.Context(), []string{"rust"}, toolchain.Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	if found[0].Tool == nil {
		t.Skip("no Rust here: ", found[0].Problem)
	}
	dir, files := t.TempDir(), map[string][]byte{}
	for name, source := range sources {
		files[name] = []byte(source)
		if err := os.WriteFile(filepath.Join(dir, name), files[name], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return rustReader{root, filepath.Join(root, ".cache"), found[0].Tool}.mutants(t.Context(), dir, files)
}
